// The caching allocator behind every tensor.
//
// Note [Same-stream reuse] A pool is touched by the owning JavaScript thread only. A freed block goes back to its size
// class at once, even while the stream still has work queued that reads it: whatever reuses the block is queued behind
// that work. Memory that must be written directly from the JavaScript thread checks `lastUse` first.
#pragma once
#include <cstdint>
#include <vector>

#include "backing.h"
#include "mark.h"
#include "scratch.h"

namespace ng {

struct Block {
  void* p = nullptr;
  size_t bytes = 0;      // asked for
  size_t capacity = 0;   // size class
  uint64_t lastUse = 0;  // stream position after which nothing queued touches the block's previous content
  int32_t slot = -1;     // index in the environment's table, -1 when freed
  int32_t device = 0;
  uint64_t life = 0;  // how often it has been handed out
  Mark mark;          // Note [Marks]; of the stream, all else belongs to the owner
  struct Pool* pool = nullptr;
};

struct PoolStats {
  int64_t live = 0;    // bytes in blocks handed out
  int64_t peak = 0;    // highest `live` so far
  int64_t cached = 0;  // bytes kept for reuse
  int64_t count = 0;   // blocks handed out
};

struct Pool {
  explicit Pool(Backing backing, bool guard) : backing_(backing), guard_(guard) {}
  ~Pool();

  // nullptr when the limit or the backing refuses even after the cache was flushed; `drain` is called before memory
  // goes back to the backing, so that no queued work still uses it.
  template <class Drain>
  Block* alloc(size_t bytes, Drain&& drain) {
    Block* b = take(bytes);
    if (b == nullptr && (stats_.cached > 0 || budget_->scratch.load(std::memory_order_relaxed) > 0)) {
      drain();
      flush();
      releaseIdleScratch();
      b = take(bytes);
    }
    return b;
  }
  void release(Block* b, uint64_t position);
  void flush();  // returns the whole cache to the backing; the stream must be idle

  void setLimit(int64_t bytes) { budget_->limit.store(bytes, std::memory_order_relaxed); }
  int64_t limit() const { return budget_->limit.load(std::memory_order_relaxed); }
  const BudgetPtr& budget() const { return budget_; }
  const PoolStats& stats() const { return stats_; }
  void resetPeak() { stats_.peak = stats_.live; }

  // Guard mode (NODEGRAD_GUARD=1): every block is followed by a canary and starts out as NaN.
  bool guarded() const { return guard_; }
  void prepareGuard(Block* b) const;
  bool guardIntact(const Block* b) const;

 private:
  Block* take(size_t bytes);
  void addLive(int64_t bytes) {
    stats_.live += bytes;
    budget_->live.store(stats_.live, std::memory_order_relaxed);
  }

  static constexpr int kClasses = 256;
  Backing backing_;
  bool guard_;
  BudgetPtr budget_ = std::make_shared<Budget>();
  PoolStats stats_;
  std::vector<Block*> free_[kClasses];
};

}  // namespace ng
