/// @file process_faults.cpp
/// What becomes of a kernel that throws, crashes, leaves, hangs or is killed in a worker process: a typed exception, and
/// the pool goes on.
#include <trireme/algorithm/batch_map.hpp>
#include <trireme/algorithm/for_each.hpp>
#include <trireme/algorithm/reduce.hpp>
#include <trireme/algorithm/transform.hpp>
#include <trireme/processes/submit.hpp>

#include "processes.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <any>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <memory>
#include <new>
#include <numeric>
#include <optional>
#include <regex>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <typeinfo>
#include <variant>
#include <vector>

namespace tri = trireme;
using namespace std::chrono_literals;
using testing::message_contains;

namespace {

enum class fault { segv, abort, exit, terminate, overflow, kill };

int deeper(int depth) { // NOLINT(misc-no-recursion): this is what is tested
  std::array<volatile int, 1000> room{};
  room[static_cast<std::size_t>(depth) % 1000] = depth;
  return depth < 0 ? 0 : deeper(depth + 1) + room[static_cast<std::size_t>(depth + 1) % 1000];
}

void end_by(fault how) {
  switch (how) {
    case fault::segv: std::raise(SIGSEGV); break;
    case fault::abort: std::abort();
    case fault::exit: std::exit(3); // NOLINT(concurrency-mt-unsafe)
    case fault::terminate: std::terminate();
    case fault::overflow: deeper(1); break;
    case fault::kill: std::raise(SIGKILL); break;
  }
}

inline constexpr auto end_at = [](fault how, std::size_t bad, std::size_t i) {
  if (i == bad) end_by(how);
};
inline constexpr auto end_now = [](fault how) { end_by(how); };
inline constexpr auto throw_at = [](std::size_t bad, std::size_t i) {
  if (i == bad) throw std::domain_error("thrown at " + std::to_string(i));
};
inline constexpr auto one = [](std::size_t) { return 1; };
inline constexpr auto hang_at = [](std::size_t bad, std::size_t i) {
  while (i == bad) ::usleep(1000);
};
inline constexpr auto end_first_time = [](std::uint32_t* calls, std::size_t i) {
  if (std::atomic_ref(calls[i]).fetch_add(1) == 0 && i % 10 == 3) std::raise(SIGKILL);
};
inline constexpr auto busy = [](double x) {
  for (int k = 0; k < 2000; ++k) x = x * 0.999 + 0.001;
  return x;
};

struct unknown_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct not_an_exception {};

int expected_signal(fault how) {
  switch (how) {
    case fault::segv:
    case fault::overflow: return SIGSEGV;
    case fault::abort:
    case fault::terminate: return SIGABRT;
    case fault::kill: return SIGKILL;
    case fault::exit: break;
  }
  return 0;
}

void goes_on(tri::process_pool const& pool) { REQUIRE(tri::submit(pool, tri::fn<one>, std::size_t{0}).get() == 1); }

template <class Call>
void check_lost(Call const& call, fault how, std::size_t index) {
  try {
    call();
    FAIL("nothing was thrown");
  } catch (tri::worker_lost const& lost) {
    CHECK(lost.signal() == expected_signal(how));
    CHECK(lost.status() == (how == fault::exit ? 3 : 0));
    CHECK(lost.first() <= index);
    CHECK(lost.last() > index);
  }
}

constexpr std::array all_faults{fault::segv, fault::abort, fault::exit, fault::terminate, fault::overflow, fault::kill};

/// std::terminate writes to stderr; a thousand times that is no help to anyone.
struct quiet {
  quiet() { REQUIRE(std::freopen("/dev/null", "w", stderr) != nullptr); }
};

} // namespace

