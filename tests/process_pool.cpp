/// @file process_pool.cpp
/// process_pool: its width, its handles, whatever state the program is in when it is made, and what it leaves behind.
#include <trireme/algorithm/for_each.hpp>
#include <trireme/algorithm/monte_carlo.hpp>
#include <trireme/algorithm/reduce.hpp>
#include <trireme/algorithm/transform.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/processes/executor.hpp>

#include "processes.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tri = trireme;
using testing::message_contains;

namespace {

std::mutex global_mutex;
std::string const global_text = std::string(40, 'x') + "set by the static initialisation";
tri::process_pool* global_pool = nullptr;
tri::process_pool const made_before_main(2);

double halve(double x) { return x / 2; }

inline constexpr auto lock_everything = [](std::size_t) {
  // Each of these would hang where the lock was inherited.
  std::lock_guard const lock(global_mutex);
  std::map<int, std::string> many;
  for (int k = 0; k < 200; ++k) many[k] = std::string(static_cast<std::size_t>(k) * 10, 'x');
  std::atomic<int> calls = 0;
  oneapi::tbb::parallel_for(0, 10, [&](int) { ++calls; });
  oneapi::tbb::task_arena arena(2);
  arena.execute([&] { oneapi::tbb::parallel_for(0, 10, [&](int) { ++calls; }); });
  if (calls != 20 || many.size() != 200) throw std::logic_error("lost work");
};
inline constexpr auto check_global = [](std::size_t) {
  if (global_text.size() != 72) throw std::logic_error("a global is not initialised");
};
inline constexpr auto use_global_pool = [](std::size_t) {
  if (global_pool != nullptr) tri::for_each_index(*global_pool, 1, tri::fn<check_global>);
  tri::for_each_index(made_before_main, 1, tri::fn<check_global>);
};
inline constexpr auto nested_pool = [](double x) {
  tri::process_pool const inner(2);
  return tri::reduce(inner, std::vector<double>(100, x));
};
inline constexpr auto square = [](double x) { return x * x; };
inline constexpr auto apply = [](double (*f)(double), double x) { return f(x); };
inline constexpr auto through = [](double const* p, double x) { return p == nullptr ? x : *p + x; };
inline constexpr auto second = [](int, std::span<double const> s, double x) { return s.empty() ? x : s[0] + x; };
inline constexpr auto count_open_files = [](std::size_t) { return testing::open_files(); };

void works(tri::process_pool const& pool) {
  auto const in = testing::numbers(5000);
  REQUIRE(testing::same_bits(tri::transform(pool, in, tri::fn<square>), tri::transform(tri::inline_executor{}, in, square)));
}

} // namespace

