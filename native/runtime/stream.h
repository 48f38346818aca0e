// The CPU's in-order stream: a ring of calls and one executor thread that drains it.
//
// One thread (the owner) submits; calls run in order, either on the executor or, when the stream is idle and the call
// is small, inline on the owner: a tiny network must not pay for threads. What becomes of a failing call: Note [Marks].
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

#include "mark.h"
#include "scratch.h"

namespace ng {

class Stream {
 public:
  // `budget`: whose memory the calls' workspaces count as. `urgent`: its calls go first, Note [Priority].
  explicit Stream(BudgetPtr budget = nullptr, bool urgent = false);
  ~Stream() { stop(); }

  // Finishes the running call, drops the queued ones, joins the executor. Nothing may be submitted afterwards.
  void stop();
  // Like stop, but a kernel that is running is left to its thread, so that nobody waits for a long one. Then true is
  // the answer, this object and all memory that kernels use must stay, and `ended(env)` runs as the last act of that
  // thread; it may delete this object.
  bool leave(void (*ended)(void* env), void* env);

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

  // What the last failing call said, once. The stream must be idle.
  Failure takeError() { return marks_.takeLast(); }

 private:
  static constexpr uint64_t kRing = 512;
  // Up to this much work runs inline on the owner: about what a hand-over to a sleeping thread would cost.
  static constexpr int64_t kInlineWork = 30000;

  struct CtxOf : Ctx {
    Stream* owner;
  };

  void loop();
  void execute(Call& c, bool urgent);
  void askToStop();
  void dropFrom(uint64_t position);  // and all after it
  void retired();                    // a call is done, or dropped

  std::unique_ptr<Call[]> ring_;
  uint64_t head_ = 0;  // owner only; published through published_
  alignas(64) std::atomic<uint64_t> published_{0};
  alignas(64) std::atomic<uint64_t> done_{0};
  alignas(64) std::atomic<bool> sleeping_{false};
  std::atomic<bool> waiting_{false};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable wake_, finished_;
  Marks marks_;
  BudgetPtr budget_;
  const bool urgent_;
  // Under mutex_: the executor runs nothing more; it was left to itself, with the call that it may have been running.
  bool exited_ = false, left_ = false;
  uint64_t leftAt_ = 0;
  void (*ended_)(void*) = nullptr;
  void* endedEnv_ = nullptr;
  CtxOf ctx_;
  std::thread thread_;  // started by the first queued call
};

}  // namespace ng