TEST_CASE("process_pool: each way to end, at the first, a middle and the last index, and as a task") {
  quiet const no_noise;
  tri::process_pool const pool(2);
  for (fault const how : all_faults)
    for (std::size_t const n : {std::size_t{1}, std::size_t{100}, std::size_t{10'000}}) {
      CAPTURE(how, n);
      for (std::size_t const bad : {std::size_t{0}, n / 2, n - 1})
        check_lost([&] { tri::for_each_index(pool, n, tri::bind_front<end_at>(how, bad)); }, how, bad);
      check_lost([&] { tri::submit(pool, tri::fn<end_now>, how).get(); }, how, 0);
      goes_on(pool);
    }
  CHECK_THROWS_MATCHES(tri::for_each_index(pool, 10, tri::bind_front<end_at>(fault::segv, std::size_t{7})), tri::worker_lost,
                       message_contains("ended by SIGSEGV at index 7"));
  CHECK_THROWS_MATCHES(tri::for_each_index(pool, 10, tri::bind_front<end_at>(fault::exit, std::size_t{7})), tri::worker_lost,
                       message_contains("exited with status 3 at index 7"));
}

TEST_CASE("process_pool: what was lost is named by its place in all of the data") {
  quiet const no_noise;
  tri::process_pool const pool(2);
  static constexpr auto kill_at = [](std::size_t bad, std::size_t i) {
    if (i == bad) std::raise(SIGKILL);
    return i;
  };
  std::vector<std::size_t> in(700'000);
  std::iota(in.begin(), in.end(), std::size_t{0});
  for (std::size_t const bad : {std::size_t{5}, std::size_t{400'000}, in.size() - 1}) {
    auto const kernel = tri::bind_front<kill_at>(bad);
    check_lost([&] { (void)tri::transform(pool, in, kernel); }, fault::kill, bad);
    check_lost([&] { tri::for_each(pool, in, kernel); }, fault::kill, bad);
    check_lost([&] { (void)tri::batch_map(pool, in, kernel, {.batch_size = 100'000}); }, fault::kill, bad);
    check_lost([&] { (void)tri::transform_reduce(pool, in, std::size_t{0}, std::plus<>{}, kernel); }, fault::kill, bad);
  }
}

TEST_CASE("process_pool: a thousand faults in a row, and no file, process or memory is left") {
  quiet const no_noise;
  {
    tri::process_pool const pool(2);
    goes_on(pool);
    auto const files = testing::open_files();
    for (std::size_t k = 0; k < 1000; ++k) {
      fault const how = all_faults[k % all_faults.size()];
      if (how == fault::overflow && k % 5 != 0) continue; // 8 MB of stack each
      std::size_t const bad = k % 3 == 0 ? 0 : k % 3 == 1 ? 50 : 99;
      check_lost([&] { tri::for_each_index(pool, 100, tri::bind_front<end_at>(how, bad)); }, how, bad);
      check_lost([&] { tri::submit(pool, tri::fn<end_now>, how).get(); }, how, 0);
    }
    for (std::size_t k = 0; k < 1000; ++k) {
      CHECK_THROWS_AS(tri::for_each_index(pool, 100, tri::bind_front<throw_at>(k % 100)), std::domain_error);
      CHECK_THROWS_AS(tri::submit(pool, tri::bind_front<throw_at>(std::size_t{1}), std::size_t{1}).get(), std::domain_error);
    }
    goes_on(pool);
    CHECK(testing::open_files() == files);
    CHECK(testing::soon([] { return testing::workers_of_this_program().size() == 2; }));
  }
  CHECK(testing::workers_of_this_program().empty());
  CHECK(testing::supervisors_of_this_program().empty());
}

TEST_CASE("process_pool: many fail in one call: one arrives") {
  quiet const no_noise;
  tri::process_pool const pool(3);
  static constexpr auto all_end = [](std::size_t) { std::abort(); };
  static constexpr auto all_throw = [](std::size_t) { throw std::range_error("all"); };
  for (int k = 0; k < 20; ++k) {
    CHECK_THROWS_AS(tri::for_each_index(pool, 100, tri::fn<all_end>), tri::worker_lost);
    CHECK_THROWS_AS(tri::for_each_index(pool, 100, tri::fn<all_throw>), std::range_error);
  }
  goes_on(pool);
}

namespace {
/// Throws `What` in a worker, and hands what arrives to the check.
template <class Thrower, class Check>
void arrives(tri::process_pool const& pool, Thrower, Check const& check) {
  try {
    tri::submit(pool, Thrower{}).get();
    FAIL("nothing was thrown");
  } catch (...) {
    check(std::current_exception());
  }
}
template <class E>
void arrives_as_is(tri::process_pool const& pool, auto thrower, std::string const& text) {
  arrives(pool, thrower, [&](std::exception_ptr const& p) {
    try {
      std::rethrow_exception(p);
    } catch (std::exception const& e) {
      CHECK(typeid(e) == typeid(E));
      CHECK(e.what() == text);
    }
  });
}
template <class E>
struct throws_with_text {
  void operator()() const { throw E("a text, longer than what fits into a short string of any kind"); }
};
template <class E>
struct throws_plain {
  void operator()() const { throw E(); }
};
template <class... E>
void with_text(tri::process_pool const& pool) {
  (arrives_as_is<E>(pool, throws_with_text<E>{}, "a text, longer than what fits into a short string of any kind"), ...);
}
template <class... E>
void plain(tri::process_pool const& pool) {
  (arrives_as_is<E>(pool, throws_plain<E>{}, E().what()), ...);
}
inline constexpr auto throw_system = [] { throw std::system_error(ENOENT, std::generic_category(), "the file"); };
inline constexpr auto throw_system_bare = [] { throw std::system_error(EPERM, std::system_category()); };
inline constexpr auto throw_ios = [] { throw std::ios_base::failure("the stream", std::io_errc::stream); };
inline constexpr auto throw_future = [] { throw std::future_error(std::future_errc::broken_promise); };
inline constexpr auto throw_filesystem = [] {
  throw std::filesystem::filesystem_error("copy", "/from here", "/to there", std::make_error_code(std::errc::permission_denied));
};
inline constexpr auto throw_regex = [] { static_cast<void>(std::regex("(unbalanced")); };
inline constexpr auto lose_own_worker = [] {
  tri::for_each_index(tri::process_pool(1), 8, tri::bind_front<end_at>(fault::kill, std::size_t{7}));
};
inline constexpr auto wait_for_own_worker = [] {
  tri::for_each_index(tri::process_pool(1, {.timeout = 50ms}), 8, tri::bind_front<hang_at>(std::size_t{3}));
};
inline constexpr auto fail_in_own_worker = [] {
  tri::submit(tri::process_pool(1), [] { throw unknown_error("what it says"); }).get();
};
inline constexpr auto throw_unknown = [] { throw unknown_error("what it says"); };
inline constexpr auto throw_nothing = [] { throw not_an_exception{}; };
inline constexpr auto throw_int = [] { throw 42; };
inline constexpr auto throw_string = [] { throw std::string("some text"); };
inline constexpr auto throw_long = [] { throw std::runtime_error(std::string(3'000'000, 'x')); };
} // namespace

TEST_CASE("process_pool: every standard exception arrives as the same type, with the same text") {
  tri::process_pool const pool(1);
  with_text<std::logic_error, std::invalid_argument, std::domain_error, std::length_error, std::out_of_range, std::runtime_error,
            std::range_error, std::overflow_error, std::underflow_error, tri::error>(pool);
  plain<std::exception, std::bad_alloc, std::bad_array_new_length, std::bad_cast, std::bad_typeid, std::bad_exception,
        std::bad_any_cast, std::bad_function_call, std::bad_optional_access, std::bad_variant_access, std::bad_weak_ptr,
        tri::cancelled>(pool);
  arrives_as_is<std::system_error>(pool, tri::fn<throw_system>, "the file: No such file or directory");
  arrives_as_is<std::system_error>(pool, tri::fn<throw_system_bare>, std::system_error(EPERM, std::system_category()).what());
  arrives_as_is<std::ios_base::failure>(pool, tri::fn<throw_ios>,
                                        std::ios_base::failure("the stream", std::io_errc::stream).what());
  arrives_as_is<std::future_error>(pool, tri::fn<throw_future>, std::future_error(std::future_errc::broken_promise).what());
  arrives_as_is<std::runtime_error>(pool, tri::fn<throw_long>, std::string(3'000'000, 'x'));
  try {
    static_cast<void>(std::regex("(unbalanced"));
  } catch (std::regex_error const& e) {
    arrives_as_is<std::regex_error>(pool, tri::fn<throw_regex>, e.what());
  }
  try {
    tri::submit(pool, tri::fn<throw_filesystem>).get();
    FAIL("nothing was thrown");
  } catch (std::filesystem::filesystem_error const& e) {
    CHECK(e.path1() == "/from here");
    CHECK(e.path2() == "/to there");
    CHECK(e.code() == std::errc::permission_denied);
    std::filesystem::filesystem_error const same("copy", "/from here", "/to there", e.code());
    CHECK(std::string(e.what()) == same.what());
  }
  try {
    tri::submit(pool, tri::fn<throw_system>).get();
  } catch (std::system_error const& e) {
    CHECK(e.code() == std::error_code(ENOENT, std::generic_category()));
    CHECK(e.code() == std::errc::no_such_file_or_directory);
  }
}

TEST_CASE("process_pool: any other exception arrives as remote_error, with its type and text") {
  tri::process_pool const pool(1);
  auto const remote = [&](auto kernel, std::string const& type, std::string const& text) {
    try {
      tri::submit(pool, kernel).get();
      FAIL("nothing was thrown");
    } catch (tri::remote_error const& e) {
      CHECK(e.type_name().find(type) != std::string::npos);
      CHECK(e.text() == text);
      CHECK(std::string(e.what()).find(type) != std::string::npos);
    }
  };
  remote(tri::fn<throw_unknown>, "unknown_error", "what it says");
  remote(tri::fn<throw_nothing>, "not_an_exception", "");
  remote(tri::fn<throw_int>, "int", "");
  remote(tri::fn<throw_string>, "string", "some text");
  remote(tri::fn<fail_in_own_worker>, "unknown_error", "what it says"); // as if there were no pool between
}

TEST_CASE("process_pool: what a kernel's own pool loses arrives as that") {
  tri::process_pool const pool(1);
  check_lost([&] { tri::submit(pool, tri::fn<lose_own_worker>).get(); }, fault::kill, 7);
  CHECK_THROWS_MATCHES(tri::submit(pool, tri::fn<lose_own_worker>).get(), tri::worker_lost,
                       message_contains("ended by SIGKILL at index 7"));
  CHECK_THROWS_MATCHES(tri::submit(pool, tri::fn<wait_for_own_worker>).get(), tri::timed_out, message_contains("at index 3"));
}

TEST_CASE("process_pool: retries run what was lost again, and only that") {
  tri::process_pool const pool(2, {.retries = 3});
  std::size_t const n = 100;
  tri::buffer<std::uint32_t, tri::process_pool> calls(pool, std::vector<std::uint32_t>(n, 0));
  tri::for_each_index(pool, n, tri::bind_front<end_first_time>(calls.data()));
  auto const counted = calls.to_host();
  for (std::size_t i = 0; i < n; ++i) CHECK(counted[i] == (i % 10 == 3 ? 2 : 1));
  // At most so many times: four runs, then it counts as lost.
  calls.assign(std::vector<std::uint32_t>(n, 0));
  static constexpr auto always = [](std::uint32_t* c, std::size_t i) {
    std::atomic_ref(c[i]).fetch_add(1);
    if (i == 50) std::raise(SIGKILL);
  };
  CHECK_THROWS_AS(tri::for_each_index(pool, n, tri::bind_front<always>(calls.data())), tri::worker_lost);
  CHECK(calls.to_host()[50] == 4);
  // What is thrown is not tried again.
  calls.assign(std::vector<std::uint32_t>(n, 0));
  static constexpr auto count_and_throw = [](std::uint32_t* c, std::size_t i) {
    std::atomic_ref(c[i]).fetch_add(1);
    throw std::domain_error("once");
  };
  CHECK_THROWS_AS(tri::for_each_index(pool, 1, tri::bind_front<count_and_throw>(calls.data())), std::domain_error);
  CHECK(calls.to_host()[0] == 1);
}

TEST_CASE("process_pool: a timeout ends a kernel that hangs, and no other") {
  tri::process_pool const pool(2, {.retries = 2, .timeout = 100ms});
  for (std::size_t const bad : {std::size_t{0}, std::size_t{50}, std::size_t{99}}) try {
      tri::for_each_index(pool, 100, tri::bind_front<hang_at>(bad));
      FAIL("nothing was thrown");
    } catch (tri::timed_out const& e) {
      CHECK(e.first() == bad);
      CHECK(e.last() == bad + 1);
    }
  CHECK_THROWS_AS(tri::submit(pool, tri::bind_front<hang_at>(std::size_t{1}), std::size_t{1}).get(), tri::timed_out);
  // Many short ones may take longer together.
  static constexpr auto nap = [](std::size_t) { ::usleep(2000); };
  tri::for_each_index(pool, 200, tri::fn<nap>);
  ::usleep(200'000); // nor does a worker that has nothing to do take too long
  goes_on(pool);
  auto const calls = tri::transform(pool, std::vector<double>(1000, 1.0), tri::fn<busy>);
  CHECK(calls.size() == 1000);
}

TEST_CASE("process_pool: a stop that is asked for in the middle") {
  tri::process_pool const pool(2);
  std::stop_source stop;
  static constexpr auto nap = [](std::size_t) { ::usleep(1000); };
  auto work = pool.bulk(100'000, tri::detail::index_run<decltype(tri::fn<nap>)>{}, {.grain = 1, .stop = stop.get_token()});
  CHECK(!work.ready());
  stop.request_stop();
  CHECK_THROWS_AS(work.wait(), tri::cancelled);
  CHECK_THROWS_AS(work.wait(), tri::cancelled); // each time
  goes_on(pool);
}

TEST_CASE("process_pool: a storm of kills, with retries: no wrong item, no hang") {
  for (int const width : {1, 3}) {
    tri::process_pool const pool(width, {.retries = 10'000});
    auto const in = testing::numbers(3000);
    std::vector<double> expected(in);
    for (auto& x : expected) x = busy(x);
    std::atomic<bool> stop = false;
    std::atomic<int> kills = 0;
    std::jthread const killer([&] {
      for (std::uint64_t k = 0; !stop; ++k) {
        auto const workers = testing::workers_of_this_program();
        if (!workers.empty() && ::kill(workers[testing::scramble(k) % workers.size()], SIGKILL) == 0) ++kills;
        ::usleep(500);
      }
    });
    int wrong = 0;
    std::vector<tri::future<int>> tasks;
    for (int k = 0; k < 200 || kills < 50; ++k) {
      wrong += tri::transform(pool, in, tri::fn<busy>) != expected;
      tasks.push_back(tri::submit(pool, tri::fn<one>, static_cast<std::size_t>(k)));
    }
    for (auto& t : tasks) wrong += t.get() != 1;
    stop = true;
    CHECK(wrong == 0);
  }
}

namespace {
/// It takes its name when it has begun.
pid_t the_supervisor() {
  for (;;)
    if (auto const found = testing::supervisors_of_this_program(); !found.empty()) return found[0];
}
} // namespace

TEST_CASE("process_pool: the supervisor is killed") {
  static constexpr auto hang_once_begun = [](std::uint32_t* begun, std::size_t) {
    std::atomic_ref(*begun).fetch_add(1);
    for (;;) ::usleep(1000);
  };
  static constexpr auto hang_first_time = [](std::uint32_t* begun, std::size_t i) {
    if (std::atomic_ref(begun[i]).fetch_add(1) == 0)
      for (;;) ::usleep(1000);
  };
  auto const wait_until = [](std::uint32_t& begun, std::uint32_t n) {
    while (std::atomic_ref(begun).load() < n) ::usleep(100);
  };
  for (int round = 0; round < 5; ++round) {
    tri::process_pool const pool(2);
    tri::buffer<std::uint32_t, tri::process_pool> begun(pool, std::vector<std::uint32_t>(3, 0));
    auto const hang = tri::bind_front<hang_once_begun>(begun.data());
    auto work = pool.bulk(1, tri::detail::index_run<decltype(hang)>{hang});
    auto task = tri::submit(pool, hang, std::size_t{0});
    wait_until(*begun.data(), 2);
    std::vector<tri::future<int>> behind;
    for (std::size_t k = 0; k < 100; ++k) behind.push_back(tri::submit(pool, tri::fn<one>, k));
    ::kill(the_supervisor(), SIGKILL);
    CHECK_THROWS_AS(work.wait(), tri::worker_lost);
    CHECK_THROWS_MATCHES(task.get(), tri::worker_lost, message_contains("with the process that watches over them"));
    for (auto& t : behind) CHECK(t.get() == 1); // what had not begun is not lost
    goes_on(pool);                              // with another supervisor
    ::kill(the_supervisor(), SIGKILL);
    ::usleep(50'000); // long enough to be noticed before the next job is handed over
    goes_on(pool);

    tri::process_pool const stubborn(2, {.retries = 1});
    tri::buffer<std::uint32_t, tri::process_pool> calls(stubborn, std::vector<std::uint32_t>(2, 0));
    auto const again = tri::bind_front<hang_first_time>(calls.data());
    auto twice = stubborn.bulk(2, tri::detail::index_run<decltype(again)>{again});
    for (std::size_t k = 0; k < 2; ++k) wait_until(calls.data()[k], 1);
    for (pid_t const supervisor : testing::supervisors_of_this_program()) ::kill(supervisor, SIGKILL);
    twice.wait();
    CHECK(calls.to_host() == std::vector<std::uint32_t>{2, 2});
    goes_on(pool);
  }
  CHECK(testing::workers_of_this_program().empty());
}

TEST_CASE("process_pool: where no process can be had, the call says so") {
  pid_t const child = ::fork();
  if (child == 0) {
    if (::getuid() == 0 && ::setresuid(65'534, 65'534, 65'534) != 0) ::_exit(77); // the limit does not hold for root
    int wrong = 0;
    for (bool const supervisor_too : {false, true}) {
      std::size_t const mine = 1 + (supervisor_too ? 0 : 1);
      rlimit const limit{mine, mine};
      ::setrlimit(RLIMIT_NPROC, &limit);
      try {
        wrong += tri::submit(tri::process_pool(3), tri::fn<one>, std::size_t{0}).get();
      } catch (std::system_error const& e) {
        if (e.code() != std::errc::resource_unavailable_try_again) ++wrong;
      } catch (std::exception const&) {
        ++wrong;
      }
    }
    ::_exit(wrong);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
    WARN("left out: this process can't become another user");
  else
    CHECK(status == 0);
}

TEST_CASE("process_pool: a result that leads to the worker's own memory is refused") {
  tri::process_pool const pool(1);
  static constexpr auto view = [] { return std::string_view("in the worker's program"); };
  static constexpr auto pointer = [] {
    static int here = 1;
    return &here;
  };
  static constexpr auto same_span = [](std::span<double const> s) { return s; };
  CHECK_THROWS_MATCHES(tri::submit(pool, tri::fn<view>).get(), std::invalid_argument, message_contains("the result is a view"));
  CHECK_THROWS_MATCHES(tri::submit(pool, tri::fn<pointer>).get(), std::invalid_argument,
                       message_contains("the result is a pointer"));
  tri::buffer const inside(pool, std::vector{10.0});
  CHECK(tri::submit(pool, tri::fn<same_span>, inside.view()).get()[0] == 10);
}

// Hidden: run by the next one, as a program that is killed.
TEST_CASE("process_pool: a program that hangs in its kernels", "[.hanging]") {
  tri::process_pool const pool(3);
  tri::buffer<char, tri::process_pool> const memory(pool, std::vector<char>(1 << 20, 'x'));
  static constexpr auto hang = [](std::size_t) {
    for (;;) ::usleep(1000);
  };
  std::puts("running");
  std::fflush(stdout);
  tri::for_each_index(pool, 3, tri::fn<hang>);
}

TEST_CASE("process_pool: a program that is killed leaves no process behind") {
  auto const self = std::filesystem::read_symlink("/proc/self/exe").string();
  for (int round = 0; round < 10; ++round) {
    std::array<int, 2> pipe{};
    REQUIRE(::pipe(pipe.data()) == 0);
    pid_t const child = ::fork();
    if (child == 0) {
      ::dup2(pipe[1], 1);
      ::execl(self.c_str(), self.c_str(), "[.hanging]", static_cast<char*>(nullptr));
      ::_exit(127);
    }
    ::close(pipe[1]);
    char c = 0;
    REQUIRE(::read(pipe[0], &c, 1) == 1); // it runs
    ::usleep(static_cast<useconds_t>(round) * 1000);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (::read(pipe[0], &c, 1) > 0) {
    } // until the last process that has it has gone
    ::close(pipe[0]);
    CHECK(testing::soon(
        [] { return testing::workers_of_this_program().empty() && testing::supervisors_of_this_program().empty(); }));
  }
}

TEST_CASE("process_pool: what kernels write is written once") {
  char name[] = "/tmp/trireme-output-XXXXXX";
  int const file = ::mkstemp(name);
  REQUIRE(file >= 0);
  std::fflush(stdout);
  int const saved = ::dup(1);
  ::dup2(file, 1);
  {
    std::printf("before;");
    tri::process_pool const pool(2);
    static constexpr auto say = [](std::size_t i) { std::printf("[%zu]", i); };
    tri::for_each_index(pool, 10, tri::fn<say>);
    std::printf("after;");
  }
  std::fflush(stdout);
  ::dup2(saved, 1);
  ::close(saved);
  std::string text(1000, '\0');
  text.resize(static_cast<std::size_t>(::pread(file, text.data(), text.size(), 0)));
  ::close(file);
  ::unlink(name);
  CHECK(text.find("before;") != std::string::npos);
  CHECK(text.ends_with("after;"));
  CHECK(text.size() == 7 + 10 * 3 + 6);
  for (char i = '0'; i <= '9'; ++i) CHECK(text.find(std::string("[") + i + "]") != std::string::npos);
}
