/// @file processes/bulk.hpp
/// What a pool may have under way: a bulk, and a copy that waits for one.
#pragma once
#include <trireme/processes/crew.hpp>
#include <trireme/processes/job.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <stop_token>
#include <utility>

namespace trireme { inline namespace v1 { namespace detail {

/// Called by a worker for each run of a bulk.
template <class F>
void run_kernel(worker_side&, job&, void* kernel, std::size_t first, std::size_t last) {
  (*std::launder(static_cast<F const*>(kernel)))(first, last);
}

/// A kernel of any type, as it gets to the workers.
struct kernel_parcel {
  void const* code;
  std::size_t bytes, align;
  void const* from;
  void (*copy)(process_crew&, void const* from, char* to);

  template <class F>
  static kernel_parcel of(F const& f) {
    return {reinterpret_cast<void const*>(&run_kernel<F>), sizeof(F), alignof(F), std::addressof(f),
            [](process_crew& crew, void const* kernel, char* to) { copy_kernel(crew, *static_cast<F const*>(kernel), to); }};
  }
};

/// A bulk as a job: how [0, n) is cut, the kernel, and the stop token's message to the workers.
class process_bulk : public process_job {
public:
  process_bulk(std::shared_ptr<process_crew> crew, std::size_t n, kernel_parcel const& f, std::size_t grain,
               std::stop_token const& stop, job const* after)
      : process_job(crew, plan(crew->shared(), n, grain, after), f.code, f.bytes, f.align,
                    [&](char* to) { f.copy(*crew, f.from, to); }),
        stop_(stop, set_stop{&get()}) {
    publish();
  }

private:
  struct set_stop {
    job* to;
    void operator()() const noexcept { to->stop.store(1); }
  };

  /// Chunks enough to spread any work, and few enough to be cheap: claiming one takes some ten nanoseconds.
  static job_plan plan(board& b, std::size_t n, std::size_t grain, job const* after) {
    std::size_t const most = std::clamp<std::size_t>(std::size_t{128} * b.width, 256, 4096);
    std::size_t const run = grain != 0 ? grain : b.timeout_ns != 0 ? 1 : 0;
    std::size_t const unit = std::max<std::size_t>(run, 1), units = n / unit + (n % unit != 0);
    job_plan p;
    p.n = n;
    p.chunk_size = std::max<std::size_t>(1, units / most + (units % most != 0)) * unit;
    p.run_size = p.chunk_size == 1 ? 1 : run;
    p.chunks = static_cast<std::uint32_t>(n / p.chunk_size + (n % p.chunk_size != 0));
    p.after = after != nullptr ? b.offset(after) : 0;
    return p;
  }

  std::stop_callback<set_stop> stop_; // last: gone before the job is
};

/// Asynchronous work of a pool: a bulk, or a copy that waits for one.
class process_work {
public:
  process_work() = default;
  process_work(process_work const&) = delete;
  process_work& operator=(process_work const&) = delete;
  virtual ~process_work() = default;
  [[nodiscard]] virtual bool ready() noexcept = 0;
  virtual void settle() noexcept = 0;
  virtual void wait() = 0;
  [[nodiscard]] virtual job const* pending_job() noexcept { return nullptr; } ///< what another job may wait for
};

class process_bulk_work final : public process_work {
public:
  process_bulk_work(std::shared_ptr<process_work> before, std::shared_ptr<process_crew> crew, std::size_t n,
                    kernel_parcel const& f, std::size_t grain, std::stop_token const& stop, job const* after)
      : before_(std::move(before)), bulk_(std::move(crew), n, f, grain, stop, after) {}
  bool ready() noexcept override { return bulk_.ready(); }
  void settle() noexcept override { bulk_.wait(); }
  void wait() override {
    bulk_.wait();
    std::call_once(read_, [&] { failure_ = bulk_.failure(); });
    if (failure_) std::rethrow_exception(failure_);
  }
  job const* pending_job() noexcept override { return bulk_.ready() ? nullptr : &bulk_.get(); }

private:
  std::shared_ptr<process_work> before_; // the workers wait for its job
  process_bulk bulk_;
  std::once_flag read_;
  std::exception_ptr failure_;
};

/// A copy behind other work, done by who waits for it.
class process_copy final : public process_work {
public:
  process_copy(std::shared_ptr<process_work> before, void const* from, void* to, std::size_t bytes)
      : before_(std::move(before)), from_(from), to_(to), bytes_(bytes) {}
  bool ready() noexcept override {
    if (!done_ && before_->ready()) settle();
    return done_;
  }
  void settle() noexcept override {
    before_->settle();
    std::lock_guard const lock(mutex_);
    if (!done_ && bytes_ != 0) std::memcpy(to_, from_, bytes_);
    done_ = true;
  }
  void wait() override { settle(); }

private:
  std::shared_ptr<process_work> before_;
  void const* from_;
  void* to_;
  std::size_t bytes_;
  std::mutex mutex_;
  std::atomic<bool> done_ = false;
};

}}} // namespace trireme::v1::detail