TEST_CASE("process_pool: width and options") {
  CHECK(tri::process_pool().concurrency() == tri::detail::available_cores());
  CHECK(tri::process_pool({.retries = 2}).concurrency() == tri::detail::available_cores());
  for (int const width : {1, 2, 7, 20}) {
    tri::process_pool const pool(width);
    CHECK(pool.concurrency() == static_cast<std::size_t>(width));
    works(pool);
  }
  CHECK_THROWS_MATCHES(tri::process_pool(0), std::invalid_argument, message_contains("width must be 1 to 65535, but is 0"));
  CHECK_THROWS_MATCHES(tri::process_pool(-4), std::invalid_argument, message_contains("width must not be negative"));
  CHECK_THROWS_AS(tri::process_pool(65'536), std::invalid_argument);
  CHECK_THROWS_AS(tri::process_pool(1, {.retries = 1'000'000}), std::invalid_argument);
  CHECK_THROWS_AS(tri::process_pool(1, {.timeout = std::chrono::seconds(-1)}), std::invalid_argument);
}

TEST_CASE("process_pool: copies are the same pool; two pools at once; workers go with the last handle") {
  constexpr std::size_t before = 2; // those of the pool that was made before main
  REQUIRE(testing::soon([] { return testing::workers_of_this_program().size() == before; }));
  {
    tri::process_pool const a(2), b(3);
    CHECK(a != b);
    auto const c = a;
    CHECK(a == c);
    auto d = b;
    d = a;
    CHECK(d == c);
    works(a);
    works(b);
    CHECK(testing::soon([&] { return testing::workers_of_this_program().size() == before + 5; }));
    std::optional<tri::process_pool> first(tri::process_pool(3));
    auto const other = *first;
    first.reset();
    works(other);
    tri::buffer<double, tri::process_pool> kept(tri::process_pool(1), 10); // which keeps its pool
    works(kept.executor());
  }
  CHECK(testing::workers_of_this_program().size() == before);
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1); // no child was left to us, not even a dead one
  CHECK(errno == ECHILD);
}

TEST_CASE("process_pool: made and gone many times, no file descriptor and no mapping is left") {
  works(tri::process_pool(2));
  auto const files = testing::open_files();
  auto const mappings = testing::shared_mappings();
  for (int k = 0; k < 100; ++k) {
    tri::process_pool const pool(1 + k % 4);
    if (k % 2 == 0) works(pool);
  }
  CHECK(testing::open_files() == files);
  CHECK(testing::shared_mappings() == mappings);
}

TEST_CASE("process_pool: made while threads run, oneTBB is busy and locks are held") {
  std::atomic<bool> stop = false;
  std::mutex held;
  std::vector<std::jthread> threads;
  std::lock_guard const lock(held);
  threads.emplace_back([&] {
    while (!stop) oneapi::tbb::parallel_for(0, 1000, [](int) {});
  });
  threads.emplace_back([&] { // malloc, stdio and the loader are in use at any moment
    while (!stop) {
      std::vector<std::unique_ptr<char[]>> blocks;
      for (std::size_t k = 1; k < 100; ++k) blocks.push_back(std::make_unique<char[]>(k * 100));
      std::unique_ptr<std::FILE, int (*)(std::FILE*)> const file(std::fopen("/dev/null", "w"), std::fclose);
      std::fputs("text", file.get());
    }
  });
  threads.emplace_back([&] {
    std::lock_guard const hold(global_mutex);
    while (!stop) std::this_thread::yield();
  });
  while (global_mutex.try_lock()) global_mutex.unlock(); // until that thread has it
  for (int k = 0; k < 10; ++k) {
    tri::process_pool const pool(2);
    works(pool);
    tri::for_each_index(pool, 4, tri::fn<lock_everything>, {.chunk_size = 1});
    tri::for_each_index(pool, 4, tri::fn<check_global>);
  }
  stop = true;
}

TEST_CASE("process_pool: made after threads ran, and by several threads at once") {
  std::thread([] {}).join();
  works(tri::process_pool(2));
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) threads.emplace_back([] { works(tri::process_pool(2)); });
  }
  // The thread that made it has gone, the pool goes on.
  std::optional<tri::process_pool> pool;
  std::thread([&] { pool.emplace(2); }).join();
  works(*pool);
  tri::for_each_index(*pool, 4, tri::fn<lock_everything>);
}

TEST_CASE("process_pool: many threads call one pool, with work of all kinds in flight") {
  for (int const width : {1, 3}) {
    tri::process_pool const pool(width);
    std::atomic<int> wrong = 0;
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 8; ++t)
        threads.emplace_back([&, t] {
          std::vector<int> const v(10'000, t);
          for (int k = 0; k < 50; ++k) wrong += tri::reduce(pool, v) != 10'000 * t;
        });
    }
    CHECK(wrong == 0);
    std::vector<tri::process_completion> all;
    for (int k = 0; k < 500; ++k) all.push_back(pool.bulk(10, tri::detail::bulk_archetype{}));
    for (std::size_t k = all.size(); k-- > 0;) all[k].wait();
  }
}

TEST_CASE("process_pool: completions behind one another, and longer than all handles") {
  tri::process_completion last;
  {
    tri::process_pool const pool(3);
    auto add = tri::buffer<std::uint64_t, tri::process_pool>(pool, 1);
    static constexpr auto twice = [](std::uint64_t* to, std::size_t, std::size_t) { *to = *to * 2 + 1; };
    std::uint64_t const one = 1;
    pool.upload(&one, add.data(), sizeof one).wait();
    std::vector<tri::process_completion> chain;
    for (int k = 0; k < 40; ++k)
      chain.push_back(chain.empty() ? pool.bulk(1, tri::bind_front<twice>(add.data()))
                                    : pool.bulk(1, tri::bind_front<twice>(add.data()), {.after = chain.back()}));
    std::uint64_t result = 0;
    auto down = pool.download(add.data(), &result, sizeof result, {.after = chain.back()});
    down.wait();
    CHECK(down.ready());
    CHECK(result == (std::uint64_t{1} << 41) - 1);
    last = pool.bulk(100, tri::detail::bulk_archetype{});
  }
  last.wait();
  CHECK(last.ready());
}

