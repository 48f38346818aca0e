#include "scratch.h"

#include <cstdlib>
#include <mutex>
#include <vector>

namespace ng {
namespace {

// One thread's workspaces. The thread holds `busy` from its first scratch() in a scope to the scope's end.
struct Slots {
  std::mutex busy;
  void* p[8] = {};
  size_t n[8] = {};
  BudgetPtr owner[8];

  void free(int slot) {
    std::free(p[slot]);
    if (owner[slot]) owner[slot]->scratch.fetch_sub(static_cast<int64_t>(n[slot]), std::memory_order_relaxed);
    p[slot] = nullptr, n[slot] = 0, owner[slot].reset();
  }
  void freeAll() {
    for (int i = 0; i < 8; i++) free(i);
  }
};

// Never destroyed: threads may end while static destructors run.
struct Registry {
  std::mutex mutex;
  std::vector<Slots*> all;
};
Registry& registry() {
  static Registry* r = new Registry;
  return *r;
}

struct Thread {
  Slots* slots = nullptr;
  const BudgetPtr* budget = nullptr;
  int depth = 0;      // scopes around
  bool held = false;  // slots->busy

  ~Thread() {
    if (slots == nullptr) return;
    std::lock_guard<std::mutex> lock(registry().mutex);
    std::erase(registry().all, slots);
    slots->freeAll();
    if (held) slots->busy.unlock();
    delete slots;
  }
  Slots& mine() {
    if (slots == nullptr) {
      slots = new Slots;
      std::lock_guard<std::mutex> lock(registry().mutex);
      registry().all.push_back(slots);
    }
    if (!held) {
      slots->busy.lock();
      held = true;
    }
    return *slots;
  }
};
thread_local Thread self;

bool fits(const Budget& b, size_t bytes) {
  const int64_t used = b.live.load(std::memory_order_relaxed) + b.scratch.load(std::memory_order_relaxed);
  return used + static_cast<int64_t>(bytes) <= b.limit.load(std::memory_order_relaxed);
}

// The pool's cache is not asked for room here, because another thread owns it: its next allocation makes it.
void* grow(size_t bytes) {
  if (self.budget && !fits(**self.budget, bytes)) {
    releaseIdleScratch();
    if (!fits(**self.budget, bytes)) return nullptr;
  }
  void* p = std::aligned_alloc(64, bytes);
  if (p == nullptr) {
    releaseIdleScratch();
    p = std::aligned_alloc(64, bytes);
  }
  return p;
}

}  // namespace

void* scratchBytes(int slot, size_t bytes) {
  Slots& s = self.mine();
  if (bytes > s.n[slot] || s.p[slot] == nullptr) {
    s.free(slot);
    if (bytes > (size_t{1} << 60)) throw NoScratch(bytes);
    const size_t rounded = (bytes + 4095) / 4096 * 4096 + 4096;
    void* p = grow(rounded);
    if (p == nullptr) throw NoScratch(rounded);
    s.p[slot] = p, s.n[slot] = rounded;
    if (self.budget) {
      s.owner[slot] = *self.budget;
      s.owner[slot]->scratch.fetch_add(static_cast<int64_t>(rounded), std::memory_order_relaxed);
    }
  }
  return s.p[slot];
}

ScratchScope::ScratchScope(const BudgetPtr* budget) : outer_(self.budget) {
  self.budget = budget && *budget ? budget : nullptr;
  self.depth++;
}

ScratchScope::~ScratchScope() {
  self.budget = outer_;
  if (--self.depth > 0 || !self.held) return;
  self.held = false;
  self.slots->busy.unlock();
}

const BudgetPtr* currentBudget() { return self.budget; }

void releaseIdleScratch() {
  std::lock_guard<std::mutex> lock(registry().mutex);
  for (Slots* s : registry().all) {
    if (s == self.slots && self.held) continue;  // its own, in use
    if (!s->busy.try_lock()) continue;
    s->freeAll();
    s->busy.unlock();
  }
}

}  // namespace ng
