/// @file algorithm/matmul_host.hpp
/// The matrix product on executors whose workers see the caller's memory: how the work is cut, and by which kernel.
///
/// Every cut depends on the shapes alone, so that the bits are the same at every width.
#pragma once
#include <trireme/algorithm/matmul_kernel.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/matrix_view.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>

namespace trireme { inline namespace v1 { namespace detail { namespace gemm {

/// Multiplications in a piece of work that is worth handing to another worker: some microseconds.
inline constexpr index_t piece_work = 64 * 64 * 64;

constexpr index_t pieces(index_t n, index_t size) { return (n + size - 1) / size; }

/// Uninitialised memory for n intermediate values: on the stack where they are few.
template <class R>
class scratch {
public:
  explicit scratch(index_t n) {
    if (n > few)
      many_.reset(static_cast<R*>(::operator new(static_cast<std::size_t>(n) * sizeof(R), cache_line)));
  }
  // Not inlined: g++ would see that nobody has initialised the memory, but not that the product does.
  [[nodiscard, gnu::noinline]] R* data() { return many_ ? many_.get() : reinterpret_cast<R*>(few_); }

private:
  static constexpr std::align_val_t cache_line{64};
  static constexpr index_t few = 1024;
  struct release {
    void operator()(R* p) const { ::operator delete(p, cache_line); }
  };
  std::unique_ptr<R, release> many_;
  alignas(64) std::byte few_[few * sizeof(R)];
};

/// Runs the pieces of a product on the workers of an executor ...
template <class E>
struct on_workers {
  E const& ex;
  template <class F>
  void operator()(index_t n, F const& f) const {
    on_bulk(ex, static_cast<std::size_t>(n), f, bulk_options<completion_t<E>>{.grain = 1});
  }
};
/// ... or one after the other, where whole products run side by side.
struct in_turn {
  template <class F>
  void operator()(index_t n, F const& f) const {
    f(0, static_cast<std::size_t>(n));
  }
};

/// Pieces of the output, counted down the columns of pieces: what the kernels below do one of at a time.
template <class T>
struct output_grid {
  matrix_view<T> c;
  index_t rows, cols; ///< of one piece

  [[nodiscard]] index_t size() const { return pieces(c.rows, rows) * pieces(c.cols, cols); }
  [[nodiscard]] index_t row(index_t n) const { return n % pieces(c.rows, rows) * rows; }
  [[nodiscard]] index_t col(index_t n) const { return n / pieces(c.rows, rows) * cols; }
  [[nodiscard]] matrix_view<T> piece(index_t n) const {
    return c.block(row(n), col(n), std::min(rows, c.rows - row(n)), std::min(cols, c.cols - col(n)));
  }
};

// ---- Straight from the operands ----

template <class T>
struct direct_pieces {
  matrix_view<T const> a, b;
  output_grid<T> out;

