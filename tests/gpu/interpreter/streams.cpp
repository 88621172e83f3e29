/// @file streams.cpp
/// Streams, whose work is done late on purpose: when somebody waits for it, or in a random order.
#include "runtime.hpp"

#include <cstdio>
#include <cstring>
#include <ctime>

namespace interpreter {

Mode mode() {
  static Mode const m = [] {
    const char* s = getenv("INTERPRETER_MODE");
    return !s ? LAZY : !strcmp(s, "eager") ? EAGER : !strcmp(s, "random") ? RANDOM : LAZY;
  }();
  return m;
}
u64 random_number() {
  static u64 s = 0x2545F4914F6CDD1Dull + seed() * 0x9e3779b97f4a7c15ull;
  s ^= s << 13;
  s ^= s >> 7;
  s ^= s << 17;
  return s;
}

std::set<Stream*>& streams() {
  static std::set<Stream*> s;
  return s;
}
std::set<Event*>& events() {
  static std::set<Event*> s;
  return s;
}
Stream* null_stream() {
  static Stream* s = [] {
    auto x = new Stream;
    x->id = 0;
    streams().insert(x);
    return x;
  }();
  return s;
}
double now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool step(Stream* s) { // runs one; false where there is none
  if (s->q.empty() || s->running) return false;
  if (s->q.front().wait && !s->q.front().wait->done) advance_to(s->q.front().wait);
  Op op = std::move(s->q.front());
  s->q.pop_front();
  if (op.wait) return true;
  s->running = true;
  if (g_sticky == cudaSuccess || !strcmp(op.what, "record")) {
    try {
      op.act();
    } catch (Fault const& f) {
      if (g_sticky == cudaSuccess) {
        g_sticky = f.code;
        fprintf(stderr, "interpreter: FAULT %s: %s\n", cudaGetErrorName(f.code), f.text.c_str());
      }
    }
  }
  s->running = false;
  return true;
}
void drain(Stream* s) {
  while (step(s)) {
  }
}
void advance_to(std::shared_ptr<Mark> m) {
  while (!m->done && m->s && step(m->s)) {
  }
  if (!m->done) {
    diag("an event that nothing completes");
    m->done = true;
  }
}
void progress_some(int most) { // other orders than the asked-for: some work of any stream
  for (int k = 0; k < most; ++k) {
    std::vector<Stream*> v;
    for (auto* s : streams())
      if (!s->q.empty() && !s->running && (!s->q.front().wait || s->q.front().wait->done)) v.push_back(s);
    if (v.empty()) return;
    step(v[random_number() % v.size()]);
  }
}
void push(Stream* s, const char* what, std::function<void()> f, std::shared_ptr<Mark> wait) {
  if (s == null_stream())
    for (auto* o : std::set<Stream*>(streams()))
      if (o->blocking && o != s) drain(o);
  s->q.push_back({std::move(f), std::move(wait), what});
  if (s == null_stream() || mode() == EAGER)
    drain(s);
  else if (mode() == RANDOM)
    progress_some((int)(random_number() % 4));
}
Stream* stream_of(cudaStream_t s) {
  if (s == nullptr || s == cudaStreamLegacy || s == cudaStreamPerThread) return null_stream();
  auto* x = reinterpret_cast<Stream*>(s);
  if (!streams().count(x)) {
    diag("a stream that there is not");
    return nullptr;
  }
  return x;
}

} // namespace interpreter
