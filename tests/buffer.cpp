/// @file buffer.cpp
/// buffer: memory that comes, moves and goes with its owner, on executors that see host memory and on one that does not.
#include <trireme/core/buffer.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/threads/executor.hpp>

#include "far_executor.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <Eigen/Core>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace tri = trireme;

/// The address sanitizer ends a program that asks for too much, unless it is told that this is a test.
extern "C" char const* __asan_default_options() { return "allocator_may_return_null=1"; }
using testing::far_executor;

namespace {
template <class Check>
void on_all(Check check) {
  check(tri::inline_executor{});
  check(tri::thread_pool(2));
  check(far_executor{});
  check(far_executor{far_executor::lazy});
}
} // namespace

TEST_CASE("buffer: from every kind of range, and back") {
  on_all([](auto const& ex) {
    std::vector const expected{1, 2, 3};
    tri::buffer const b(ex, expected);
    STATIC_REQUIRE(std::same_as<typename decltype(b)::value_type, int>);
    CHECK(b.size() == 3);
    CHECK(b.executor() == ex);
    CHECK(b.view().size() == 3);
    CHECK(b.view().data() == b.data());
    STATIC_REQUIRE(std::same_as<decltype(b.to_host()), std::vector<int>>);
    CHECK(b.to_host() == expected);
    CHECK(tri::buffer(ex, std::list{1, 2, 3}).to_host() == expected);
    CHECK(tri::buffer(ex, std::deque{1, 2, 3}).to_host() == expected);
    CHECK(tri::buffer(ex, testing::read_once(3)).to_host() == std::vector{0, 1, 2});
    int const array[] = {1, 2, 3};
    CHECK(tri::buffer(ex, array).to_host() == expected);
    Eigen::Vector3i const v(1, 2, 3);
    CHECK(tri::buffer(ex, v).to_host() == expected);
    CHECK(tri::buffer(ex, v + v).to_host() == std::vector{2, 4, 6});
    Eigen::Matrix3i const m = Eigen::Matrix3i::Identity() + Eigen::Matrix3i::Ones();
    CHECK(tri::buffer(ex, m.row(1)).to_host() == std::vector{1, 2, 1});
    tri::buffer<double, std::remove_cvref_t<decltype(ex)>> const converted(ex, expected);
    CHECK(converted.to_host() == std::vector{1.0, 2.0, 3.0});
    CHECK(tri::buffer(ex, std::vector<int>{}).to_host().empty());
  });
}

TEST_CASE("buffer: sizes") {
  on_all([](auto const& ex) {
    using E = std::remove_cvref_t<decltype(ex)>;
    CHECK(tri::buffer<int, E>(ex, 5).size() == 5);
    CHECK(tri::buffer<int, E>(ex, std::uint8_t{5}).size() == 5);
    CHECK(tri::buffer<int, E>(ex, 0).size() == 0);
    CHECK_THROWS_MATCHES((tri::buffer<int, E>(ex, -5)), std::invalid_argument,
                         testing::message_contains("n must not be negative, but is -5"));
    // The pointer is kept somewhere: clang leaves out an allocation that nobody looks at.
    void* volatile kept = nullptr;
    auto const take = [&]<class T>(T, std::size_t n) { kept = tri::buffer<T, E>(ex, n).data(); };
    take(1, 1);
    CHECK(kept != nullptr);
    CHECK_THROWS_AS(take(1.0, std::numeric_limits<std::size_t>::max()), std::bad_alloc);
    CHECK_THROWS_AS(take(1.0, std::numeric_limits<std::size_t>::max() / 16), std::bad_alloc);
    CHECK_THROWS_AS(take('c', std::numeric_limits<std::ptrdiff_t>::max()), std::bad_alloc);
    struct alignas(64) line {
      double x[8];
    };
    tri::buffer<line, E> const aligned(ex, 3);
    CHECK(reinterpret_cast<std::uintptr_t>(aligned.data()) % 64 == 0);
  });
}

TEST_CASE("buffer: moves, and is not copied") {
  on_all([](auto const& ex) {
    using buffer = tri::buffer<int, std::remove_cvref_t<decltype(ex)>>;
    STATIC_REQUIRE(!std::copyable<buffer>);
    STATIC_REQUIRE(std::movable<buffer>);
    buffer a(ex, std::vector{1, 2, 3});
    int const* const where = a.data();
    buffer b(std::move(a));
    CHECK(b.data() == where);
    CHECK(b.to_host() == std::vector{1, 2, 3});
    CHECK(a.size() == 0); // NOLINT(bugprone-use-after-move): emptied, as documented
    buffer c(ex, std::vector{9});
    c = std::move(b);
    CHECK(c.to_host() == std::vector{1, 2, 3});
    buffer& self = c;
    c = std::move(self);
    CHECK(c.to_host() == std::vector{1, 2, 3});
    a = buffer(ex, 2);
    CHECK(a.size() == 2);
    std::swap(a, c);
    CHECK(a.to_host() == std::vector{1, 2, 3});
  });
}

