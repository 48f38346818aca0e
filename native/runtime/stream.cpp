#include "stream.h"

#include "spin.h"

namespace ng {

Stream::Stream() : ring_(new Call[kRing]) {
  ctx_.failFn = recordFailure;
  ctx_.stream = nullptr;
  ctx_.owner = this;
}

void Stream::stop() {
  if (thread_.joinable()) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stop_.store(true, std::memory_order_seq_cst);
    }
    wake_.notify_one();
    thread_.join();
  }
  for (uint64_t i = done_.load(); i < head_; i++) ring_[i % kRing].drop(ring_[i % kRing]);
  done_.store(head_);
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
  return ring_[head_ % kRing];
}

void Stream::commit(int64_t work) {
  if (work <= kInlineWork && idle()) {
    Call& c = ring_[head_ % kRing];
    c.run(c, ctx_);
    return;
  }
  commitQueued();
}

void Stream::commitQueued() {
  if (!thread_.joinable()) thread_ = std::thread([this] { loop(); });
  head_++;
  published_.store(head_, std::memory_order_seq_cst);
  if (sleeping_.load(std::memory_order_seq_cst)) {
    std::lock_guard<std::mutex> lock(mutex_);
    wake_.notify_one();
  }
}

void Stream::loop() {
  uint64_t at = 0;
  while (!stop_.load(std::memory_order_acquire)) {
    if (published_.load(std::memory_order_acquire) != at) {
      Call& c = ring_[at % kRing];
      c.run(c, ctx_);
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

void Stream::recordFailure(Ctx& c, Fail code, const char* message) {
  Stream& s = *static_cast<CtxOf&>(c).owner;
  std::lock_guard<std::mutex> lock(s.errorMutex_);  // parallel chunks may fail together
  if (s.failed_.load(std::memory_order_relaxed)) return;
  s.error_.code = code;
  s.error_.message = message;
  s.failed_.store(true, std::memory_order_release);
}

StreamError Stream::takeError() {
  if (!failed_.load(std::memory_order_acquire)) return {};
  std::lock_guard<std::mutex> lock(errorMutex_);
  StreamError e = std::move(error_);
  error_ = {};
  failed_.store(false, std::memory_order_release);
  return e;
}

}  // namespace ng
