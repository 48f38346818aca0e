#include <cstdlib>
#include <cstring>

#include "device.h"

namespace ng {
namespace {

class CpuDevice final : public Device {
 public:
  CpuDevice(const KernelTable* table, std::unique_ptr<Pool> pool, bool urgent) : stream_(pool->budget(), urgent) {
    table_ = table;
    pool_ = std::move(pool);
  }

  Call& reserve() override { return stream_.reserve(); }
  void submit(int64_t work) override { stream_.commit(work); }
  void wait() override { stream_.wait(); }
  bool leave(void (*ended)(void*), void* env) override { return stream_.leave(ended, env); }
  uint64_t position() const override { return stream_.submitted(); }
  bool idle() override { return stream_.idle(); }
  Failure takeError() override { return stream_.takeError(); }

  void notify(void (*done)(void*), void* env) override {
    struct Args {
      void (*done)(void*);
      void* env;
    };
    Call& c = stream_.reserve();
    c.host = true;
    new (c.args) Args{done, env};
    c.run = [](Call& call, Ctx&) {
      auto* a = reinterpret_cast<Args*>(call.args);
      a->done(a->env);
    };
    c.drop = [](Call&) {};
    stream_.commitQueued();
  }

  void write(Block& b, size_t offset, const void* src, size_t bytes) override {
    void* dst = static_cast<char*>(b.p) + offset;
    // A block whose previous life may still be read by queued work (Note [Same-stream reuse]) is written by the
    // stream itself, from a copy, because the caller may change `src` at once.
    if (stream_.reached(b.lastUse)) {
      std::memcpy(dst, src, bytes);
      return;
    }
    const PoolStats& st = pool_->stats();
    const bool room = st.live + st.cached + static_cast<int64_t>(bytes) <= pool_->limit();
    void* staging = room ? std::malloc(bytes) : nullptr;
    if (staging == nullptr) {  // then the caller waits
      stream_.wait();
      std::memcpy(dst, src, bytes);
      return;
    }
    std::memcpy(staging, src, bytes);
    queueCopy(dst, staging, bytes);
  }

  void read(Block& b, size_t offset, void* dst, size_t bytes, FailurePtr* failure) override {
    struct Args {
      void* dst;
      const void* src;
      size_t bytes;
      MarkRef mark;
      FailurePtr* failure;
    };
    Call& c = stream_.reserve();
    c.host = true;
    new (c.args) Args{dst, static_cast<const char*>(b.p) + offset, bytes, {&b.mark, b.life, false}, failure};
    c.run = [](Call& call, Ctx&) {
      auto* a = reinterpret_cast<Args*>(call.args);
      *a->failure = failureOf(a->mark);
      if (*a->failure == nullptr && a->bytes > 0) std::memcpy(a->dst, a->src, a->bytes);
    };
    c.drop = [](Call&) {};
    stream_.commit(static_cast<int64_t>(bytes / 16));
  }

 private:
  // Copies, and frees `src`.
  void queueCopy(void* dst, void* src, size_t bytes) {
    struct Args {
      void *dst, *src;
      size_t bytes;
    };
    Call& c = stream_.reserve();
    new (c.args) Args{dst, src, bytes};
    c.run = [](Call& call, Ctx&) {
      auto* a = reinterpret_cast<Args*>(call.args);
      std::memcpy(a->dst, a->src, a->bytes);
    };
    c.drop = [](Call& call) { std::free(reinterpret_cast<Args*>(call.args)->src); };
    stream_.commit(static_cast<int64_t>(bytes / 16));
  }

  Stream stream_;
};

}  // namespace

std::unique_ptr<Device> makeCpuDevice(const KernelTable* table, bool guard, bool urgent) {
  return std::make_unique<CpuDevice>(table, std::make_unique<Pool>(systemBacking(), guard), urgent);
}

}  // namespace ng