  constexpr void operator()(std::size_t first, std::size_t last) const {
    for (auto n = static_cast<index_t>(first); n < static_cast<index_t>(last); ++n) {
      product(a.block(out.row(n), 0, out.piece(n).rows, a.cols),
              b.block(0, out.col(n), b.rows, out.piece(n).cols), out.piece(n));
    }
  }

private:
  static void product(matrix_view<T const> x, matrix_view<T const> y, matrix_view<T> c) {
    using packet = typename tile_shape<T>::packet;
    if constexpr (!is_complex<T>)
      if (c.row_stride == 1) return direct_product<packet, 3, T>(x, y, c);
    bool const by_rows = y.col_stride == 1 || y.cols == 1 || !is_complex<T>;
    scratch<T> rows(by_rows ? 0 : y.rows * y.cols);
    if (!by_rows) { // the parts of a row must follow one another
      matrix_view<T> const copy{rows.data(), y.rows, y.cols, y.cols, 1};
      for (index_t j = 0; j < y.cols; ++j)
        for (index_t l = 0; l < y.rows; ++l) copy(l, j) = y(l, j);
      y = copy;
    }
    auto const left = left_parts<T>(x), right = right_parts<T>(y);
    scratch<real_t<T>> parts_of_c(left.rows * right.cols);
    direct_product<packet, 3, real_t<T>>(left, right,
                                         {parts_of_c.data(), left.rows, right.cols, 1, left.rows});
    store(parts_of_c.data(), left.rows, c, false);
  }
};

/// Reads a matrix in the order in which it lies, which the hardware foresees: from memory it comes into the cache faster
/// so than by tiles.
template <class T>
void touch(matrix_view<T const> a) {
  constexpr index_t line = 64 / sizeof(T);
  for (index_t l = 0; l < a.cols; ++l)
    for (index_t i = 0; i < a.rows; i += line)
      static_cast<void>(*reinterpret_cast<unsigned char const volatile*>(a.data + i + l * a.col_stride));
}

template <class T, class Run>
void direct_multiply(Run const& run, matrix_view<T const> a, matrix_view<T const> b, matrix_view<T> c) {
  if constexpr (std::is_same_v<Run, in_turn>) {
    if (c.cols > 2 * tile_shape<T>::cols) touch(a);
    direct_pieces<T>{a, b, {c, c.rows, c.cols}}(0, 1);
  } else {
    constexpr index_t cols = 32, least_rows = 2 * tile_shape<T>::rows;
    index_t const rows = pieces(piece_work / a.cols / std::min(c.cols, cols), least_rows) * least_rows;
    direct_pieces<T> const work{a, b, {c, std::max(rows, least_rows), cols}};
    run(work.out.size(), work);
  }
}

/// Whether that is the best way: a must be read along its columns, and either stay in the second cache while that is
/// done again and again, or be read too few times to be worth packing.
template <class T>
bool direct(matrix_view<T const> a, matrix_view<T> c) {
  return a.row_stride == 1 &&
         (c.cols <= 2 * tile_shape<T>::cols ||
          (a.col_stride >= 0 && a.col_stride * a.cols <= (index_t{2} << 20) / index_t{sizeof(T)}));
}

// ---- A matrix and a vector: the matrix is read once, in the order in which it lies ----

template <class T>
struct vector_pieces {
  using real = real_t<T>;
  matrix_view<T const> a;
  matrix_view<real const> x; ///< for complex scalars two columns
  output_grid<T> out;

  constexpr void operator()(std::size_t first, std::size_t last) const {
    constexpr int columns = static_cast<int>(parts<T>);
    for (auto n = static_cast<index_t>(first); n < static_cast<index_t>(last); ++n) {
      auto const y = out.piece(n);
      auto const rows = a.block(out.row(n), 0, y.rows, a.cols);
      scratch<real> product(columns * columns * y.rows);
      if (a.row_stride == 1) {
        auto const r = left_parts<T>(rows);
        tall_product<columns, real>(r, x, {product.data(), r.rows, columns, 1, r.rows});
        store(product.data(), r.rows, y, false);
      } else {
        matrix_view<real const> const r{reinterpret_cast<real const*>(rows.data), rows.rows,
                                        columns * rows.cols, columns * rows.row_stride, 1};
        row_products<4, columns, real>(r, x, {product.data(), r.rows, columns, columns, 1});
        for (index_t i = 0; i < y.rows; ++i)
          if constexpr (is_complex<T>)
            y(i, 0) = T(product.data()[2 * i], product.data()[2 * i + 1]);
          else
            y(i, 0) = product.data()[i];
      }
    }
  }
};

template <class T, class Run>
void vector_multiply(Run const& run, matrix_view<T const> a, matrix_view<T const> x, matrix_view<T> y) {
  using real = real_t<T>;
  bool const by_columns = a.row_stride == 1;
  index_t const rows_at_once = by_columns ? 512 : 8;
  index_t const rows = pieces(piece_work / 4 / a.cols + 1, rows_at_once) * rows_at_once;
  vector_pieces<T> work{a, right_parts<T>(x), {y, rows, 1}};
  bool const as_it_lies = by_columns || (!is_complex<T> && x.row_stride == 1);
  scratch<real> columns(as_it_lies ? 0 : parts<T> * parts<T> * x.rows);
  if (!as_it_lies) { // Σ (a, a')·(x, −x') and Σ (a, a')·(x', x) are the parts of the complex product.
    index_t const n = parts<T> * x.rows;
    for (index_t l = 0; l < x.rows; ++l)
      if constexpr (is_complex<T>) {
        columns.data()[2 * l] = columns.data()[n + 2 * l + 1] = x(l, 0).real();
        columns.data()[2 * l + 1] = -x(l, 0).imag();
        columns.data()[n + 2 * l] = x(l, 0).imag();
      } else {
        columns.data()[l] = x(l, 0);
      }
    work.x = {columns.data(), n, parts<T>, 1, n};
  }
  run(work.out.size(), work);
}

// ---- Large: operands packed block by block, so that tiles read them in order (Goto and van de Geijn, 2008) ----

/// The sizes of a block: a packed panel of b is to stay in the first cache, and both blocks in the last one.
template <class T>
struct block_shape {
  using tile = tile_shape<T>;
  static constexpr index_t depth = 2048 / static_cast<index_t>(sizeof(real_t<T>));
  static constexpr index_t rows = 2048 / tile::rows * tile::rows;
  static constexpr index_t cols = 2048;
  static constexpr index_t piece_rows = std::max(1, 96 / tile::rows) * tile::rows;
  static constexpr index_t piece_cols = 64;
};

/// Packs the panels of a block of a, then those of a block of b.
template <class T>
struct pack_panels {
  using tile = tile_shape<T>;
  matrix_view<T const> a, b;
  T *packed_a, *packed_b;
  bool with_b;

