/// @file python_pools.cpp
/// What the README's table for users of Python's pools says: every row, word by word, and that no row is missing here.
#include <trireme/trireme.hpp>

#include "testing.hpp"

#include <cctype>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <memory>
#include <numeric>
#include <stop_token>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace tri = trireme;
using namespace std::chrono_literals;

namespace {

inline constexpr auto f = [](int x) { return x * x; };
inline constexpr auto g = [](int a, int b) { return a + b; };
inline constexpr auto first = [](int const* data) { return data[0]; };
int total = 0;
void use(int x) { total += x; }

tri::task<int> coroutine(tri::thread_pool pool) {
  co_await tri::sleep_for(1ms);
  auto x = co_await tri::submit(pool, tri::fn<f>, 2);
  co_return x;
}

// [rows]
void rows() {
  std::vector<int> xs(100);
  std::iota(xs.begin(), xs.end(), 0);
  std::vector<std::pair<int, int>> const pairs{{1, 2}, {3, 4}};
  int const a = 1, b = 2;
  auto const stop_source = std::make_unique<std::stop_source>();
  auto const token = stop_source->get_token();
  {
    tri::process_pool pool(4);
    CHECK(pool.concurrency() == 4);
  }
  {
    tri::thread_pool pool(4);
    CHECK(pool.concurrency() == 4);
  }
  tri::process_pool pool(2, {.retries = 1, .timeout = 60s});
  tri::thread_pool threads;
  std::size_t const cores = tri::thread_pool().concurrency();
  CHECK(cores > 0);

  auto ys = tri::transform(pool, xs, tri::fn<f>);
  CHECK(ys[3] == 9);
  CHECK(tri::transform(pool, xs, tri::fn<f>, {.chunk_size = 10}) == ys);
  total = 0;
  for (auto& y : tri::map(pool, xs, tri::fn<f>)) use(y);
  CHECK(total == std::accumulate(ys.begin(), ys.end(), 0));
  for (auto& y : tri::map(pool, xs, tri::fn<f>, {.chunk_size = 10, .timeout = 60s})) use(y);
  CHECK(tri::starmap(pool, pairs, tri::fn<g>) == std::vector<int>{3, 7});
  auto y = tri::submit(pool, tri::fn<g>, a, b).get();
  CHECK(y == 3);
  auto result = tri::submit(pool, tri::fn<g>, a, b).then(use);
  result.wait();
  result.get();

  auto future = tri::submit(pool, tri::fn<f>, a);
  future.wait_for(1s);
  CHECK((!future.ready() || future.ready()));
  CHECK(future.get_for(60s) == 1);
  future = tri::submit(pool, tri::fn<f>, a);
  future.cancel();
  future = tri::submit(pool, tri::fn<f>, a);
  auto called = future.then(threads, use);
  called.get();
  std::vector<tri::future<int>> futures;
  auto const again = [&] {
    futures.clear();
    for (int x : xs) futures.push_back(tri::submit(pool, tri::fn<f>, x));
  };
  again();
  total = 0;
  for (auto& done : tri::as_completed(futures)) use(done.get());
  CHECK(total == std::accumulate(ys.begin(), ys.end(), 0));
  again();
  auto which = tri::when_any(futures).get();
  CHECK(futures[which].ready());
  CHECK(tri::when_all(futures).get() == ys);

  tri::for_each_index(threads, xs.size(), [](std::size_t) {}, {.stop = token});
  tri::transform(pool, xs, tri::fn<f>, tri::into(ys), {.progress = tri::progress_bar("squares")});
  tri::buffer shared(pool, xs);
  CHECK(tri::submit(pool, tri::fn<first>, shared.data()).get() == 0);

  CHECK(tri::sync_wait(coroutine(threads)) == 4);
  auto running = tri::submit(threads, coroutine(threads));
  CHECK(running.get() == 4);
}
// [rows]

/// The text without white space.
std::string squeezed(std::string const& text) {
  std::string out;
  for (char const c : text)
    if (std::isspace(static_cast<unsigned char>(c)) == 0) out += c;
  return out;
}
std::string contents(char const* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

TEST_CASE("Python's pools: every row of the table works") { rows(); }

TEST_CASE("Python's pools: every row of the table is above") {
  std::string const source = squeezed(contents(__FILE__)), readme = contents(TRIREME_README);
  std::size_t at = readme.find("## From Python's pools to Trireme"), spans = 0;
  REQUIRE(at != std::string::npos);
  at = readme.find("|---|---|", at);
  std::size_t const end = readme.find("\n\n", at);
  for (at = readme.find("\n| ", at); at < end; at = readme.find("\n| ", at + 1)) {
    std::string const line = readme.substr(at + 1, readme.find('\n', at + 1) - at - 1);
    std::string const ours = line.substr(line.find("| ", 2) + 2);
    for (std::size_t open = ours.find('`'); open != std::string::npos;
         open = ours.find('`', ours.find('`', open + 1) + 1), ++spans) {
      std::string const code = ours.substr(open + 1, ours.find('`', open + 1) - open - 1);
      CAPTURE(code);
      CHECK(source.find(squeezed(code)) != std::string::npos);
    }
  }
  CHECK(spans >= 25);
}
