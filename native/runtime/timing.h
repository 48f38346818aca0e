// When calls run, for those who measure.
#pragma once
#include <chrono>

namespace ng {

// Nanoseconds of the steady clock: when JavaScript made the call and when it went on, and when the call ran.
struct Timing {
  double called = 0, returned = 0, begin = 0, end = 0;
};

inline double steadyNanos() {
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Notes when it is made and when it ends, unless `timing` is null.
class Timed {
 public:
  explicit Timed(Timing* timing) : timing_(timing) {
    if (timing_) timing_->begin = steadyNanos();
  }
  ~Timed() {
    if (timing_) timing_->end = steadyNanos();
  }
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

 private:
  Timing* timing_;
};

}  // namespace ng
