/// @file processes/code.hpp
/// Functions named so that another image of the same program finds them: by the file that they come from and the place in
/// it, since every image is loaded at addresses of its own.
#pragma once
#include <trireme/core/descriptor.hpp>

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <string>
#include <unordered_map>

namespace trireme { inline namespace v1 { namespace detail {

/// What a linker writes into a file to tell it from all others; a hash of the code where it did not.
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

/// The modules that kernels of a pool were found in, each build of a library for itself. Only grows.
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
    return hash_of(info);
  }
  /// Of the code, which is the same wherever it is loaded (FNV-1a).
  static build_id hash_of(dl_phdr_info const& info) {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (std::size_t k = 0; k < info.dlpi_phnum; ++k) {
      auto const& segment = info.dlpi_phdr[k];
      if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0 || (segment.p_flags & (PF_W | PF_R)) != PF_R) continue;
      auto const* const code = reinterpret_cast<unsigned char const*>(info.dlpi_addr + segment.p_vaddr);
      for (std::size_t at = 0; at < segment.p_filesz; ++at) hash = (hash ^ code[at]) * 0x100000001b3u;
    }
    build_id id{};
    std::memcpy(id.data(), &hash, sizeof hash);
    return id;
  }
  explicit loaded_module(void const* p) : address(p) { ::dl_iterate_phdr(look, this); }
};

/// How often a module was loaded, and unloaded, in this process.
struct module_changes {
  unsigned long long loaded = 0, unloaded = 0;
  bool operator==(module_changes const&) const = default;
  static module_changes now() {
    module_changes changes;
    ::dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* to) {
          *static_cast<module_changes*>(to) = {info->dlpi_adds, info->dlpi_subs};
          return 1; // the first one tells
        },
        &changes);
    return changes;
  }
};

/// The parent's side: names functions for the workers that share the table. What it knows holds until a module is loaded or
/// unloaded, since another may then lie at the same address, and be another build of the same file.
class code_namer {
public:
  explicit code_namer(module_table& table) : table_(table) {
    ::dl_iterate_phdr( // the first one is the program, which is never unloaded
        [](dl_phdr_info* info, std::size_t, void* self) { return static_cast<code_namer*>(self)->add_program(*info); }, this);
  }
  code_namer(code_namer const&) = delete;
  code_namer& operator=(code_namer const&) = delete;

  /// @throws std::length_error for code from more modules than the table holds.
  code_place operator()(void const* function) {
    if (auto const at = reinterpret_cast<std::uintptr_t>(function); at >= program_ && at < program_end_)
      return {0, at - program_};
    std::lock_guard const lock(mutex_);
    if (auto const changes = module_changes::now(); changes != changes_) {
      known_.clear();
      changes_ = changes;
    }
    auto const [known, fresh] = known_.try_emplace(function);
    if (fresh) try {
        known->second = find(function);
      } catch (...) {
        known_.erase(known);
        throw;
      }
    return known->second;
  }

private:
  int add_program(dl_phdr_info const& info) {
    program_ = program_end_ = info.dlpi_addr;
    for (std::size_t k = 0; k < info.dlpi_phnum; ++k)
      if (auto const& segment = info.dlpi_phdr[k]; segment.p_type == PT_LOAD)
        program_end_ = std::max(program_end_, info.dlpi_addr + segment.p_vaddr + segment.p_memsz);
    table_.modules[0].path[0] = '\0';
    static build_id const program = loaded_module::id_of(info);
    table_.modules[0].id = program;
    table_.count.store(1);
    return 1;
  }

  code_place find(void const* function) {
    loaded_module const found(function);
    if (found.path == nullptr) throw std::invalid_argument("trireme: process_pool: the kernel is in no module of this program");
    std::string const path = found.path;
    if (path.size() >= sizeof(code_module::path))
      throw std::length_error("trireme: process_pool: the path of a library is too long");
    std::uint32_t const count = table_.count.load();
    std::uint32_t k = 0;
    while (k < count && (path != table_.modules[k].path || found.id != table_.modules[k].id)) ++k;
    if (k == count) {
      if (count == module_table::most)
        throw std::length_error("trireme: process_pool: kernels from more than 32 libraries, or builds of them");
      std::memcpy(table_.modules[k].path, path.c_str(), path.size() + 1);
      table_.modules[k].id = found.id;
      table_.count.store(count + 1);
    }
    return {k, reinterpret_cast<std::uintptr_t>(function) - found.base};
  }

