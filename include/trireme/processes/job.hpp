/// @file processes/job.hpp
/// A job as the parent has it: written into the region, handed over, waited for, and taken back.
#pragma once
#include <trireme/core/bound.hpp>
#include <trireme/processes/arena.hpp>
#include <trireme/processes/board.hpp>
#include <trireme/processes/crew.hpp>
#include <trireme/processes/failure.hpp>
#include <trireme/processes/image.hpp>
#include <trireme/processes/outbox.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <utility>

namespace trireme { inline namespace v1 { namespace detail {

/// Copies a kernel into the region, when what is bound in it leads to memory that is there. Pointers to functions become
/// those of the workers' image. @throws std::invalid_argument that names the bound argument.
template <class F>
void copy_kernel(process_crew& crew, F const& f, char* to) {
  std::memcpy(to, static_cast<void const*>(std::addressof(f)), sizeof(F));
  check_kernel(crew.region(), f, [&](auto const& function) {
    code_place const at = crew.place_of_code(reinterpret_cast<void const*>(function));
    if (at.module != crew.place_of_code(reinterpret_cast<void const*>(&enter_image)).module)
      throw std::invalid_argument("trireme: process_pool: a pointer to a function of a library can't be bound: use tri::fn");
    std::uint64_t const there = crew.shared().program_base + at.offset;
    static_assert(sizeof there == sizeof function);
    auto const place = reinterpret_cast<char const*>(&function) - reinterpret_cast<char const*>(std::addressof(f));
    std::memcpy(to + place, &there, sizeof there);
  });
}

/// A job from its handing over to its end.
class process_job {
public:
  /// `payload(p)` writes the payload, of that size and alignment, before a worker sees the job.
  template <class Payload>
  process_job(std::shared_ptr<process_crew> crew, job_plan const& plan, void const* code, std::size_t bytes, std::size_t align,
              Payload const& payload)
      : crew_(std::move(crew)) {
    board& b = crew_->shared();
    code_place const place = crew_->place_of_code(code);
    std::uint32_t const width = crew_->width();
    std::size_t const a = std::max(align, alignof(job));
    std::size_t const before = (job::bytes(plan.chunks, width) + a - 1) / a * a;
    void* const memory = crew_->heap().allocate(before + bytes, a);
    job_ = new (memory) job(plan);
    job_->width = width;
    job_->code = place;
    job_->payload = b.offset(memory) + before;
    std::memset(static_cast<void*>(job_->claims()), 0, (plan.chunks + width) * sizeof(shared_word));
    try {
      payload(static_cast<char*>(memory) + before);
    } catch (...) {
      crew_->heap().deallocate(memory);
      throw;
    }
  }
  process_job(process_job const&) = delete;
  process_job& operator=(process_job const&) = delete;
  ~process_job() {
    if (crew_->is_copy()) return; // another process's, which sees to it
    if (!published_) {
      crew_->heap().deallocate(job_);
      return;
    }
    wait();
    if (!failure_taken_) failure_record_release();
    crew_->take_back(*job_);
  }

  void publish() {
    crew_->publish(*job_);
    published_ = true;
  }
  [[nodiscard]] bool ready() const noexcept { return job_->complete.load() != 0 || crew_->overwritten(); }
  void wait() noexcept { crew_->wait_for(*job_); }
  [[nodiscard]] bool wait_until(std::int64_t until) noexcept { return crew_->wait_for(*job_, until); } ///< until then at most
  [[nodiscard]] job& get() noexcept { return *job_; }
  [[nodiscard]] process_crew& crew() noexcept { return *crew_; }

  /// What it ended in, if that is an exception. Once, when it is complete.
  [[nodiscard]] std::exception_ptr failure() {
    if (crew_->overwritten()) return std::make_exception_ptr(process_crew::overwritten_error());
    if (job_->failed.load() == 0) return nullptr;
    failure_taken_ = true;
    return failure_of(crew_->shared(), job_->failure);
  }

private:
  void failure_record_release() noexcept {
    if (!crew_->overwritten() && job_->failed.load() != 0 && job_->failure.text != 0)
      outbox::release(crew_->shared(), job_->failure.text, job_->failure.text_size);
  }

  std::shared_ptr<process_crew> crew_;
  job* job_;
  bool published_ = false;
  bool failure_taken_ = false;
};

}}} // namespace trireme::v1::detail
