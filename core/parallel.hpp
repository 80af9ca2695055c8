// Threads: the only file of the core that knows them.
//
// A Team lives for one call from Python. Work is cut by size, never by the number of threads, and
// every partial result is merged in task order or in integers, so no result depends on the team.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <vector>

#if !defined(KPALETTE_SERIAL)
#include <system_error>
#include <thread>
#endif

namespace kpalette {

/// Tells a processor that it is in a spin loop.
inline void relax_cpu() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

#if defined(KPALETTE_SERIAL)

/// The serial twin, for targets without threads.
class Team {
 public:
  explicit Team(int) {}
  int size() const { return 1; }

  template <class Body>
  void run(std::size_t tasks, Body&& body) {
    for (std::size_t task = 0; task < tasks; ++task) body(task, 0);
  }
};

#else

class Team {
 public:
  /// `threads` counts the caller, so a team of one starts no thread. Where the system refuses to
  /// start that many, the team is smaller.
  explicit Team(int threads) {
    try {
      for (int worker = 1; worker < threads; ++worker) {
        threads_.emplace_back([this, worker] { serve(worker); });
      }
    } catch (const std::system_error&) {
    }
  }

  ~Team() {
    stopping_.store(true, std::memory_order_relaxed);
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
    for (auto& thread : threads_) thread.join();
  }

  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  int size() const { return 1 + static_cast<int>(threads_.size()); }

  /// Calls body(task, worker) once for every task below `tasks`, in any order, and returns when all
  /// are done. `worker` is below size(). The first exception thrown is thrown again here.
  template <class Body>
  void run(std::size_t tasks, Body&& body) {
    if (threads_.empty() || tasks <= 1) {
      for (std::size_t task = 0; task < tasks; ++task) body(task, 0);
      return;
    }
    job_ = [&body](std::size_t task, int worker) { body(task, worker); };
    tasks_ = tasks;
    failure_ = nullptr;
    failed_.store(false, std::memory_order_relaxed);
    next_.store(0, std::memory_order_relaxed);
    busy_.store(static_cast<std::uint32_t>(threads_.size()), std::memory_order_relaxed);
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
    work(0);
    for (int spin = 0; spin < kSpins && busy_.load(std::memory_order_acquire) != 0; ++spin) {
      relax_cpu();
    }
    for (auto busy = busy_.load(std::memory_order_acquire); busy != 0;
         busy = busy_.load(std::memory_order_acquire)) {
      busy_.wait(busy, std::memory_order_acquire);
    }
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  // About 20 microseconds: longer than the serial step between two passes of a fit, short enough
  // that a team waiting for a long serial stage sleeps.
  static constexpr int kSpins = 1000;

  void serve(int worker) {
    std::uint32_t seen = 0;
    for (;;) {
      for (int spin = 0; spin < kSpins && round_.load(std::memory_order_acquire) == seen; ++spin) {
        relax_cpu();
      }
      while (round_.load(std::memory_order_acquire) == seen) {
        round_.wait(seen, std::memory_order_acquire);
      }
      ++seen;
      if (stopping_.load(std::memory_order_relaxed)) return;
      work(worker);
      if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) busy_.notify_one();
    }
  }

  void work(int worker) {
    try {
      for (;;) {
        const std::size_t task = next_.fetch_add(1, std::memory_order_relaxed);
        if (task >= tasks_ || failed_.load(std::memory_order_relaxed)) return;
        job_(task, worker);
      }
    } catch (...) {
      if (!failed_.exchange(true)) failure_ = std::current_exception();
    }
  }

  std::vector<std::thread> threads_;
  std::function<void(std::size_t, int)> job_;
  std::size_t tasks_ = 0;
  std::exception_ptr failure_;
  std::atomic<bool> failed_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> next_{0};
  std::atomic<std::uint32_t> busy_{0};
  std::atomic<std::uint32_t> round_{0};
};

#endif

}  // namespace kpalette
