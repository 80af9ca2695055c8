// Threads, which no other file of the core uses directly.
//
// A Team lives for one call from Python. Work is divided by size, never by the number of threads,
// and partial results are integers or are merged in task order. So no result depends on the team.
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

/// Adds to a sum that several threads may add to.
inline void add_shared(std::int64_t& sum, std::int64_t more) {
#if defined(KPALETTE_SERIAL)
  sum += more;
#else
  __atomic_fetch_add(&sum, more, __ATOMIC_RELAXED);
#endif
}

#if defined(KPALETTE_SERIAL)

/// The serial version, for targets without threads.
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
  /// `threads` includes the caller, so a team of one starts no thread. If the system cannot start
  /// that many, the team is smaller.
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
    state_.fetch_add(kRound, std::memory_order_release);
    state_.notify_all();
    for (auto& thread : threads_) thread.join();
  }

  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  int size() const { return 1 + static_cast<int>(threads_.size()); }

  /// Calls body(task, worker) once for every task below `tasks`, in any order, and returns when all
  /// are done. `worker` is below size(). The first exception of a body is rethrown here.
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
    const std::uint32_t round = state_.load(std::memory_order_relaxed) / kRound + 1;
    state_.store(round * kRound | kOpen, std::memory_order_release);
    state_.notify_all();
    work(0);
    // Now no thread can join any more, and none that has not begun is waited for.
    std::uint32_t state = state_.fetch_and(~kOpen, std::memory_order_acq_rel) & ~kOpen;
    for (int spin = 0; spin < kSpins && state % kOpen != 0; ++spin) {
      relax_cpu();
      state = state_.load(std::memory_order_acquire);
    }
    while (state % kOpen != 0) {
      state_.wait(state, std::memory_order_acquire);
      state = state_.load(std::memory_order_acquire);
    }
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  // About 20 microseconds: longer than the serial step between two passes of a fit, short enough
  // that a team waiting for a long serial stage sleeps.
  static constexpr int kSpins = 1000;

  // state_ holds, from its lowest bit: the number of threads at work (15 bits), whether others may
  // join, and the round's number. A thread that sleeps until the number recurs misses one round.
  static constexpr std::uint32_t kOpen = 1u << 15;
  static constexpr std::uint32_t kRound = 1u << 16;

  void serve(int worker) {
    std::uint32_t seen = 0;
    for (;;) {
      std::uint32_t state = state_.load(std::memory_order_acquire);
      for (int spin = 0; spin < kSpins && state / kRound == seen; ++spin) {
        relax_cpu();
        state = state_.load(std::memory_order_acquire);
      }
      while (state / kRound == seen && !stopping_.load(std::memory_order_relaxed)) {
        state_.wait(state, std::memory_order_acquire);
        state = state_.load(std::memory_order_acquire);
      }
      if (stopping_.load(std::memory_order_relaxed)) return;
      seen = state / kRound;
      while ((state & kOpen) != 0 && state / kRound == seen) {
        if (!state_.compare_exchange_weak(state, state + 1, std::memory_order_acq_rel)) continue;
        work(worker);
        const std::uint32_t left = state_.fetch_sub(1, std::memory_order_acq_rel) - 1;
        if (left % kRound == 0) state_.notify_all();  // closed, and the last thread ends
        break;
      }
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
  std::atomic<std::uint32_t> state_{0};
};

#endif

}  // namespace kpalette
