// The one thread pool of the process, shared by all environments (worker threads load the addon too).
//
// Note [Never unloaded] Node unloads an addon when the last environment that loaded it ends. These threads live as long
// as the process and run its code, so the library is linked with -z nodelete.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "parallel.h"
#include "priority.h"
#include "processors.h"
#include "scratch.h"
#include "spin.h"
#include "start_thread.h"

namespace ng {
namespace {

// One parallel loop. Shared ownership: a worker that wakes late must find the job it was woken for still there.
struct Job {
  RangeFn fn;
  void* env;
  int64_t n, grain, chunks;
  BudgetPtr budget;  // of the call, whose stream may be gone when a helper wakes
  const bool urgent = isUrgent();
  std::atomic<int64_t> next{0}, done{0};
  std::atomic<size_t> missing{0};  // bytes of a workspace for which there was no memory

  void work() {
    int64_t mine = 0;
    for (;;) {
      const int64_t c = next.fetch_add(1, std::memory_order_relaxed);
      if (c >= chunks) break;
      giveWay();
      const int64_t b = c * grain, e = b + grain < n ? b + grain : n;
      mine++;
      // After a failure the rest is only counted.
      if (missing.load(std::memory_order_relaxed)) continue;
      try {
        fn(env, b, e);
      } catch (const NoScratch& failure) {
        missing.store(failure.bytes, std::memory_order_relaxed);
      }
    }
    if (mine) done.fetch_add(mine, std::memory_order_release);
  }
};

thread_local bool insideLoop = false;

class Pool {
 public:
  void setThreads(int n) {
    std::lock_guard<std::mutex> hold(busy_);
    stopWorkers();
    threads_ = n;
  }
  int threads() const { return threads_; }

  void run(int64_t n, int64_t grain, RangeFn fn, void* env) {
    const int64_t chunks = (n + grain - 1) / grain;
    std::unique_lock<std::mutex> hold(busy_, std::defer_lock);
    if (chunks == 1 || insideLoop || threads_ == 1 || !hold.try_lock()) {
      for (int64_t b = 0; b < n; b += grain) {
        giveWay();
        fn(env, b, b + grain < n ? b + grain : n);
      }
      return;
    }
    if (workers_.empty()) startWorkers();
    auto job = std::make_shared<Job>();
    job->fn = fn, job->env = env, job->n = n, job->grain = grain, job->chunks = chunks;
    if (const BudgetPtr* budget = currentBudget()) job->budget = *budget;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      job_ = job;
      generation_.fetch_add(1, std::memory_order_release);
    }
    if (sleeping_.load(std::memory_order_seq_cst) > 0) wake_.notify_all();
    insideLoop = true;
    job->work();
    insideLoop = false;
    for (Spinner spin; job->done.load(std::memory_order_acquire) < chunks;) spin.pause();
    if (const size_t bytes = job->missing.load(std::memory_order_relaxed)) throw NoScratch(bytes);
  }

 private:
  void startWorkers() {
    stop_ = false;
    // As many as the system gives; with none, every loop runs on its caller and the next one asks again.
    for (int i = 1; i < threads_; i++) {
      std::thread t;
      if (!startThread(t, [this] { loop(); })) break;
      workers_.push_back(std::move(t));
    }
  }

  void stopWorkers() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stop_ = true;
      generation_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    for (auto& w : workers_) w.join();
    workers_.clear();
  }

  void loop() {
    insideLoop = true;
    uint64_t seen = 0;
    for (;;) {
      // Spin briefly: waking a sleeping thread costs about 45 us, a spinning hand-over 50 ns (measured once, by hand).
      for (Spinner spin; generation_.load(std::memory_order_acquire) == seen;) {
        if (spin.elapsedMicros() < kSpinMicros) {
          spin.pause();
          continue;
        }
        std::unique_lock<std::mutex> lock(mutex_);
        sleeping_.fetch_add(1, std::memory_order_seq_cst);
        wake_.wait(lock, [&] { return generation_.load(std::memory_order_acquire) != seen; });
        sleeping_.fetch_sub(1, std::memory_order_seq_cst);
      }
      std::shared_ptr<Job> job;
      {
        std::lock_guard<std::mutex> lock(mutex_);
        seen = generation_.load(std::memory_order_acquire);
        if (stop_) return;
        job = job_;
      }
      if (job) {
        const ScratchScope scope(&job->budget);
        const UrgentScope urgent(job->urgent);
        job->work();
      }
    }
  }

  std::mutex busy_;  // held by the stream whose loop owns the workers
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::thread> workers_;
  std::shared_ptr<Job> job_;
  std::atomic<uint64_t> generation_{0};
  std::atomic<int> sleeping_{0};
  // The addon does not load where the environment asks for 0.
  std::atomic<int> threads_{std::max(defaultThreads(), 1)};
  bool stop_ = false;
};

// Never destroyed: a worker may still run while static destructors do.
Pool& pool() {
  static Pool* p = new Pool;
  return *p;
}

}  // namespace

void parallelForImpl(int64_t n, int64_t grain, RangeFn fn, void* env) { pool().run(n, grain, fn, env); }
void setNumThreads(int n) { pool().setThreads(n); }
int numThreads() { return pool().threads(); }

}  // namespace ng
