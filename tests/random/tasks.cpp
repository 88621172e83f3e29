/// @file tasks.cpp
/// Random calls of submit and map: what travels to the task and back, in which order it is read, and what throws on the way.
#include <trireme/algorithm/map.hpp>
#include <trireme/algorithm/submit.hpp>
#if defined(__linux__)
#include <trireme/processes/map.hpp>
#include <trireme/processes/submit.hpp>
#endif

#include "executors.hpp"
#include "kernels.hpp"
#include "ranges.hpp"

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace tri = trireme;
using namespace testing;

namespace {

/// What a task returns for words: something for each of them, and their number.
template <class T>
struct several {
  fault bad;
  std::vector<T> operator()(std::vector<std::uint64_t> const& words, std::string const& text) const {
    std::vector<T> out;
    for (std::uint64_t const w : words) {
      bad.at(w);
      out.push_back(made<T>(w + text.size()));
    }
    return out;
  }
};

/// Tasks, whose results are read in any order, or not at all.
template <class T, class E>
void submit_once(random_call& call, E const& ex) {
  std::size_t const count = 1 + call.below(20);
  call.note(count, " tasks of ", name_of<T>());
  struct open {
    tri::future<std::vector<T>> future;
    std::vector<std::uint64_t> words;
    std::string text;
    fault bad;
  };
  std::vector<open> tasks;
  for (std::size_t k = 0; k < count; ++k) {
    std::vector<std::uint64_t> words(call.once_in(10) ? 2000 : call.below(10));
    for (auto& w : words) w = call.word();
    std::string const text(call.below(100), 't');
    fault const bad = some_fault(call, words);
    tasks.push_back({tri::submit(ex, several<T>{bad}, words, text), words, text, bad});
  }
  while (!tasks.empty()) {
    auto const k = call.below(tasks.size());
    std::swap(tasks[k], tasks.back());
    auto& task = tasks.back();
    if (!call.once_in(10)) {
      std::vector<T> got;
      if (!throws(call, task.bad, [&] { got = task.future.get(); }))
        call.require(same_elements(got, several<T>{{}}(task.words, task.text)), "the result of a task");
    }
    tasks.pop_back();
  }
}

/// A map that is read to its end or left before, over a range of some kind.
template <class T, class E>
void map_once(random_call& call, E const& ex) {
  std::size_t const n = call.once_in(3) ? call.below(5000) : call.below(100);
  std::vector<double> x;
  std::uint64_t const from = call.word();
  for (std::size_t i = 0; i < n; ++i) x.push_back(made<double>(scramble(from + i)));
  follower watch;
  tri::loop_options options;
  some_options(call, options, watch);
  options.chunk_size = call.one_of<std::size_t>({0, 0, 1, 3, 100, ~std::size_t{0} >> 1});
  to<T> const f{call.word(), some_fault(call, x)};
  std::size_t const leave = call.once_in(4) ? call.below(n + 1) : n;
  call.note(n, " elements, map to ", name_of<T>(), ", chunk_size ", static_cast<std::size_t>(options.chunk_size), ", left at ",
            leave);
  auto const read = [&](auto&& results) {
    std::size_t at = 0;
    for (auto i = results.begin(); i != results.end() && at < leave; ++i, ++at) {
      fault const here = word_of(x[at]) == f.bad.word ? f.bad : fault{};
      std::optional<T> got;
      if (!throws(call, here, [&] { got.emplace(*i); }))
        call.require(same(*got, to<T>{f.salt, {}}(x[at])), "the result of an element");
    }
    call.require(at == leave, "there were fewer results");
  };
  switch (call.below(4)) {
    case 0: call.note("of a const vector"); return read(tri::map(ex, std::as_const(x), f, options));
    case 1: call.note("of an rvalue"); return read(tri::map(ex, std::vector<double>(x), f, options));
    case 2: call.note("read once"); return read(tri::map(ex, read_once_values(x), f, options));
    default: {
      call.note("of a list");
      std::list<double> list(x.begin(), x.end());
      return read(tri::map(ex, list, f, options));
    }
  }
}

template <class E>
inline constexpr bool has_tasks = !std::same_as<E, far_executor>;

template <class E>
using tried_on = std::conditional_t<tri::host_executor<E>, types<std::string, no_default, std::pair<double, std::string>>,
                                    types<double, std::string, large<1024>>>;

} // namespace

TEST_CASE("random calls of submit and map") {
  make_random_calls(400, [](random_call& call) {
    on_some_executor(call, [&]<class E>(E const& ex) {
      if constexpr (has_tasks<E>)
        with_one_of(tried_on<E>{}, call, [&]<class T>(std::type_identity<T>) {
          if (call.once_in(2)) return map_once<T>(call, ex);
          submit_once<T>(call, ex);
        });
    });
  });
}
