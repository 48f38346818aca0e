// The CPU's in-order stream: a ring of calls and one executor thread that drains it.
//
// One thread (the owner) submits; calls run in order, either on the executor or, when the stream is idle and the call
// is small, inline on the owner: a tiny network must not pay for threads. The first failure sticks until it is taken
// at the next wait.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "ctx.h"

namespace ng {

struct Call {
  void (*run)(Call&, Ctx&);  // executes and destroys the arguments
  void (*drop)(Call&);       // destroys them without executing (teardown)
  alignas(16) unsigned char args[720];
};

struct StreamError {
  Fail code = Fail::none;
  std::string message;
};

class Stream {
 public:
  Stream();
  ~Stream() { stop(); }

  // Finishes the running call, drops the queued ones, joins the executor. Nothing may be submitted afterwards.
  void stop();

  // The next free entry; fill it, then commit. Blocks while the ring is full (back-pressure of a loop that never
  // awaits).
  Call& reserve();
  // `work` is an estimate in elementary operations (about a nanosecond each on one core).
  void commit(int64_t work);
  // Like commit, but always in the queue: for calls that must not run on the owner.
  void commitQueued();

  uint64_t submitted() const { return head_; }
  uint64_t completed() const { return done_.load(std::memory_order_acquire); }
  bool idle() const { return completed() == head_; }
  bool reached(uint64_t position) const { return completed() >= position; }
  void wait();  // until idle

  // Takes the sticky error, if any.
  StreamError takeError();

 private:
  static constexpr uint64_t kRing = 512;
  // Up to this much work runs inline on the owner: about what a hand-over to a sleeping thread would cost.
  static constexpr int64_t kInlineWork = 30000;

  struct CtxOf : Ctx {
    Stream* owner;
  };

  void loop();
  static void recordFailure(Ctx& c, Fail code, const char* message);

  std::unique_ptr<Call[]> ring_;
  uint64_t head_ = 0;  // owner only; published through published_
  alignas(64) std::atomic<uint64_t> published_{0};
  alignas(64) std::atomic<uint64_t> done_{0};
  alignas(64) std::atomic<bool> sleeping_{false};
  std::atomic<bool> waiting_{false};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable wake_, finished_;
  std::atomic<bool> failed_{false};
  StreamError error_;
  std::mutex errorMutex_;
  CtxOf ctx_;
  std::thread thread_;  // started by the first queued call
};

}  // namespace ng
