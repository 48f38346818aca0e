// What happens when there is no memory, no thread, or a kernel fails: errors, and the process lives on.
#include <atomic>
#include <new>

#if defined(__linux__)
#include <sys/resource.h>
#include <unistd.h>
#endif

#include "check.h"
#include "runtime/pool.h"
#include "runtime/scratch.h"
#include "runtime/start_thread.h"
#include "runtime/stream.h"

using namespace ng;
using namespace ng::test;

namespace {

constexpr int64_t kBig = 1 << 30;  // never inline

template <class F>
void enqueue(Stream& s, F f, int64_t work = kBig) {
  Call& c = s.reserve();
  static_assert(sizeof(F) <= sizeof(c.args));
  new (c.args) F(f);
  c.run = [](Call& call, Ctx& ctx) { (*reinterpret_cast<F*>(call.args))(ctx); };
  c.drop = [](Call&) {};
  s.commit(work);
}

#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// The process may map `more` bytes beyond what it has.
class MemoryLimit {
 public:
  explicit MemoryLimit(size_t more) {
    getrlimit(RLIMIT_AS, &before_);
    long pages = 0;
    FILE* f = std::fopen("/proc/self/statm", "r");
    if (f == nullptr || std::fscanf(f, "%ld", &pages) != 1) pages = 0;
    if (f) std::fclose(f);
    rlimit r = before_;
    r.rlim_cur = static_cast<rlim_t>(pages) * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + more;
    setrlimit(RLIMIT_AS, &r);
  }
  ~MemoryLimit() { setrlimit(RLIMIT_AS, &before_); }

 private:
  rlimit before_;
};
#define NG_MEMORY_LIMIT 1
#endif

}  // namespace

TEST(workspaceBeyondTheLimitFailsTheCall) {
  for (int threads : {1, 4}) {
    setNumThreads(threads);
    Pool pool(systemBacking(), false);
    Stream s(pool.budget());
    pool.setLimit(4 << 20);
    enqueue(s, [&](Ctx&) { parallelFor(64, 1, [](int64_t, int64_t) { Scratch<char>(64 << 20)[0] = 1; }); });
    s.wait();
    const Failure e = s.takeError();
    CHECK(e.code == Fail::outOfMemory && e.message == "cannot allocate a workspace of 65540 KiB");
    // The stream and the threads go on.
    std::atomic<int> ran{0};
    enqueue(s, [&](Ctx&) { parallelFor(64, 1, [&](int64_t, int64_t) { Scratch<char>(1000)[0] = 1, ran++; }); });
    s.wait();
    CHECK(ran == 64 && s.takeError().code == Fail::none);
  }
  setNumThreads(2);
}

// A helper may wake up for a loop that the others have finished, when the stream that it worked for is gone. Seen by
// the address sanitizer.
TEST(aThreadThatWakesLateMayOutliveTheStreamOfItsLoop) {
  setNumThreads(8);
  for (int i = 0; i < 500; i++) {
    auto s = std::make_unique<Stream>(std::make_shared<Budget>());
    enqueue(*s, [](Ctx&) { parallelFor(2, 1, [](int64_t, int64_t) {}); });
    s->wait();
  }
  setNumThreads(2);
}

TEST(workspacesCountTowardsTheLimitAndIdleOnesMakeRoom) {
  Pool pool(systemBacking(), false);
  Stream s(pool.budget());
  enqueue(s, [](Ctx&) { Scratch<char>(8 << 20)[0] = 1; });
  s.wait();
  CHECK(pool.budget()->scratch >= 8 << 20);
  pool.setLimit(10 << 20);
  Block* b = pool.alloc(6 << 20, [&] { s.wait(); });  // 8 + 6 > 10, but nobody uses the workspace
  CHECK(b != nullptr && pool.budget()->scratch == 0);
  enqueue(s, [](Ctx&) { Scratch<char>(8 << 20)[0] = 1; });
  s.wait();
  CHECK(s.takeError().code == Fail::outOfMemory);
  if (b) pool.release(b, 0);
}

