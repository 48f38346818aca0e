// The runtime without JavaScript: stream, pool, thread pool. Run under the thread sanitizer these are the proof that
// hand-overs are sound.
#include <atomic>
#include <cstdint>
#include <cstring>
#include <new>
#include <thread>

#include "check.h"
#include "runtime/parallel.h"
#include "runtime/pool.h"
#include "runtime/priority.h"
#include "runtime/scratch.h"
#include "runtime/stream.h"

using namespace ng;

namespace {

// Queues `f` on the stream.
template <class F>
void enqueue(Stream& s, F f, int64_t work) {
  Call& c = s.reserve();
  static_assert(sizeof(F) <= sizeof(c.args));
  new (c.args) F(f);
  c.run = [](Call& call, Ctx& ctx) { (*reinterpret_cast<F*>(call.args))(ctx); };
  c.drop = [](Call&) {};
  s.commit(work);
}

constexpr int64_t kBig = 1 << 30;  // never inline

}  // namespace

TEST(streamRunsInOrderInlineAndQueued) {
  Stream s;
  std::vector<int> seen;
  for (int i = 0; i < 5000; i++) {
    enqueue(
        s, [&seen, i](Ctx&) { seen.push_back(i); }, i % 7 == 0 ? kBig : 1);
    if (i % 997 == 0) s.wait();
  }
  s.wait();
  CHECK(seen.size() == 5000);
  bool ordered = true;
  for (size_t i = 0; i < seen.size(); i++) ordered &= seen[i] == static_cast<int>(i);
  CHECK(ordered);
}

// Note [Priority]
TEST(urgentStreamGoesFirst) {
  Stream training, answers(nullptr, true);
  std::atomic<int> chunks{0};
  for (int i = 0; i < 200; i++) {
    enqueue(
        training,
        [&](Ctx&) {
          parallelFor(64, 1, [&](int64_t, int64_t) {
            std::this_thread::sleep_for(std::chrono::microseconds(20));
            chunks++;
          });
        },
        kBig);
  }
  // Chunks that run end, and each thread gives way for kMostMicros at a time: more, if the machine is slow to return.
  bool gaveWay = true;
  for (int i = 0; i < 5; i++) {
    int during = 0, allowed = 0;
    enqueue(
        answers,
        [&](Ctx&) {
          std::this_thread::sleep_for(std::chrono::microseconds(300));  // chunks that run end
          const int before = chunks;
          const auto since = std::chrono::steady_clock::now();
          std::this_thread::sleep_for(std::chrono::microseconds(500));
          during = chunks - before;
          const auto micros =
              std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - since);
          allowed = static_cast<int>(2 + micros.count() / kMostMicros) * numThreads();
        },
        kBig);
    answers.wait();
    gaveWay &= during <= allowed;
  }
  CHECK(gaveWay);
  CHECK(!training.idle());
  // One that takes long does not stop the others for good.
  const int before = chunks;
  enqueue(
      answers,
      [&](Ctx&) {
        for (int i = 0; i < 5000 && chunks == before; i++) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      },
      kBig);
  answers.wait();
  CHECK(chunks > before);
  training.wait();
  CHECK(chunks == 200 * 64);
}

TEST(urgentStreamThatEndsHoldsNobodyUp) {
  {
    Stream answers(nullptr, true);
    for (int i = 0; i < 20; i++) {
      enqueue(
          answers, [](Ctx&) { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }, kBig);
    }
    answers.stop();
  }
  const auto started = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; i++) giveWay();  // 200 ms if a call still counted
  CHECK(std::chrono::steady_clock::now() - started < std::chrono::milliseconds(100));
}

TEST(streamWakesAfterSleeping) {
  Stream s;
  std::atomic<int> count{0};
  for (int i = 0; i < 20; i++) {
    enqueue(
        s, [&](Ctx&) { count++; }, kBig);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // longer than the executor spins
    if (i % 3 == 0) s.wait();
  }
  s.wait();
  CHECK(count == 20);
}

TEST(streamTellsOfTheLastFailureOnce) {
  Stream s;
  enqueue(
      s, [](Ctx& c) { c.fail(Why::badIndex, 4, 2); }, kBig);
  enqueue(
      s, [](Ctx& c) { c.fail(Why::zeroDivisor); }, kBig);
  s.wait();
  const Failure e = s.takeError();
  CHECK(e.code == Fail::numeric && e.message == "integer division by zero");
  CHECK(s.takeError().code == Fail::none);
}

TEST(streamStopsInTheMiddleOfWork) {
  std::atomic<int> ran{0};
  {
    Stream s;
    for (int i = 0; i < 200; i++) {
      enqueue(
          s,
          [&](Ctx&) {
            ran++;
            std::this_thread::sleep_for(std::chrono::microseconds(200));
          },
          kBig);
    }
  }
  CHECK(ran >= 0 && ran < 200);
}

