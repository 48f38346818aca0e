// Blocks and threads on the host, see Note [Emulation]. Fibers are ucontexts; under a sanitizer, which is told about
// the stacks, they are also switched as such, otherwise by a jump: swapcontext makes two system calls, which cost more
// than a thread does between two barriers.
#undef _FORTIFY_SOURCE  // its longjmp refuses to change stacks
#include "emulate.h"

#include <setjmp.h>
#include <ucontext.h>

#include <memory>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace ng::emulate {
namespace {

constexpr size_t kStack = 64 * 1024;
constexpr unsigned kWarp = 32, kMaxThreads = 1024;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
struct Context {
  ucontext_t start;
};
void switchTo(Context& from, Context& to) { swapcontext(&from.start, &to.start); }
#else
struct Context {
  ucontext_t start;
  jmp_buf left;
  bool started = false;
};
__attribute__((noinline)) void switchTo(Context& from, Context& to) {
  from.started = true;
  if (_setjmp(from.left) != 0) return;
  if (to.started) _longjmp(to.left, 1);
  setcontext(&to.start);
}
#endif

// Runs one thread of a block after another, and is never left for good.
struct Fiber {
  Context context;
  std::unique_ptr<char[]> stack{new char[kStack]};
  uint3 index;
  bool done = false;
  int passed = 0;      // block barriers passed
  int warpPassed = 0;  // warp barriers passed
  void* fake = nullptr;
#if defined(__SANITIZE_THREAD__)
  void* tsan = __tsan_create_fiber(0);
  ~Fiber() { __tsan_destroy_fiber(tsan); }
#endif
};

struct Warp {
  int arrived = 0, phase = 0, live = 0;
  uint64_t words[kWarp];
};

// The block that the calling OS thread runs.
struct Block {
  Context main;
  std::vector<std::unique_ptr<Fiber>> fibers;
  Warp warps[kMaxThreads / kWarp];
  unsigned threads = 0, current = 0;
  int arrived = 0, phase = 0, live = 0;
  void (*body)(void*) = nullptr;
  void* env = nullptr;
  void* fake = nullptr;
  const void* mainStack = nullptr;
  size_t mainSize = 0;
#if defined(__SANITIZE_THREAD__)
  void* tsan = nullptr;
#endif
};

Block& block() {
  static thread_local Block b;
  return b;
}

unsigned warpOf(unsigned thread) { return thread / kWarp; }

void arriveAll(int& arrived, int& phase, int live) {
  if (live > 0 && arrived == live) {
    arrived = 0;
    phase++;
  }
}

// Fiber to scheduler. The scheduler resumes fibers round robin.
void leave(Block& b, Fiber& f) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&f.fake, b.mainStack, b.mainSize);
#endif
#if defined(__SANITIZE_THREAD__)
  __tsan_switch_to_fiber(b.tsan, 0);
#endif
  switchTo(f.context, b.main);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(f.fake, &b.mainStack, &b.mainSize);
#endif
}

void enter(Block& b, Fiber& f) {
  threadIdx = f.index;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&b.fake, f.stack.get(), kStack);
#endif
#if defined(__SANITIZE_THREAD__)
  b.tsan = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(f.tsan, 0);
#endif
  switchTo(b.main, f.context);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(b.fake, nullptr, nullptr);
#endif
}

void fiberMain() {
  Block& b = block();
  Fiber& f = *b.fibers[b.current];
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &b.mainStack, &b.mainSize);
#endif
  for (;;) {
    b.body(b.env);
    f.done = true;
    b.live--;
    Warp& w = b.warps[warpOf(b.current)];
    w.live--;
    // Those who wait no longer wait for this thread.
    arriveAll(b.arrived, b.phase, b.live);
    arriveAll(w.arrived, w.phase, w.live);
    leave(b, f);
  }
}

std::unique_ptr<Fiber> makeFiber() {
  auto f = std::make_unique<Fiber>();
  ucontext_t& start = f->context.start;
  getcontext(&start);
  start.uc_stack.ss_sp = f->stack.get();
  start.uc_stack.ss_size = kStack;
  start.uc_link = nullptr;
  makecontext(&start, fiberMain, 0);
  return f;
}

void runBlock(Block& b, dim3 size) {
  b.threads = size.x * size.y * size.z;
  b.live = static_cast<int>(b.threads);
  b.arrived = b.phase = 0;
  for (Warp& w : b.warps) w.arrived = w.phase = w.live = 0;
  while (b.fibers.size() < b.threads) b.fibers.push_back(makeFiber());
  for (unsigned t = 0; t < b.threads; t++) {
    Fiber& f = *b.fibers[t];
    f.done = false;
    f.passed = f.warpPassed = 0;
    f.index = {t % size.x, t / size.x % size.y, t / size.x / size.y};
    b.warps[warpOf(t)].live++;
  }
  while (b.live > 0) {
    for (unsigned t = 0; t < b.threads; t++) {
      Fiber& f = *b.fibers[t];
      if (f.done || f.passed > b.phase || f.warpPassed > b.warps[warpOf(t)].phase) continue;
      b.current = t;
      enter(b, f);
    }
  }
}

}  // namespace

void barrier() {
  Block& b = block();
  Fiber& f = *b.fibers[b.current];
  f.passed = b.phase + 1;
  b.arrived++;
  arriveAll(b.arrived, b.phase, b.live);
  while (f.passed > b.phase) leave(b, f);
}

void warpBarrier() {
  Block& b = block();
  Fiber& f = *b.fibers[b.current];
  Warp& w = b.warps[warpOf(b.current)];
  f.warpPassed = w.phase + 1;
  w.arrived++;
  arriveAll(w.arrived, w.phase, w.live);
  while (f.warpPassed > w.phase) leave(b, f);
}

uint64_t* warpWords() { return block().warps[warpOf(block().current)].words; }

void runGrid(dim3 grid, dim3 size, bool meet, void (*body)(void*), void* env) {
  blockDim = size;
  gridDim = grid;
  Block& b = block();
  b.body = body;
  b.env = env;
  for (unsigned z = 0; z < grid.z; z++) {
    for (unsigned y = 0; y < grid.y; y++) {
      for (unsigned x = 0; x < grid.x; x++) {
        blockIdx = {x, y, z};
        if (meet) {
          runBlock(b, size);
          continue;
        }
        for (threadIdx.z = 0; threadIdx.z < size.z; threadIdx.z++) {
          for (threadIdx.y = 0; threadIdx.y < size.y; threadIdx.y++) {
            for (threadIdx.x = 0; threadIdx.x < size.x; threadIdx.x++) body(env);
          }
        }
      }
    }
  }
}

}  // namespace ng::emulate
