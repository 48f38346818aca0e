// One device as the binding sees it: memory, a stream of kernel calls, and copies to and from the host.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "cuda/api.h"
#include "kernels.h"
#include "runtime/pool.h"
#include "runtime/stream.h"

namespace ng {

class Device {
 public:
  virtual ~Device() = default;

  Pool& pool() { return *pool_; }
  // The kernel, or nullptr when this device has none of that name.
  void* kernel(int id) const { return reinterpret_cast<void* const*>(table_)[id]; }

  // Where to decode the next call into; then submit it (`work`: see Stream::commit) or forget it.
  virtual Call& reserve() = 0;
  virtual void submit(int64_t work) = 0;
  // Runs `done(env)` on any thread once everything submitted so far is finished.
  virtual void notify(void (*done)(void* env), void* env) = 0;
  virtual void wait() = 0;
  // Drops the queued calls; nothing may be submitted afterwards. True: a kernel is still running, and `ended(env)`
  // comes from its thread when it is done, see Stream::leave.
  virtual bool leave(void (*ended)(void* env), void* env) = 0;
  virtual uint64_t position() const = 0;  // submitted calls so far
  virtual bool idle() = 0;
  // What a call that failed since the last question said, once; the device must be idle. For debugging: see Note
  // [Marks].
  virtual Failure takeError() = 0;
  // On CUDA, what the driver or a running kernel met, which belongs to whoever reads next. Null: nothing.
  virtual FailurePtr takeLate() { return nullptr; }

  // Host to device, in stream order; the source may change as soon as this returns.
  virtual void write(Block& b, size_t offset, const void* src, size_t bytes) = 0;
  // Device to host, in stream order; dst and `failure` must stay valid until the stream has passed it (notify, wait).
  // If the block carries a mark, `failure` gets it, and nothing is copied.
  virtual void read(Block& b, size_t offset, void* dst, size_t bytes, FailurePtr* failure) = 0;

 protected:
  std::unique_ptr<Pool> pool_;
  const KernelTable* table_ = nullptr;
};

// `urgent`: Note [Priority].
std::unique_ptr<Device> makeCpuDevice(const KernelTable* table, bool guard, bool urgent);
// GPU `index`, or nullptr with one sentence in `reason`.
std::unique_ptr<Device> makeCudaDevice(const CudaApi& api, int index, std::string& reason);

}  // namespace ng