TEST_CASE("buffer: frees what it had, once, and keeps its executor alive") {
  far_executor const far;
  {
    tri::buffer a(far, std::vector{1, 2, 3});
    tri::buffer b(far, std::vector{4});
    CHECK(far.live() == 2);
    a = std::move(b);
    CHECK(far.live() == 1);
    tri::buffer<int, far_executor> const none(far, 0);
    CHECK(far.live() == 1);
  }
  CHECK(far.live() == 0);
  std::optional<far_executor> gone(far_executor{});
  tri::buffer const kept(*gone, std::vector{1, 2});
  gone.reset();
  CHECK(kept.to_host() == std::vector{1, 2});
  std::optional<tri::thread_pool> pool(tri::thread_pool(2));
  tri::buffer const on_pool(*pool, std::vector{1, 2});
  pool.reset();
  CHECK(on_pool.executor().concurrency() == 2);
  CHECK(on_pool.to_host() == std::vector{1, 2});
  // A range that throws half-way leaves nothing.
  CHECK_THROWS_AS(tri::buffer(far, testing::read_once(10, 5)), std::runtime_error);
  CHECK(far.live() == 0);
}

TEST_CASE("buffer: assign") {
  on_all([](auto const& ex) {
    tri::buffer b(ex, std::vector{1, 2, 3});
    b.assign(std::vector{4, 5, 6});
    CHECK(b.to_host() == std::vector{4, 5, 6});
    b.assign(std::list{7.9, 8.9, 9.9});
    CHECK(b.to_host() == std::vector{7, 8, 9});
    b.assign(Eigen::Vector3i(1, 1, 1));
    CHECK(b.to_host() == std::vector{1, 1, 1});
    CHECK_THROWS_MATCHES(b.assign(std::vector{1, 2}), std::invalid_argument,
                         testing::message_contains("range has 2 elements, the buffer 3"));
    CHECK_THROWS_AS(b.assign(testing::read_once(10, 5)), std::runtime_error);
    CHECK(b.to_host() == std::vector{1, 1, 1});
  });
}

TEST_CASE("buffer: parts") {
  on_all([](auto const& ex) {
    tri::buffer b(ex, std::vector{0, 1, 2, 3, 4});
    auto const middle = b.subspan(1, 3);
    CHECK(middle.size() == 3);
    CHECK(middle.data() == b.data() + 1);
    CHECK(middle.to_host() == std::vector{1, 2, 3});
    CHECK(middle.subspan(1, 2).to_host() == std::vector{2, 3});
    CHECK(b.subspan(5, 0).to_host().empty());
    auto const& constant = b;
    STATIC_REQUIRE(std::same_as<decltype(constant.subspan(0, 1).data()), int const*>);
    CHECK(constant.subspan(4, 1).to_host() == std::vector{4});
    for (auto const& [i, n] : {std::pair<std::size_t, std::size_t>{0, 6}, {5, 1}, {6, 0}, {1, static_cast<std::size_t>(-1)}}) {
      CAPTURE(i, n);
      CHECK_THROWS_AS(b.subspan(i, n), std::out_of_range);
    }
    CHECK_THROWS_AS(b.subspan(-1, 1), std::invalid_argument);
    CHECK_THROWS_AS(middle.subspan(1, 3), std::out_of_range);
  });
}

TEST_CASE("buffer: of bools, pairs, over-aligned elements and elements without a default") {
  on_all([](auto const& ex) {
    using E = std::remove_cvref_t<decltype(ex)>;
    std::vector<bool> const flags{true, false, true};
    tri::buffer b(ex, flags);
    STATIC_REQUIRE(std::same_as<decltype(b.to_host()), std::vector<bool>>);
    CHECK(b.to_host() == flags);
    CHECK(tri::buffer(ex, std::array{true, false}).to_host() == std::vector<bool>{true, false});
    b.assign(std::vector<bool>{false, true, true});
    CHECK(b.subspan(1, 2).to_host() == std::vector<bool>{true, true});
    std::vector<std::pair<int, double>> const pairs{{1, 0.5}, {2, 1.5}};
    CHECK(tri::buffer(ex, pairs).to_host() == pairs);
    struct alignas(128) wide {
      int value;
    };
    CHECK(tri::buffer<wide, E>(ex, std::vector<wide>(3, wide{7})).to_host()[2].value == 7);
    struct no_default {
      explicit no_default(int v) : value(v) {}
      int value;
    };
    CHECK(tri::buffer(ex, std::vector(3, no_default(7))).to_host()[2].value == 7);
  });
}