  [[nodiscard]] constexpr index_t panels_of_a() const { return pieces(a.rows, tile::rows); }
  [[nodiscard]] constexpr index_t size() const {
    return panels_of_a() + (with_b ? pieces(b.cols, tile::cols) : 0);
  }
  constexpr void operator()(std::size_t first, std::size_t last) const {
    for (auto n = static_cast<index_t>(first); n < static_cast<index_t>(last); ++n) {
      if (n < panels_of_a()) {
        index_t const i = n * tile::rows;
        pack<tile::rows>(a.block(i, 0, std::min<index_t>(tile::rows, a.rows - i), a.cols),
                         packed_a + i * a.cols);
      } else {
        index_t const j = (n - panels_of_a()) * tile::cols;
        pack<tile::cols>(b.block(0, j, b.rows, std::min<index_t>(tile::cols, b.cols - j)).transposed(),
                         packed_b + j * b.rows);
      }
    }
  }
};

/// c (+)= a block of a times a block of b, both packed.
template <class T>
struct packed_pieces {
  using tile = tile_shape<T>;
  T const *packed_a, *packed_b;
  index_t depth;
  output_grid<T> out;
  bool add;

  constexpr void operator()(std::size_t first, std::size_t last) const {
    for (auto n = static_cast<index_t>(first); n < static_cast<index_t>(last); ++n) {
      auto const c = out.piece(n);
      for (index_t j = 0; j < c.cols; j += tile::cols)
        for (index_t i = 0; i < c.rows; i += tile::rows)
          packed_tile<T>(depth, packed_a + (out.row(n) + i) * depth, packed_b + (out.col(n) + j) * depth,
                         c.block(i, j, std::min<index_t>(tile::rows, c.rows - i),
                                 std::min<index_t>(tile::cols, c.cols - j)),
                         add);
    }
  }
};

template <class T, class Run>
void packed_multiply(Run const& run, matrix_view<T const> a, matrix_view<T const> b, matrix_view<T> c) {
  using tile = tile_shape<T>;
  using block = block_shape<T>;
  index_t const depth = std::min(a.cols, block::depth), rows = std::min(c.rows, block::rows),
                cols = std::min(c.cols, block::cols);
  index_t const size_a = pieces(rows, tile::rows) * tile::rows * depth;
  index_t const size_b = pieces(cols, tile::cols) * tile::cols * depth;
  scratch<T> packed(size_a + size_b);
  for (index_t j = 0; j < c.cols; j += cols)
    for (index_t l = 0; l < a.cols; l += depth)
      for (index_t i = 0; i < c.rows; i += rows) {
        index_t const k = std::min(depth, a.cols - l);
        auto const to = c.block(i, j, std::min(rows, c.rows - i), std::min(cols, c.cols - j));
        pack_panels<T> const packing{a.block(i, l, to.rows, k), b.block(l, j, k, to.cols), packed.data(),
                                     packed.data() + size_a, i == 0};
        run(packing.size(), packing);
        packed_pieces<T> const work{
            packing.packed_a, packing.packed_b, k, {to, block::piece_rows, block::piece_cols}, l != 0};
        run(work.out.size(), work);
      }
}

// ---- Few outputs, each of a long sum: the sum is cut as well, in places that the shape fixes ----

template <class T>
struct depth_pieces {
  matrix_view<T const> a, b;
  index_t depth; ///< of one piece
  T* partial;    ///< one output after the other

