#include "pool.h"

#include <bit>
#include <cstdlib>
#include <cstring>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace ng {
namespace {

constexpr size_t kMinBlock = 64;
constexpr size_t kHuge = size_t{2} << 20;
constexpr size_t kCanary = 64;

// Size classes: four per power of two, so at most a quarter of a block is wasted. Returns the class, sets the size.
int classOf(size_t bytes, size_t* size) {
  bytes = bytes < kMinBlock ? kMinBlock : (bytes + kMinBlock - 1) / kMinBlock * kMinBlock;
  const int log = 63 - std::countl_zero(static_cast<uint64_t>(bytes));
  const size_t base = size_t{1} << log, step = base / 4;
  const size_t quarter = (bytes - base + step - 1) / step;  // 0 .. 4
  *size = base + quarter * step;
  return log * 4 + static_cast<int>(quarter);  // quarter 4 is the next power's class 0
}

void* systemAlloc(void*, size_t bytes) {
  const size_t align = bytes >= kHuge ? kHuge : 64;
  void* p = nullptr;
  if (posix_memalign(&p, align, bytes) != 0) return nullptr;
#if defined(__linux__)
  if (bytes >= kHuge) madvise(p, bytes, MADV_HUGEPAGE);
#endif
  return p;
}

void systemFree(void*, void* p, size_t) { std::free(p); }

}  // namespace

Backing systemBacking() { return {systemAlloc, systemFree, nullptr, 64}; }

Pool::~Pool() { flush(); }

Block* Pool::take(size_t bytes) {
  if (bytes > (size_t{1} << 62)) return nullptr;
  size_t size = 0;
  const int c = classOf(bytes + (guard_ ? kCanary : 0), &size);
  // Workspaces and the cache count towards the limit, or a limit would not bound the process.
  const int64_t used = stats_.live + budget_->scratch.load(std::memory_order_relaxed) + static_cast<int64_t>(size);
  if (used > limit()) return nullptr;
  Block* b = nullptr;
  if (!free_[c].empty()) {
    b = free_[c].back();
    free_[c].pop_back();
    stats_.cached -= static_cast<int64_t>(size);
  } else {
    if (used + stats_.cached > limit()) return nullptr;
    void* p = backing_.alloc(backing_.env, size);
    if (p == nullptr) return nullptr;
    b = new Block;
    b->p = p;
    b->capacity = size;
    b->pool = this;
  }
  b->bytes = bytes;
  addLive(static_cast<int64_t>(size));
  stats_.count++;
  if (stats_.live > stats_.peak) stats_.peak = stats_.live;
  b->life++;
  return b;
}

void Pool::release(Block* b, uint64_t position) {
  size_t size = 0;
  const int c = classOf(b->capacity, &size);
  b->lastUse = position;
  b->slot = -1;
  addLive(-static_cast<int64_t>(b->capacity));
  stats_.cached += static_cast<int64_t>(b->capacity);
  stats_.count--;
  free_[c].push_back(b);
}

void Pool::flush() {
  for (auto& list : free_) {
    for (Block* b : list) {
      backing_.free(backing_.env, b->p, b->capacity);
      stats_.cached -= static_cast<int64_t>(b->capacity);
      delete b;
    }
    list.clear();
  }
}

void Pool::prepareGuard(Block* b) const {
  std::memset(b->p, 0xFF, b->bytes);
  std::memset(static_cast<char*>(b->p) + b->bytes, 0xA5, b->capacity - b->bytes);
}

bool Pool::guardIntact(const Block* b) const {
  const auto* p = static_cast<const unsigned char*>(b->p);
  for (size_t i = b->bytes; i < b->capacity; i++) {
    if (p[i] != 0xA5) return false;
  }
  return true;
}

}  // namespace ng
