// Note [Marks] A failure belongs to the outputs of the call that failed. That call marks their blocks; a later call
// that would read a marked block does nothing and hands the mark on to its own outputs, except that a `state`
// (parameters and what an optimizer keeps) stays as it was, unmarked. Only whoever reads a marked tensor gets the
// error, so that nobody is told of another's failure, nobody sees what a failed call left behind, and no step is made
// with it. Writing a whole block anew takes its mark away; so does giving it back, because a mark counts for one life
// of its block.
//
// Marks are read and written in the order of the stream, like the memory that they speak of: by the executor, or by the
// owner while the stream is idle. As long as no call has failed they cost one comparison per call.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "call.h"

namespace ng {

struct Failure {
  Fail code = Fail::none;
  std::string message;
  int32_t op = 0;  // of the call, see Call::op
};
using FailurePtr = std::shared_ptr<const Failure>;

struct Mark {
  uint64_t life = 0;
  FailurePtr failure;
};

// The failure that `r` carries, or null.
inline FailurePtr failureOf(const MarkRef& r) {
  return r.mark != nullptr && r.mark->life == r.life ? r.mark->failure : nullptr;
}

// The marks of one stream.
class Marks {
 public:
  // Before a call. False: it must not run, because an input carries a mark, which its outputs now carry too.
  bool admit(Call& c) { return !any_ || c.eachMark == nullptr || !handOn(c); }
  // The running call fails; from any of its threads. The first failure counts.
  void fail(Fail code, const char* message);
  // After a call that ran.
  void finish(Call& c) {
    if (any_ || failing_.load(std::memory_order_acquire)) settle(c);
  }
  // What the last failing call said, once; code none if there is nothing new. The stream must be idle.
  Failure takeLast();

 private:
  bool handOn(Call& c);
  void settle(Call& c);

  bool any_ = false;  // a call has failed since the stream began
  std::atomic<bool> failing_{false};
  std::mutex mutex_;  // of now_
  Failure now_;
  FailurePtr last_;
};

}  // namespace ng