  module_table& table_;
  std::uintptr_t program_ = 0, program_end_ = 0; ///< where it is loaded
  std::mutex mutex_;
  module_changes changes_;
  std::unordered_map<void const*, code_place> known_;
};

/// A worker's side: the addresses where it has the modules.
class code_finder {
public:
  explicit code_finder(module_table const& table) : table_(table) {}

  /// The address of a place; loads its library first where that is needed.
  /// @throws std::runtime_error where it can't be loaded.
  void* operator()(code_place place) {
    auto& base = bases_[place.module];
    if (base == unknown) base = load(place.module);
    return reinterpret_cast<void*>(base + place.offset);
  }

private:
  static constexpr std::uintptr_t unknown = ~std::uintptr_t{0};

  /// Where another build of the file was loaded before, that may still be there, under the same name: the new one then comes
  /// from a copy.
  std::uintptr_t load(std::uint32_t k) const {
    code_module const& wanted = table_.modules[k];
    auto const same_path = [&](code_module const& m) { return std::strcmp(m.path, wanted.path) == 0; };
    bool const another = std::any_of(table_.modules.begin(), table_.modules.begin() + k, same_path);
    if (!another)
      if (auto const base = open(wanted.path, wanted.id); base != unknown) return base;
    copied_file const copy(wanted.path);
    if (auto const base = open(copy.path(k).c_str(), wanted.id); base != unknown) return base;
    throw std::runtime_error(std::string("trireme: process_pool: the kernel's library is another one on disk by now: ") +
                             wanted.path);
  }

  /// @returns where it lies; `unknown` where it is another build. @throws std::runtime_error where there is none.
  static std::uintptr_t open(char const* path, build_id const& id) {
    void* const library = ::dlopen(path[0] == '\0' ? nullptr : path, RTLD_NOW);
    link_map* map = nullptr;
    if (library == nullptr || ::dlinfo(library, RTLD_DI_LINKMAP, &map) != 0)
      throw std::runtime_error(std::string("trireme: process_pool: a worker can't load the kernel's library: ") + ::dlerror());
    return loaded_module(map->l_ld).id == id ? static_cast<std::uintptr_t>(map->l_addr) : unknown;
  }

  /// What is in a file now, in one of its own.
  class copied_file {
  public:
    explicit copied_file(char const* path) : file_(beyond_streams(::memfd_create("trireme-library", MFD_CLOEXEC))) {
      int const from = beyond_streams(::open(path, O_RDONLY | O_CLOEXEC));
      ssize_t sent = 1;
      while (file_ >= 0 && from >= 0 && sent > 0) sent = ::sendfile(file_, from, nullptr, std::size_t{1} << 30);
      if (from >= 0) ::close(from);
      if (from < 0 || sent != 0) {
        if (file_ >= 0) ::close(file_);
        throw std::runtime_error(std::string("trireme: process_pool: a worker can't read the kernel's library: ") + path);
      }
    }
    copied_file(copied_file const&) = delete;
    copied_file& operator=(copied_file const&) = delete;
    ~copied_file() { ::close(file_); }
    /// A name of its own for each k: a name that was loaded before would give what was loaded then.
    [[nodiscard]] std::string path(std::uint32_t k) const {
      std::string name = "/proc/self/fd/";
      for (; k != 0; --k) name += "./";
      return name + std::to_string(file_);
    }

  private:
    int file_;
  };

  static std::array<std::uintptr_t, module_table::most> all_unknown() {
    std::array<std::uintptr_t, module_table::most> bases{};
    bases.fill(unknown);
    return bases;
  }

  module_table const& table_;
  std::array<std::uintptr_t, module_table::most> bases_ = all_unknown();
};

}}} // namespace trireme::v1::detail
