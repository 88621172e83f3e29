/// @file launch.cpp
/// A launch: some blocks at once, until all are complete.
#include "schedule.hpp"

namespace interpreter {

launch_context* g_launch;
u64 g_thread_instructions, g_warp_instructions;

schedule_order sched() {
  static schedule_order const s = (schedule_order)env("SCHED", 0);
  return s;
}
u64 slice() {
  static u64 const s = (u64)env("SLICE", sched() ? 2000 : 200000);
  return s;
}
u64 rnd() { // Marsaglia's xorshift64
  static u64 x = 88172645463325252ull + seed() * 0x9e3779b97f4a7c15ull;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return x;
}

void execute(ptx_function& f, int dev, const u32 grid[3], const u32 block[3], u32 dyn, const std::vector<char>& params) {
  if (!f.decoded) decode(f);
  forget_touches();
  bool const races = g_race;
  if (races && f.name.find("cub") != std::string::npos) g_race = false; // its own protocols
  struct again {
    bool r;
    ~again() { g_race = r; }
  } again_{races};
  launch_context L{dev, {grid[0], grid[1], grid[2]}, {block[0], block[1], block[2]}, params.data(), (u32)params.size(), dyn, &f};
  launch_context* const outer = g_launch;
  g_launch = &L;
  struct restore {
    launch_context* o;
    ~restore() { g_launch = o; }
  } r{outer};
  u64 const blocks = (u64)grid[0] * grid[1] * grid[2];
  u32 const nthreads = block[0] * block[1] * block[2];
  static u32 const resident_max = (u32)env("RESIDENT", 2);
  u64 next = 0;
  std::vector<std::unique_ptr<thread_block>> live;
  static std::vector<std::unique_ptr<thread_block>> pool;
  auto begin = [&] {
    std::unique_ptr<thread_block> b;
    if (!pool.empty()) {
      b = std::move(pool.back());
      pool.pop_back();
    } else
      b = std::make_unique<thread_block>();
    start_block(*b, f, next++, nthreads, dyn);
    live.push_back(std::move(b));
  };
  while (next < blocks || !live.empty()) {
    while (live.size() < resident_max && next < blocks) begin();
    if (sched() == 0) { // in order; others get a turn when one is out of its slice
      for (size_t k = 0; k < live.size();) {
        if (step_block(*live[k])) {
          pool.push_back(std::move(live[k]));
          live.erase(live.begin() + (long)k);
          if (next < blocks) begin();
        } else
          ++k;
      }
    } else {
      size_t k = rnd() % live.size();
      if (step_block(*live[k])) {
        pool.push_back(std::move(live[k]));
        live.erase(live.begin() + (long)k);
      }
    }
  }
  ++f.launches;
}

} // namespace interpreter