TEST_CASE("process_pool: pools that belong to another process say so; a pool of its own a kernel may have") {
  tri::process_pool const pool(2);
  works(made_before_main);
  CHECK_THROWS_MATCHES(tri::for_each_index(pool, 1, tri::fn<use_global_pool>), std::logic_error,
                       message_contains("belongs to another process"));
  CHECK(tri::transform(pool, std::vector{1.0, 2.0}, tri::fn<nested_pool>) == std::vector{100.0, 200.0});
  if (pid_t const child = ::fork(); child == 0) {
    int refused = 0;
    try {
      tri::for_each_index(pool, 1, tri::fn<check_global>);
    } catch (std::logic_error const&) {
      refused = 1;
    }
    {
      tri::process_pool const copy(pool);
    }
    ::_exit(refused);
  } else {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WEXITSTATUS(status) == 1);
  }
  works(pool);
}

TEST_CASE("process_pool: bound pointers, spans and functions") {
  tri::process_pool const pool(2), other(2);
  std::vector<double> const in{1, 2, 3};
  double const outside = 7;
  tri::buffer const inside(pool, std::vector{10.0});
  tri::buffer const elsewhere(other, std::vector{10.0});
  CHECK(tri::transform(pool, in, tri::bind_front<through>(inside.data())) == std::vector{11.0, 12.0, 13.0});
  CHECK(tri::transform(pool, in, tri::bind_front<through>(static_cast<double const*>(nullptr))) == in);
  CHECK(tri::transform(pool, in, tri::bind_front<second>(1, inside.view())) == std::vector{11.0, 12.0, 13.0});
  CHECK(tri::transform(pool, in, tri::bind_front<second>(1, std::span<double const>())) == in);
  auto const refused = [&](auto const& call, char const* what) {
    CHECK_THROWS_MATCHES(call(), std::invalid_argument, message_contains(what));
  };
  auto const by_pointer = tri::bind_front<through>(&outside);
  auto const by_span = tri::bind_front<second>(1, std::span<double const>(in));
  refused([&] { (void)tri::transform(pool, in, by_pointer); }, "argument 1 is a pointer outside");
  refused([&] { (void)tri::transform(pool, in, by_span); }, "argument 2 is a view");
  refused([&] { (void)tri::transform(pool, in, tri::bind_front<through>(elsewhere.data())); }, "argument 1");
  refused([&] { (void)tri::starmap(pool, std::vector{std::array{1.0}}, by_pointer); }, "argument 1");
  refused([&] { (void)tri::transform_reduce(pool, in, 0.0, std::plus<>{}, by_span); }, "argument 2");
  refused([&] { tri::for_each(pool, in, by_pointer); }, "argument 1");
  static constexpr auto random = [](double const* p, auto& rng) { return *p + rng.uniform(); };
  refused([&] { (void)tri::monte_carlo(pool, 10, tri::bind_front<random>(&outside)); }, "argument 1");
  refused([&] { (void)tri::monte_carlo(pool, 10, tri::draws<1>(tri::bind_front<random>(&outside))); }, "argument 1");
  CHECK(tri::transform(pool, in, tri::bind_front<apply>(&halve)) == std::vector{0.5, 1.0, 1.5});
  CHECK(tri::transform(pool, in, &halve) == std::vector{0.5, 1.0, 1.5});
  {
    std::jthread const second_thread([&] { // from a fresh image, where functions lie elsewhere
      tri::process_pool const fresh(2);
      CHECK(tri::transform(fresh, in, tri::bind_front<apply>(&halve)) == std::vector{0.5, 1.0, 1.5});
      CHECK(tri::transform(fresh, in, &halve) == std::vector{0.5, 1.0, 1.5});
    });
  }
}

