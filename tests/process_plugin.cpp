/// @file process_plugin.cpp
/// A library that was unloaded, replaced on disk under the same name and loaded again: workers run what the program has.
#include <trireme/core/buffer.hpp>
#include <trireme/processes/executor.hpp>

#include "testing.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace tri = trireme;
namespace fs = std::filesystem;

namespace {

/// Loads what lies there, has its kernel run, and unloads it.
int run_plugin(tri::process_pool const& pool, fs::path const& path) {
  void* const library = ::dlopen(path.c_str(), RTLD_NOW);
  REQUIRE(library != nullptr);
  auto* const run = reinterpret_cast<void (*)(tri::process_pool const&, int*)>(::dlsym(library, "trireme_test_plugin"));
  REQUIRE(run != nullptr);
  tri::buffer<int, tri::process_pool> value(pool, std::vector{0});
  run(pool, value.data());
  ::dlclose(library);
  return value.to_host()[0];
}

/// A file that is mapped can't be written over, and the address sanitizer keeps libraries mapped that were closed.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TRIREME_TEST_LIBRARIES_STAY
#endif
#endif
#if defined(TRIREME_TEST_LIBRARIES_STAY) || defined(__SANITIZE_ADDRESS__)
constexpr bool libraries_stay = true;
#else
constexpr bool libraries_stay = false;
#endif

} // namespace

TEST_CASE("process_pool: a plugin that is replaced on disk, by another file and in place, forked and executed anew") {
  fs::path const builds[]{TRIREME_TEST_PLUGIN_ONE, TRIREME_TEST_PLUGIN_TWO};
  char folder[] = "/tmp/trireme-plugin-XXXXXX";
  REQUIRE(::mkdtemp(folder) != nullptr);
  fs::path const plugin = fs::path(folder) / "plugin.so", fresh = fs::path(folder) / "new.so";
  for (bool const forked : {true, false})
    for (bool const in_place : {false, true}) {
      if (in_place && libraries_stay) continue;
      CAPTURE(forked, in_place);
      fs::copy_file(builds[0], plugin, fs::copy_options::overwrite_existing);
      std::thread other;
      if (!forked) other = std::thread([&] { ::usleep(200'000); });
      tri::process_pool const pool(2);
      for (int round = 0; round < 6; ++round) {
        CAPTURE(round);
        auto const& build = builds[round % 2];
        if (in_place) {
          fs::copy_file(build, plugin, fs::copy_options::overwrite_existing);
        } else {
          fs::copy_file(build, fresh);
          fs::rename(fresh, plugin);
        }
        for (int call = 0; call < 5; ++call) CHECK(run_plugin(pool, plugin) == round % 2 + 1);
      }
      if (other.joinable()) other.join();
    }
  fs::remove_all(folder);
}
