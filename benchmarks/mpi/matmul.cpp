/// @file matmul.cpp
/// Products of spread matrices against ScaLAPACK's pdgemm, one thread a rank. Linked against BLAS, both multiply by it.
#include <trireme/core/into.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/mpi/matmul.hpp>
#include <trireme/mpi/matrix.hpp>

#include "ranks.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace tri = trireme;

#ifdef TRIREME_BENCH_SCALAPACK
extern "C" {
void Cblacs_get(int context, int what, int* value);
void Cblacs_gridinit(int* context, char const* order, int rows, int cols);
void Cblacs_gridexit(int context);
void Cblacs_gridinfo(int context, int* rows, int* cols, int* row, int* col);
int numroc_(int const* n, int const* nb, int const* rank, int const* first, int const* ranks);
void descinit_(int* desc, int const* m, int const* n, int const* mb, int const* nb, int const* first_row, int const* first_col,
               int const* context, int const* stride, int* info);
void pdgemm_(char const* ta, char const* tb, int const* m, int const* n, int const* k, double const* alpha, double const* a,
             int const* ia, int const* ja, int const* da, double const* b, int const* ib, int const* jb, int const* db,
             double const* beta, double* c, int const* ic, int const* jc, int const* dc);
}
#endif

namespace {

#ifdef TRIREME_BLAS
constexpr char const* ours = "trireme_blas";
#else
constexpr char const* ours = "trireme";
#endif

double element(Eigen::Index i, Eigen::Index j, int seed) {
  return static_cast<double>((i * 7919 + j * 104729 + seed * 31) % 2003 - 1001) / 577;
}
Eigen::MatrixXd some(Eigen::Index n, int seed) {
  return Eigen::MatrixXd::NullaryExpr(n, n, [=](Eigen::Index i, Eigen::Index j) { return element(i, j, seed); });
}

/// All three matrices n × n, dealt to the ranks in blocks of nb × nb.
#ifdef TRIREME_BENCH_SCALAPACK
class pdgemm_product {
public:
  pdgemm_product(int n, int nb) : n_(n), nb_(nb) {
    auto const grid = tri::detail::square_grid(ranks::count());
    Cblacs_get(-1, 0, &context_);
    Cblacs_gridinit(&context_, "C", grid.rows, grid.cols);
    Cblacs_gridinfo(context_, &rows_, &cols_, &row_, &col_);
    int const zero = 0, m = numroc_(&n_, &nb_, &row_, &zero, &rows_), stride = std::max(1, m);
    int info = 0;
    descinit_(desc_, &n_, &n_, &nb_, &nb_, &zero, &zero, &context_, &stride, &info);
    if (info != 0) throw std::runtime_error("descinit");
    auto const size = static_cast<std::size_t>(m) * static_cast<std::size_t>(numroc_(&n_, &nb_, &col_, &zero, &cols_));
    a_.resize(size);
    b_.resize(size);
    c_.resize(size);
    for (std::size_t at = 0; at < size; ++at) {
      a_[at] = element(global(static_cast<int>(at) % m, row_, rows_), global(static_cast<int>(at) / m, col_, cols_), 1);
      b_[at] = element(global(static_cast<int>(at) % m, row_, rows_), global(static_cast<int>(at) / m, col_, cols_), 2);
    }
  }
  ~pdgemm_product() { Cblacs_gridexit(context_); }
  pdgemm_product(pdgemm_product const&) = delete;
  pdgemm_product& operator=(pdgemm_product const&) = delete;

  void operator()() {
    int const one = 1;
    double const alpha = 1, beta = 0;
    pdgemm_("N", "N", &n_, &n_, &n_, &alpha, a_.data(), &one, &one, desc_, b_.data(), &one, &one, desc_, &beta, c_.data(), &one,
            &one, desc_);
  }
  /// @throws where the product is another one.
  void check(Eigen::MatrixXd const& expected) const {
    int const zero = 0, m = numroc_(&n_, &nb_, &row_, &zero, &rows_);
    for (std::size_t at = 0; at < c_.size(); ++at)
      if (double const want =
              expected(global(static_cast<int>(at) % m, row_, rows_), global(static_cast<int>(at) / m, col_, cols_));
          std::abs(c_[at] - want) > 1e-9)
        throw std::runtime_error("pdgemm and trireme differ");
  }

private:
  [[nodiscard]] int global(int local, int at, int of) const { return (local / nb_ * of + at) * nb_ + local % nb_; }
  int n_, nb_, context_ = 0, rows_ = 1, cols_ = 1, row_ = 0, col_ = 0;
  int desc_[9] = {};
  std::vector<double> a_, b_, c_;
};
#endif

} // namespace

int main(int argc, char** argv) {
  setenv("OPENBLAS_NUM_THREADS", "1", 0); // heeded where the library is not open yet; the run script sets it for the others
  tri::mpi_cluster const cluster(tri::inline_executor{});
  ranks::measured measure(argc, argv);
  for (int const n : {1000, 2000}) {
    tri::matrix const a(cluster, some(n, 1)), b(cluster, some(n, 2));
    tri::matrix<double, tri::mpi_cluster<tri::inline_executor>> c(cluster, n, n);
    auto const name = [&](char const* peer) {
      return "mpi/matmul/double/" + std::to_string(n) + "/" + peer + "/" + std::to_string(cluster.size()) + " ranks";
    };
    double const operations = 2e-9 * n * n * n;
    std::vector<ranks::candidate> all{{name(ours), [&] { tri::matmul(cluster, a, b, tri::into(c)); }, "GFLOP/s", operations}};
#ifdef TRIREME_BENCH_SCALAPACK
    pdgemm_product by_64(n, 64), by_128(n, 128);
    all.push_back({name("scalapack_64"), [&] { by_64(); }, "GFLOP/s", operations});
    all.push_back({name("scalapack_128"), [&] { by_128(); }, "GFLOP/s", operations});
#endif
    measure(all);
#ifdef TRIREME_BENCH_SCALAPACK
    auto const whole = c.to_host();
    by_64.check(whole);
    by_128.check(whole);
#endif
  }
}
