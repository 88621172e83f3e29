/// @file processes/code.hpp
/// Functions named so that another image of the same program finds them: by the file that they come from and the place in
/// it, since every image is loaded at addresses of its own.
#pragma once
#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <string>

namespace trireme { inline namespace v1 { namespace detail {

/// What a linker writes into a file to tell it from all others; zeros where it did not.
using build_id = std::array<unsigned char, 32>;

/// The program (its path is empty) or a library that was loaded.
struct code_module {
  char path[4096];
  build_id id;
};

/// A place in one of the modules of a table.
struct code_place {
  std::uint32_t module = 0;
  std::uint64_t offset = 0;
};

/// The modules that kernels were found in. Only grows; a pool shows its workers the first `count` of them.
struct module_table {
  static constexpr std::size_t most = 32;
  std::atomic<std::uint32_t> count{0};
  std::array<code_module, most> modules;
};

/// The module that holds an address: its path and where it was loaded.
struct loaded_module {
  void const* address;
  char const* path = nullptr;
  std::uintptr_t base = 0;
  build_id id{};

  static int look(dl_phdr_info* info, std::size_t, void* data) {
    auto& self = *static_cast<loaded_module*>(data);
    auto const at = reinterpret_cast<std::uintptr_t>(self.address);
    for (std::size_t k = 0; k < info->dlpi_phnum; ++k) {
      auto const& segment = info->dlpi_phdr[k];
      if (segment.p_type != PT_LOAD || at < info->dlpi_addr + segment.p_vaddr ||
          at >= info->dlpi_addr + segment.p_vaddr + segment.p_memsz)
        continue;
      self.path = info->dlpi_name;
      self.base = info->dlpi_addr;
      self.id = id_of(*info);
      return 1;
    }
    return 0;
  }
  static build_id id_of(dl_phdr_info const& info) {
    build_id id{};
    for (std::size_t k = 0; k < info.dlpi_phnum; ++k) {
      auto const& segment = info.dlpi_phdr[k];
      if (segment.p_type != PT_NOTE) continue;
      std::size_t const align = segment.p_align == 8 ? 8 : 4;
      auto const padded = [&](std::size_t n) { return (n + align - 1) / align * align; };
      auto const* const begin = reinterpret_cast<char const*>(info.dlpi_addr + segment.p_vaddr);
      for (std::size_t at = 0; at + sizeof(ElfW(Nhdr)) <= segment.p_memsz;) {
        ElfW(Nhdr) note;
        std::memcpy(&note, begin + at, sizeof note);
        std::size_t const name = at + sizeof note, text = name + padded(note.n_namesz);
        if (text + note.n_descsz > segment.p_memsz) break;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(begin + name, "GNU", 4) == 0) {
          std::memcpy(id.data(), begin + text, std::min<std::size_t>(id.size(), note.n_descsz));
          return id;
        }
        at = text + padded(note.n_descsz);
      }
    }
    return id;
  }
  explicit loaded_module(void const* p) : address(p) { ::dl_iterate_phdr(look, this); }
};

/// Where a function is, for the workers that share the table. @throws std::length_error for code from more modules than
/// the table holds.
inline code_place find_code(module_table& table, std::mutex& mutex, void const* function) {
  loaded_module const found(function);
  if (found.path == nullptr) throw std::invalid_argument("trireme: process_pool: the kernel is in no module of this program");
  std::string const path = found.path;
  if (path.size() >= sizeof(code_module::path))
    throw std::length_error("trireme: process_pool: the path of a library is too long");
  std::lock_guard const lock(mutex);
  std::uint32_t const count = table.count.load();
  std::uint32_t k = 0;
  while (k < count && path != table.modules[k].path) ++k;
  if (k == count) {
    if (count == module_table::most) throw std::length_error("trireme: process_pool: kernels from more than 32 libraries");
    std::memcpy(table.modules[k].path, path.c_str(), path.size() + 1);
    table.modules[k].id = found.id;
    table.count.store(count + 1);
  }
  return {k, reinterpret_cast<std::uintptr_t>(function) - found.base};
}

/// A worker's side: the addresses where it has the modules.
class code_finder {
public:
  explicit code_finder(module_table const& table) : table_(table) {}

  /// The address of a place; loads its library first where that is needed.
  /// @throws std::runtime_error where it can't be loaded.
  void* operator()(code_place place) {
    auto& base = bases_[place.module];
    if (base == unknown) base = load(table_.modules[place.module]);
    return reinterpret_cast<void*>(base + place.offset);
  }

private:
  static constexpr std::uintptr_t unknown = ~std::uintptr_t{0};

  static std::uintptr_t load(code_module const& module) {
    char const* const path = module.path;
    void* const library = ::dlopen(path[0] == '\0' ? nullptr : path, RTLD_NOW);
    link_map* map = nullptr;
    if (library == nullptr || ::dlinfo(library, RTLD_DI_LINKMAP, &map) != 0)
      throw std::runtime_error(std::string("trireme: process_pool: a worker can't load the kernel's library: ") + ::dlerror());
    if (loaded_module const here(map->l_ld); here.id != module.id)
      throw std::runtime_error(std::string("trireme: process_pool: the kernel's library is another one on disk by now: ") + path);
    return static_cast<std::uintptr_t>(map->l_addr);
  }

  static std::array<std::uintptr_t, module_table::most> all_unknown() {
    std::array<std::uintptr_t, module_table::most> bases{};
    bases.fill(unknown);
    return bases;
  }

  module_table const& table_;
  std::array<std::uintptr_t, module_table::most> bases_ = all_unknown();
};

}}} // namespace trireme::v1::detail
