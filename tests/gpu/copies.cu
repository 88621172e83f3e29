/// @file copies.cu
/// Copies to and from a device: of all kinds and sizes, from several threads, polled; and what a device's end leaves.
#include <trireme/cuda/executor.hpp>
#include <trireme/cuda/matmul.hpp>
#include <trireme/trireme.hpp>

#include "../support.hpp"
#include "../testing.hpp"
#include "gpu.hpp"

#include <Eigen/Core>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace tri = trireme;

namespace {

/// Asks whether it is ready until it is; false where that takes longer than any copy.
bool becomes_ready(tri::cuda_completion const& copy) {
  auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!copy.ready())
    if (std::chrono::steady_clock::now() > end) return false;
  return true;
}

} // namespace

TEST_CASE("cuda_device: copies from and to memory of any kind, of any size") {
  if (testing::no_device()) return;
  tri::cuda_device const gpu;
  for (std::size_t const n : testing::sizes(0, 1, 1000, 524'288, 524'289, 10'000'001)) {
    CAPTURE(n);
    auto const in = testing::numbers(n);
    tri::buffer const there(gpu, in);
    CHECK(testing::same_bits(there.to_host(), in));
    if (n == 0) continue;
    auto const pinned = tri::detail::make_pinned<double>(n);
    gpu.download(there.data(), pinned.get(), n * sizeof(double)).wait();
    CHECK(pinned[n - 1] == in[n - 1]);
    tri::buffer<double, tri::cuda_device> again(gpu, n);
    gpu.upload(pinned.get(), again.data(), n * sizeof(double)).wait();
    CHECK(testing::same_bits(again.to_host(), in));
  }
}

TEST_CASE("cuda_device: more downloads under way than there are pinned blocks, waited for in any order") {
  if (testing::no_device()) return;
  tri::cuda_device const gpu;
  std::size_t const n = 1'500'000;
  auto const in = testing::numbers(n);
  tri::buffer const there(gpu, in);
  std::vector<std::vector<double>> to(6, std::vector<double>(n));
  std::vector<tri::cuda_completion> all;
  for (auto& v : to) all.push_back(gpu.download(there.data(), v.data(), n * sizeof(double)));
  all[4].wait();
  auto up = gpu.upload(in.data(), const_cast<double*>(there.data()), n * sizeof(double), {.after = all[2]});
  up.wait();
  for (std::size_t k = all.size(); k-- > 0;) all[k].wait();
  for (auto const& v : to) CHECK(testing::same_bits(v, in));
}

TEST_CASE("cuda_device: uploads of unpinned memory from several threads arrive as they were") {
  if (testing::no_device()) return;
  tri::cuda_device const gpu;
  std::size_t const n = 3'000'000; // three pinned blocks' worth
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < 12; ++t)
      threads.emplace_back([&, t] {
        std::vector<unsigned> const mine(n, t);
        for (int k = 0; k < 4; ++k)
          if (tri::buffer(gpu, mine).to_host() != mine) ++wrong;
      });
  }
  CHECK(wrong == 0);
}

TEST_CASE("cuda_device: a download that is asked whether it is ready becomes it, however large") {
  if (testing::no_device()) return;
  tri::cuda_device const gpu;
  std::size_t const block = tri::detail::staging_block::size;
  for (std::size_t const size : {block, 8 * block, 8 * block + 1, 20 * block + 7}) {
    CAPTURE(size);
    std::vector<char> in(size, 'x'), out(size);
    in.front() = 'a';
    in.back() = 'z';
    tri::buffer const there(gpu, in);
    auto copy = gpu.download(there.data(), out.data(), size);
    CHECK(becomes_ready(copy));
    CHECK((out == in));
    copy.wait();
  }
}

TEST_CASE("cuda_device: a download is ready in the end also while others hold all pinned blocks") {
  if (testing::no_device()) return;
  tri::cuda_device const gpu;
  std::size_t const size = 9 * tri::detail::staging_block::size;
  std::vector<char> const in(size, 'x');
  tri::buffer const there(gpu, in);
  std::array<std::vector<char>, 3> out{};
  std::vector<tri::cuda_completion> copies;
  for (auto& to : out) {
    to.resize(size);
    copies.push_back(gpu.download(there.data(), to.data(), size));
  }
  CHECK(becomes_ready(copies[2]));
  CHECK(becomes_ready(copies[1]));
  CHECK((out[2] == in));
  // One that is polled by one thread and waited for by another.
  std::jthread const waits([&] { copies[0].wait(); });
  CHECK(becomes_ready(copies[0]));
  CHECK((out[0] == in));
}

TEST_CASE("cuda_device: an upload comes behind a download that it follows, of which a part is started by who asks") {
  if (testing::no_device()) return;
  tri::cuda_device const gpu;
  std::size_t const size = 10 * tri::detail::staging_block::size;
  std::vector<char> const before(size, 'b'), after(size, 'a');
  tri::buffer there(gpu, before);
  for (int polls = 0; polls < 20; ++polls) {
    there.assign(before);
    std::vector<char> out(size);
    auto copy = gpu.download(there.data(), out.data(), size);
    for (int k = 0; k < polls; ++k) static_cast<void>(copy.ready());
    gpu.upload(after.data(), there.data(), size, {.after = copy}).wait();
    copy.wait();
    CHECK((out == before));
  }
}

TEST_CASE("cuda_device: it ends on its own device, with another as the current one") {
  if (testing::no_device()) return;
  int const last = tri::cuda_device_count() - 1;
  Eigen::MatrixXd const m = Eigen::MatrixXd::Identity(4, 4);
  {
    tri::cuda_device const gpu(last);
    CHECK(tri::matmul(gpu, m, m) == m); // by cuBLAS, whose handle ends before its stream
    std::vector<char> big(40'000'000, 'x');
    CHECK((tri::buffer(gpu, big).to_host() == big));
  }
  int current = -1;
  CHECK(cudaGetDevice(&current) == cudaSuccess);
  CHECK(current == 0);
  CHECK(cudaPeekAtLastError() == cudaSuccess);
}