TEST(aMatrixProductWithoutWorkspaceIsAnError) {
  constexpr int64_t n = 600;
  std::vector<float> a(n * n, 1), out(n * n, 5);
  Pool pool(systemBacking(), false);
  Stream s(pool.budget());
  pool.setLimit(1000);
  enqueue(s, [&](Ctx& c) {
    kernels().matmul(c, f32(out), f32(a), f32(a), {nullptr, DType::f32}, dims({}), dims({}), dims({}), n, n, n, n, 1, n,
                     1, 0);
  });
  s.wait();
  CHECK(s.takeError().code == Fail::outOfMemory);
  pool.setLimit(INT64_MAX);
  enqueue(s, [&](Ctx& c) {
    kernels().matmul(c, f32(out), f32(a), f32(a), {nullptr, DType::f32}, dims({}), dims({}), dims({}), n, n, n, n, 1, n,
                     1, 0);
  });
  s.wait();
  CHECK(s.takeError().code == Fail::none && out[0] == n);
}

TEST(aRunningKernelIsLeftToItsThread) {
  static std::atomic<bool> started, release, gone;
  started = release = gone = false;
  auto* s = new Stream;
  std::atomic<int> dropped{0}, *const count = &dropped;
  for (int i = 0; i < 3; i++) {
    Call& c = s->reserve();
    new (c.args) std::atomic<int>*(count);
    c.run = [](Call&, Ctx&) {
      started = true;
      while (!release) std::this_thread::yield();
    };
    c.drop = [](Call& call) { (**reinterpret_cast<std::atomic<int>**>(call.args))++; };
    s->commit(kBig);
  }
  while (!started) std::this_thread::yield();
  CHECK(s->leave(
      [](void* p) {
        delete static_cast<Stream*>(p);
        gone = true;
      },
      s));
  CHECK(!gone && dropped == 2);
  release = true;
  while (!gone) std::this_thread::yield();
}

TEST(aCallThatTouchesTheHostIsWaitedFor) {
  static std::atomic<bool> started, finished;
  started = finished = false;
  Stream s;
  Call& c = s.reserve();
  c.host = true;
  c.run = [](Call&, Ctx&) {
    started = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    finished = true;
  };
  c.drop = [](Call&) {};
  s.commitQueued();
  while (!started) std::this_thread::yield();
  CHECK(!s.leave([](void*) {}, nullptr));
  CHECK(finished);
}

TEST(leavingAtAnyMomentDropsEveryCallOnce) {
  for (int round = 0; round < 300; round++) {
    static std::atomic<int> seen;
    static std::atomic<bool> gone;
    seen = 0, gone = false;
    auto* s = new Stream;
    for (int i = 0; i < 20; i++) {
      Call& c = s->reserve();
      c.run = [](Call&, Ctx&) {};
      c.drop = [](Call&) { seen++; };
      s->commit(kBig);
    }
    for (int i = 0; i < round % 7; i++) std::this_thread::yield();
    const auto end = [](void* p) {
      delete static_cast<Stream*>(p);
      gone = true;
    };
    if (!s->leave(end, s)) end(s);
    while (!gone) std::this_thread::yield();
    CHECK(seen == 20);
  }
}

#ifdef NG_MEMORY_LIMIT
TEST(withoutThreadsEverythingRunsOnTheCaller) {
  setNumThreads(4);  // none is started yet
  std::atomic<int> ran{0};
  {
    const MemoryLimit none(1 << 20);  // less than a thread's stack
    std::atomic<bool> end{false};
    std::vector<std::thread> hogs(100);  // of the stacks that ended threads left to the C library
    size_t count = 0;
    while (count < hogs.size() && startThread(hogs[count], [&] {
             while (!end) std::this_thread::sleep_for(std::chrono::milliseconds(1));
           }))
      count++;
    CHECK(count < hogs.size());
    Stream s;
    enqueue(s, [&](Ctx&) { parallelFor(64, 1, [&](int64_t, int64_t) { ran++; }); });
    CHECK(ran == 64);  // already
    s.wait();
    end = true;
    for (size_t i = 0; i < count; i++) hogs[i].join();
  }
  Stream s;
  enqueue(s, [&](Ctx&) { parallelFor(64, 1, [&](int64_t, int64_t) { ran++; }); });
  s.wait();
  CHECK(ran == 128);
  setNumThreads(2);
}

TEST(aSystemWithoutMemoryIsAnError) {
  Stream s;
  enqueue(s, [](Ctx&) {});
  s.wait();  // its thread exists
  const MemoryLimit little(32 << 20);
  enqueue(s, [](Ctx&) { Scratch<char>(512 << 20)[0] = 1; });
  s.wait();
  CHECK(s.takeError().code == Fail::outOfMemory);
}
#endif