TEST_CASE("process_pool: memory that there is not gives bad_alloc") {
  tri::process_pool const pool(2);
  using buffer = tri::buffer<double, tri::process_pool>;
  CHECK_THROWS_AS(buffer(pool, std::size_t{1} << 40), std::bad_alloc);
  CHECK_THROWS_AS(buffer(pool, std::size_t{1} << 36), std::bad_alloc); // fits the arena, but no machine
  tri::process_pool const small(2, {.memory = 1 << 26});
  std::vector<buffer> held;
  CHECK_THROWS_AS(
      [&] {
        for (;;) held.emplace_back(small, 100'000);
      }(),
      std::bad_alloc);
  CHECK(held.size() >= 83); // 64 MiB
  for (auto& b : held) tri::for_each(small, b, tri::fn<square>);
  held.clear();
  works(small);
  buffer const again(small, 8'000'000);
}

TEST_CASE("process_pool: made by a program that holds much memory") {
  std::vector<char> const ballast(std::size_t{256} << 20, 'x'); // which a fork would have to map for the child
  tri::process_pool const pool(2);
  works(pool);
  tri::for_each_index(pool, 4, tri::fn<check_global>);
  CHECK(ballast.back() == 'x');
}

// Hidden: run by the next one, in a process that has the limit from its start.
TEST_CASE("process_pool: with little address space", "[.limited]") {
  tri::process_pool const pool(2);
  CHECK(tri::reduce(pool, std::vector<double>(1'000'000, 1.0)) == 1e6);
  using buffer = tri::buffer<double, tri::process_pool>;
  CHECK_THROWS_AS(buffer(pool, 400'000'000), std::bad_alloc);
  works(pool);
}

TEST_CASE("process_pool: under a limit of address space") {
  if (tri::detail::sanitized) return; // which takes more
  auto const self = std::filesystem::read_symlink("/proc/self/exe").string();
  CHECK(std::system(("ulimit -v 6000000; '" + self + "' '[.limited]' >/dev/null").c_str()) == 0);
}

// Hidden: run by the next one.
TEST_CASE("process_pool: with few files, or small ones", "[.few]") {
  std::size_t failures = 0;
  std::vector<tri::process_pool> pools;
  try {
    for (;;) {
      pools.emplace_back(2);
      works(pools.back());
      if (pools.size() == 200) break;
    }
  } catch (std::system_error const&) { // said, and nothing else
    ++failures;
  } catch (std::bad_alloc const&) {
    ++failures;
  }
  for (auto const& pool : pools) works(pool);
  CHECK(failures + pools.size() > 0);
}

TEST_CASE("process_pool: under limits of open files and of their size") {
  if (!tri::detail::sanitized) { // which opens files of its own
    auto const self = std::filesystem::read_symlink("/proc/self/exe").string();
    CHECK(std::system(("ulimit -n 20; '" + self + "' '[.few]' >/dev/null").c_str()) == 0);
  }
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  for (auto const& [bytes, enough] : {std::pair(1'000'000u, false), std::pair(200'000'000u, true)}) {
    rlimit limit = before;
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    if (enough)
      works(tri::process_pool(2));
    else
      CHECK_THROWS_MATCHES(tri::process_pool(2), std::system_error, message_contains("ulimit -f"));
    ::setrlimit(RLIMIT_FSIZE, &before);
  }
}

namespace {
std::atomic<int> children_seen = 0;
}

TEST_CASE("process_pool: the program's own children and its SIGCHLD stay its own") {
  struct sigaction before{}, action{};
  action.sa_handler = [](int) { ++children_seen; };
  ::sigaction(SIGCHLD, &action, &before);
  children_seen = 0;
  for (bool const thread : {false, true}) {
    std::optional<std::jthread> running;
    std::atomic<bool> stop = false;
    if (thread)
      running.emplace([&] {
        while (!stop) std::this_thread::yield();
      });
    tri::process_pool const pool(2);
    works(pool);
    CHECK(::waitpid(-1, nullptr, WNOHANG) == -1); // as for a program without children
    CHECK(errno == ECHILD);
    stop = true;
  }
  CHECK(children_seen == 0);
  ::signal(SIGCHLD, SIG_IGN); // the system reaps
  works(tri::process_pool(2));
  ::sigaction(SIGCHLD, &before, nullptr);
}

TEST_CASE("process_pool: workers have none of the program's files") {
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  tri::process_pool const pool(2);
  auto const counts = tri::transform(pool, std::vector<std::size_t>{0, 1}, tri::fn<count_open_files>);
  for (auto const n : counts) CHECK(n <= std::size_t{3} + 2); // standard ones, the region, the listing's own
  ::close(pipe[1]);
  char c = 0;
  CHECK(::read(pipe[0], &c, 1) == 0); // the end is seen, although the pool lives
  ::close(pipe[0]);
}