  [[nodiscard]] index_t size() const { return pieces(a.cols, depth); }
  [[nodiscard]] matrix_view<T> output(index_t n) const {
    return {partial + n * a.rows * b.cols, a.rows, b.cols, 1, a.rows};
  }
  constexpr void operator()(std::size_t first, std::size_t last) const;
};

template <class T, class Run>
void deep_multiply(Run const& run, matrix_view<T const> a, matrix_view<T const> b, matrix_view<T> c,
                   index_t depth) {
  scratch<T> partial(pieces(a.cols, depth) * c.rows * c.cols);
  depth_pieces<T> const work{a, b, depth, partial.data()};
  run(work.size(), work);
  for (index_t j = 0; j < c.cols; ++j)
    for (index_t i = 0; i < c.rows; ++i) {
      T sum = work.output(0)(i, j);
      for (index_t n = 1; n < work.size(); ++n) sum = static_cast<T>(sum + work.output(n)(i, j));
      c(i, j) = sum;
    }
}

// ---- Which of them ----

/// The short way for what is over in some nanoseconds. Returns whether it was one.
template <class T>
[[gnu::always_inline]] inline bool multiply_small(matrix_view<T const> const& a,
                                                  matrix_view<T const> const& b, matrix_view<T> const& c) {
  if constexpr (is_complex<T>) {
    return false;
  } else {
    if (a.row_stride != 1 || c.row_stride != 1 || c.cols < 2 || a.cols == 0) return false;
    if (std::max({c.rows, c.cols, a.cols}) > 32) return false;
    direct_product<typename tile_shape<T>::packet, 3, T>(a, b, c);
    return true;
  }
}

/// c = a·b; c overlaps neither.
template <class T, class Run>
void multiply(Run const& run, matrix_view<T const> a, matrix_view<T const> b, matrix_view<T> c) {
  if (c.empty()) return;
  bool const by_rows = c.cols == 1 ? false : c.rows == 1 || (c.row_stride != 1 && c.col_stride == 1);
  if (by_rows) return multiply<T>(run, b.transposed(), a.transposed(), c.transposed());

  // In floating point: the number may be beyond an integer.
  double const work = static_cast<double>(c.rows) * static_cast<double>(c.cols) * static_cast<double>(a.cols);
  bool const small = work <= static_cast<double>(piece_work);
  constexpr index_t long_sum = 8192, most_cuts = 32;
  if (a.cols >= long_sum && c.rows * c.cols <= 64 * 64 && work >= 4.0 * static_cast<double>(piece_work))
    return deep_multiply(run, a, b, c, std::max(pieces(a.cols, most_cuts), long_sum / 4));

  auto const with = [&](auto const& how) {
    if (small)
      how(in_turn{});
    else
      how(run);
  };
  if (a.cols == 0) {
    for (index_t j = 0; j < c.cols; ++j)
      for (index_t i = 0; i < c.rows; ++i) c(i, j) = T(0);
  } else if (c.cols == 1 && (a.row_stride == 1 || a.col_stride == 1)) {
    with([&](auto const& r) { vector_multiply(r, a, b, c); });
  } else if (direct(a, c)) {
    with([&](auto const& r) { direct_multiply(r, a, b, c); });
  } else {
    with([&](auto const& r) { packed_multiply(r, a, b, c); });
  }
}

template <class T>
constexpr void depth_pieces<T>::operator()(std::size_t first, std::size_t last) const {
  for (auto n = static_cast<index_t>(first); n < static_cast<index_t>(last); ++n) {
    index_t const l = n * depth, k = std::min(depth, a.cols - l);
    multiply<T>(in_turn{}, a.block(0, l, a.rows, k), b.block(l, 0, k, b.cols), output(n));
  }
}

}}}} // namespace trireme::v1::detail::gemm
