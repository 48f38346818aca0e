#include "stream.h"

#include "priority.h"
#include "spin.h"
#include "start_thread.h"

namespace ng {

Stream::Stream(BudgetPtr budget, bool urgent) : ring_(new Call[kRing]), budget_(std::move(budget)), urgent_(urgent) {
  ctx_.failFn = [](Ctx& c, Fail code, const char* message) {
    static_cast<CtxOf&>(c).owner->marks_.fail(code, message);
  };
  ctx_.stream = nullptr;
  ctx_.owner = this;
}

void Stream::stop() {
  if (thread_.joinable()) {
    askToStop();
    thread_.join();
  }
  dropFrom(done_.load());
  done_.store(head_);
}

void Stream::askToStop() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_.store(true, std::memory_order_seq_cst);
  }
  wake_.notify_one();
}

void Stream::dropFrom(uint64_t position) {
  for (uint64_t i = position; i < head_; i++) {
    ring_[i % kRing].drop(ring_[i % kRing]);
    retired();
  }
  head_ = position < head_ ? position : head_;
}

void Stream::retired() {
  if (urgent_) urgentEnds();
}

bool Stream::leave(void (*ended)(void*), void* env) {
  if (thread_.joinable()) {
    askToStop();
    std::lock_guard<std::mutex> lock(mutex_);
    // The executor sets done_ before it looks at stop_, so the call of that number is the only one that it may be
    // running, or has still to drop.
    leftAt_ = done_.load(std::memory_order_seq_cst);
    left_ = !exited_ && leftAt_ < head_ && !ring_[leftAt_ % kRing].host;
    ended_ = ended, endedEnv_ = env;
    if (left_) {
      dropFrom(leftAt_ + 1);
      thread_.detach();
      return true;
    }
  }
  stop();
  return false;
}

Call& Stream::reserve() {
  if (head_ - completed() >= kRing) {
    // Let a quarter of the ring drain, so that the owner does not wake for every single call.
    const uint64_t target = head_ - kRing + kRing / 4;
    for (Spinner spin; completed() < target;) {
      if (spin.elapsedMicros() < kSpinMicros) {
        spin.pause();
      } else {
        std::this_thread::sleep_for(std::chrono::microseconds(100));
      }
    }
  }
  Call& c = ring_[head_ % kRing];
  c.eachMark = nullptr;
  c.op = 0;
  c.timing = nullptr;
  c.host = false;
  return c;
}

void Stream::execute(Call& c, bool urgent) {
  if (marks_.admit(c)) {
    const ScratchScope scope(&budget_);
    const UrgentScope scoped(urgent);
    const Timed timed(c.timing);
    try {
      c.run(c, ctx_);
    } catch (const NoScratch& failure) {
      ctx_.fail(Why::noWorkspace, static_cast<int64_t>(failure.bytes / 1024));
    }
    marks_.finish(c);
  }
  c.drop(c);
}

void Stream::commit(int64_t work) {
  if (work <= kInlineWork && idle()) {
    // Here, too, it gives way to nobody: the owner is not to be held up for others.
    if (urgent_) urgentBegins();
    execute(ring_[head_ % kRing], true);
    retired();
    return;
  }
  commitQueued();
}

void Stream::commitQueued() {
  if (!thread_.joinable() && !startThread(thread_, [this] { loop(); })) {
    execute(ring_[head_ % kRing], true);  // no thread, hence nothing before it in the queue
    return;
  }
  if (urgent_) urgentBegins();
  head_++;
  published_.store(head_, std::memory_order_seq_cst);
  if (sleeping_.load(std::memory_order_seq_cst)) {
    std::lock_guard<std::mutex> lock(mutex_);
    wake_.notify_one();
  }
}

void Stream::loop() {
  uint64_t at = 0;
  while (!stop_.load(std::memory_order_seq_cst)) {
    if (published_.load(std::memory_order_acquire) != at) {
      if (!urgent_) giveWay();
      execute(ring_[at % kRing], urgent_);
      retired();
      done_.store(++at, std::memory_order_seq_cst);
      if (waiting_.load(std::memory_order_seq_cst)) {
        std::lock_guard<std::mutex> lock(mutex_);
        finished_.notify_one();
      }
      continue;
    }
    for (Spinner spin; published_.load(std::memory_order_acquire) == at && !stop_.load(std::memory_order_acquire);) {
      if (spin.elapsedMicros() < kSpinMicros) {
        spin.pause();
        continue;
      }
      std::unique_lock<std::mutex> lock(mutex_);
      sleeping_.store(true, std::memory_order_seq_cst);
      wake_.wait(lock, [&] { return published_.load(std::memory_order_seq_cst) != at || stop_.load(); });
      sleeping_.store(false, std::memory_order_seq_cst);
    }
  }
  {
    std::lock_guard<std::mutex> lock(mutex_);
    exited_ = true;
    if (!left_) return;
  }
  if (at == leftAt_) {
    ring_[at % kRing].drop(ring_[at % kRing]);
    retired();
    done_.store(at + 1);
  }
  ended_(endedEnv_);
}

void Stream::wait() {
  for (Spinner spin; !idle();) {
    if (spin.elapsedMicros() < kSpinMicros) {
      spin.pause();
      continue;
    }
    std::unique_lock<std::mutex> lock(mutex_);
    waiting_.store(true, std::memory_order_seq_cst);
    finished_.wait(lock, [&] { return done_.load(std::memory_order_seq_cst) == head_; });
    waiting_.store(false, std::memory_order_seq_cst);
  }
}

}  // namespace ng