TEST(backPressureHoldsTheOwner) {
  Stream s;
  std::atomic<int64_t> done{0};
  for (int i = 0; i < 3000; i++) {
    enqueue(
        s, [&](Ctx&) { done++; }, kBig);
    CHECK(i - done.load() <= 600);
  }
  s.wait();
  CHECK(done == 3000);
}

TEST(twoStreamsShareTheThreadPool) {
  setNumThreads(4);
  const auto job = [](std::atomic<int64_t>& sum) {
    Stream s;
    for (int r = 0; r < 50; r++) {
      enqueue(
          s,
          [&](Ctx&) {
            parallelFor(1000, 10, [&](int64_t b, int64_t e) {
              int64_t t = 0;
              for (int64_t i = b; i < e; i++) t += i;
              sum += t;
            });
          },
          kBig);
    }
    s.wait();
  };
  std::atomic<int64_t> a{0}, b{0};
  std::thread other([&] { job(a); });
  job(b);
  other.join();
  CHECK(a == 50 * 499500 && b == 50 * 499500);
  setNumThreads(2);
}

TEST(parallelForCoversEveryIndexOnceInFixedChunks) {
  for (int threads : {1, 2, 4}) {
    setNumThreads(threads);
    for (int64_t n : {0, 1, 7, 64, 1000}) {
      std::vector<std::atomic<int>> hits(static_cast<size_t>(n));
      std::atomic<bool> aligned{true};
      parallelFor(n, 8, [&](int64_t b, int64_t e) {
        if (b % 8 != 0 || (e - b != 8 && e != n)) aligned = false;
        for (int64_t i = b; i < e; i++) hits[static_cast<size_t>(i)]++;
        parallelFor(3, 1, [&](int64_t, int64_t) {});  // nested: serial
      });
      bool once = aligned;
      for (auto& h : hits) once &= h == 1;
      CHECK(once);
    }
  }
  setNumThreads(2);
}

TEST(poolReusesBlocksAndCounts) {
  Pool p(systemBacking(), false);
  const auto none = [] {};
  Block* a = p.alloc(1000, none);
  CHECK(reinterpret_cast<uintptr_t>(a->p) % 64 == 0);
  CHECK(p.stats().count == 1 && p.stats().live >= 1000);
  void* first = a->p;
  p.release(a, 7);
  CHECK(p.stats().live == 0 && p.stats().cached >= 1000);
  Block* b = p.alloc(1000, none);
  CHECK(b->p == first && b->lastUse == 7);
  // At most a quarter is wasted.
  for (size_t n = 64; n < (1 << 22); n = n * 5 / 4 + 3) {
    Block* c = p.alloc(n, none);
    CHECK(c->capacity >= n && c->capacity <= n * 5 / 4 + 128);
    std::memset(c->p, 1, c->capacity);
    p.release(c, 0);
  }
  p.release(b, 0);
  p.flush();
  CHECK(p.stats().cached == 0);
}

TEST(poolLimitFlushesThenRefuses) {
  Pool p(systemBacking(), false);
  p.setLimit(1 << 20);
  bool drained = false;
  const auto drain = [&] { drained = true; };
  Block* a = p.alloc(600 << 10, drain);
  CHECK(a != nullptr);
  CHECK(p.alloc(600 << 10, drain) == nullptr);
  p.release(a, 0);
  CHECK(!drained);
  Block* b = p.alloc(900 << 10, drain);  // fits only after the cache was flushed
  CHECK(b != nullptr && drained);
  CHECK(p.alloc(size_t{1} << 63, drain) == nullptr);
  p.release(b, 0);
}

TEST(guardSeesAWriteBeyondTheEnd) {
  Pool p(systemBacking(), true);
  Block* a = p.alloc(100, [] {});
  p.prepareGuard(a);
  CHECK(p.guardIntact(a));
  static_cast<char*>(a->p)[100] = 1;
  CHECK(!p.guardIntact(a));
  p.release(a, 0);
}

TEST(scratchIsAStack) {
  float *first, *second;
  {
    const Scratch<float> a(1000);
    first = a;
    CHECK(reinterpret_cast<uintptr_t>(first) % 64 == 0);
    a[999] = 1;
    {
      const Scratch<float> b(1000), none(0);
      second = b;
      b[0] = b[999] = 2;
      CHECK(none.get() == nullptr && (second >= first + 1000 || second + 1000 <= first));
      // Beyond what the first chunk holds; what lies in it stays.
      const Scratch<char> large(1 << 22);
      large[0] = large[(1 << 22) - 1] = 3;
      CHECK(a[999] == 1 && b[0] == 2 && b[999] == 2);
    }
    const Scratch<float> c(10);
    CHECK(c.get() == second);
  }
  // Everything together lies in one piece from now on.
  const Scratch<float> a(1000), b(1000);
  const Scratch<char> large(1 << 22);
  CHECK(b.get() == a + 1008 && large.get() == static_cast<void*>(b + 1008));
}
