// Who goes first on the CPU.
//
// Note [Priority] A process may train and answer at once. The device cpu:1 is a second stream, with memory of its own,
// whose calls are urgent: while one waits or runs, other streams stop before their next call or chunk of a loop and
// leave the cores to it. They don't stop for longer than kMostMicros at a time, so that a stream of urgent calls that
// never ends slows a training down, and does not stop it.
#pragma once
#include <cstdint>

namespace ng {

inline constexpr int64_t kMostMicros = 2000;

void urgentBegins();
void urgentEnds();

// Whether this thread works for an urgent call; it then gives way to nobody.
bool isUrgent();

class UrgentScope {
 public:
  explicit UrgentScope(bool urgent);
  ~UrgentScope();
  UrgentScope(const UrgentScope&) = delete;
  UrgentScope& operator=(const UrgentScope&) = delete;

 private:
  bool& here_;  // looked up once
  const bool before_;
};

// Lets urgent calls pass. Costs one read when there are none.
void giveWay();

}  // namespace ng
