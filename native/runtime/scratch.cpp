#include "scratch.h"

#include <cstdlib>
#include <mutex>
#include <vector>

namespace ng {
namespace {

// Memory in one piece, and who pays for it.
struct Chunk {
  char* p;
  size_t size;
  BudgetPtr owner;
};

// One thread's workspaces: chunks one after the other, used up to (chunk, used). The thread holds `busy` from its first
// workspace in a scope to the scope's end.
struct Stack {
  std::mutex busy;
  std::vector<Chunk> chunks;
  ScratchMark end;
  size_t wanted = 0;  // what all chunks had together when they were given up for one

  void freeFrom(size_t first) {
    for (size_t i = first; i < chunks.size(); i++) {
      Chunk& c = chunks[i];
      std::free(c.p);
      if (c.owner) c.owner->scratch.fetch_sub(static_cast<int64_t>(c.size), std::memory_order_relaxed);
    }
    chunks.resize(first);
  }
  void freeAll() {
    freeFrom(0);
    end = {};
  }
};

// Never destroyed: threads may end while static destructors run.
struct Registry {
  std::mutex mutex;
  std::vector<Stack*> all;
};
Registry& registry() {
  static Registry* r = new Registry;
  return *r;
}

}  // namespace

struct ScratchThread {
  Stack* stack = nullptr;
  const BudgetPtr* budget = nullptr;
  int depth = 0;      // scopes around
  bool held = false;  // stack->busy

  ~ScratchThread() {
    if (stack == nullptr) return;
    std::lock_guard<std::mutex> lock(registry().mutex);
    std::erase(registry().all, stack);
    stack->freeAll();
    if (held) stack->busy.unlock();
    delete stack;
  }
  Stack& mine() {
    if (stack == nullptr) {
      stack = new Stack;
      std::lock_guard<std::mutex> lock(registry().mutex);
      registry().all.push_back(stack);
    }
    if (!held) {
      stack->busy.lock();
      held = true;
    }
    return *stack;
  }
};

namespace {

thread_local ScratchThread self;

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

void* pushScratch(size_t bytes, ScratchMark& before) {
  Stack& s = self.mine();
  before = s.end;
  if (bytes == 0) return nullptr;
  if (bytes > (size_t{1} << 60)) throw NoScratch(bytes);
  const size_t need = (bytes + 63) / 64 * 64;
  if (s.end.chunk < s.chunks.size() && s.end.used + need <= s.chunks[s.end.chunk].size) {
    void* p = s.chunks[s.end.chunk].p + s.end.used;
    s.end.used += need;
    return p;
  }
  // The chunks after this one are idle.
  const size_t next = s.end.used > 0 ? s.end.chunk + 1 : s.end.chunk;
  if (next >= s.chunks.size() || s.chunks[next].size < need) {
    s.freeFrom(next);
    const auto rounded = [](size_t n) { return (n + 4095) / 4096 * 4096 + 4096; };
    size_t size = rounded(need > s.wanted ? need : s.wanted);
    void* p = grow(size);
    if (p == nullptr) p = grow(size = rounded(need));
    if (p == nullptr) throw NoScratch(size);
    s.chunks.push_back({static_cast<char*>(p), size, self.budget ? *self.budget : nullptr});
    if (self.budget) (*self.budget)->scratch.fetch_add(static_cast<int64_t>(size), std::memory_order_relaxed);
  }
  s.end = {next, need};
  return s.chunks[next].p;
}

void popScratch(const ScratchMark& before) {
  Stack& s = *self.stack;
  s.end = before;
  if (before.used > 0 || before.chunk > 0 || s.chunks.size() < 2) return;
  // One chunk instead of several, from the next time on.
  s.wanted = 0;
  for (const Chunk& c : s.chunks) s.wanted += c.size;
  s.freeAll();
}

ScratchScope::ScratchScope(const BudgetPtr* budget) : thread_(self), outer_(thread_.budget) {
  thread_.budget = budget && *budget ? budget : nullptr;
  thread_.depth++;
}

ScratchScope::~ScratchScope() {
  thread_.budget = outer_;
  if (--thread_.depth > 0 || !thread_.held) return;
  thread_.held = false;
  thread_.stack->busy.unlock();
}

const BudgetPtr* currentBudget() { return self.budget; }

void releaseIdleScratch() {
  std::lock_guard<std::mutex> lock(registry().mutex);
  for (Stack* s : registry().all) {
    if (s == self.stack && self.held) continue;  // its own, in use
    if (!s->busy.try_lock()) continue;
    s->freeAll();
    s->busy.unlock();
  }
}

}  // namespace ng
