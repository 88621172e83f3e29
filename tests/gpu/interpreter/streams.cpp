/// @file streams.cpp
/// Streams, whose work is done late on purpose: when somebody waits for it, or in a random order.
#include "runtime.hpp"

#include <cstdio>
#include <cstring>
#include <ctime>

namespace interpreter {

stream_mode mode() {
  static stream_mode const m = [] {
    const char* s = getenv("INTERPRETER_MODE");
    return !s ? lazy : !strcmp(s, "eager") ? eager : !strcmp(s, "random") ? random_work : lazy;
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

std::set<work_stream*>& streams() {
  static std::set<work_stream*> s;
  return s;
}
std::set<stream_event*>& events() {
  static std::set<stream_event*> s;
  return s;
}
work_stream* null_stream() {
  static work_stream* s = [] {
    auto x = new work_stream;
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

static bool step(work_stream* s) { // runs one; false where there is none
  if (s->q.empty() || s->running) return false;
  if (s->q.front().wait && !s->q.front().wait->done) advance_to(s->q.front().wait);
  stream_work op = std::move(s->q.front());
  s->q.pop_front();
  if (op.wait) return true;
  s->running = true;
  if (g_sticky == cudaSuccess || !strcmp(op.what, "record")) {
    try {
      op.act();
    } catch (kernel_fault const& f) {
      if (g_sticky == cudaSuccess) {
        g_sticky = f.code;
        fprintf(stderr, "interpreter: FAULT %s: %s\n", cudaGetErrorName(f.code), f.text.c_str());
      }
    }
  }
  s->running = false;
  return true;
}
void drain(work_stream* s) {
  while (step(s)) {
  }
}
void advance_to(std::shared_ptr<stream_mark> m) {
  while (!m->done && m->s && step(m->s)) {
  }
  if (!m->done) {
    diag("an event that nothing completes");
    m->done = true;
  }
}
void progress_some(int most) { // other orders than the asked-for: some work of any stream
  for (int k = 0; k < most; ++k) {
    std::vector<work_stream*> v;
    for (auto* s : streams())
      if (!s->q.empty() && !s->running && (!s->q.front().wait || s->q.front().wait->done)) v.push_back(s);
    if (v.empty()) return;
    step(v[random_number() % v.size()]);
  }
}
void push(work_stream* s, const char* what, std::function<void()> f, std::shared_ptr<stream_mark> wait) {
  if (s == null_stream())
    for (auto* o : std::set<work_stream*>(streams()))
      if (o->blocking && o != s) drain(o);
  s->q.push_back({std::move(f), std::move(wait), what});
  if (s == null_stream() || mode() == eager)
    drain(s);
  else if (mode() == random_work)
    progress_some((int)(random_number() % 4));
}
work_stream* stream_of(cudaStream_t s) {
  if (s == nullptr || s == cudaStreamLegacy || s == cudaStreamPerThread) return null_stream();
  auto* x = reinterpret_cast<work_stream*>(s);
  if (!streams().count(x)) {
    diag("a stream that there is not");
    return nullptr;
  }
  return x;
}

} // namespace interpreter
