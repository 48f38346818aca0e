// Busy waiting that knows when to give up the core.
#pragma once
#include <chrono>
#include <cstdint>
#include <thread>

namespace ng {

// How long an idle thread spins before it sleeps. Longer than the gap between two ops of a step, far shorter than
// anything a person or a scheduler would notice.
inline constexpr int64_t kSpinMicros = 60;

static inline void cpuRelax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield" ::: "memory");
#endif
}

class Spinner {
 public:
  void pause() {
    cpuRelax();
    // With more runnable threads than cores the one we wait for may need this core.
    if ((++turns_ & 1023) == 0) std::this_thread::yield();
  }
  // Reads the clock only every 64 turns.
  int64_t elapsedMicros() {
    if ((turns_ & 63) == 0) {
      const auto now = std::chrono::steady_clock::now();
      if (turns_ == 0) start_ = now;
      micros_ = std::chrono::duration_cast<std::chrono::microseconds>(now - start_).count();
    }
    return micros_;
  }

 private:
  uint32_t turns_ = 0;
  int64_t micros_ = 0;
  std::chrono::steady_clock::time_point start_{};
};

}  // namespace ng
