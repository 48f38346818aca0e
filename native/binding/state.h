// Everything one JavaScript environment owns. The addon is loaded once per environment (main thread, each worker
// thread, each jest realm); only the thread pool is shared.
#pragma once
#include <node_api.h>

#include <atomic>
#include <deque>
#include <memory>
#include <vector>

#include "device.h"

namespace ng {

struct State;

// What the finalizer of a JavaScript object that owns a block is given.
struct Handle {
  State* state;
  Block* block;  // null after an explicit release
};

struct State {
  explicit State(napi_env env);

  napi_env env;
  const KernelTable* cpu = nullptr;
  // [0] is the CPU, [1] its urgent stream (Note [Priority]), the others GPUs; all but the first null until they are
  // used.
  std::vector<std::unique_ptr<Device>> devices;
  const CudaApi* cuda = nullptr;
  std::vector<Block*> blocks;   // by slot, null when free
  std::vector<Handle*> owners;  // by slot
  std::vector<int32_t> freeSlots;
  double* args = nullptr;  // the shared argument buffer
  double* regs = nullptr;  // the shared result registers, see Reg
  napi_threadsafe_function completed = nullptr;
  int64_t pendingReads = 0;
  int64_t handles = 0;  // those whose finalizer has not run
  bool guard = false;
  int64_t guardViolations = 0;
  bool synchronous = false;  // every call is waited for, and its failure thrown at once
  bool closed = false;
  std::unique_ptr<std::deque<Timing>> timings;  // of the calls since somebody began to measure

  // Names the block: its slot. The handle is idle again after `dropHandle`.
  Handle* takeHandle(Block* b);
  void dropHandle(Handle* h);
  void release(Block* b);
  int64_t liveBytes() const;
  Block* block(int32_t slot) const {
    return slot >= 0 && static_cast<size_t>(slot) < blocks.size() ? blocks[static_cast<size_t>(slot)] : nullptr;
  }
  // Runs when the environment is torn down, possibly in the middle of an operation (worker.terminate(), process.exit).
  void close();
  // After close(), and whenever a handle is gone: the environment's own hold on this ends with the last handle.
  void maybeDelete();

 private:
  void unhold();
  // Kept for the next block: thousands die in one collection, and giving them to malloc and back costs more than they
  // do.
  std::deque<Handle> allHandles_;
  std::vector<Handle*> idleHandles_;
  // The environment, and every executor that was left with a kernel which it still runs.
  std::atomic<int> holds_{1};
};

// Calls state->close(): the environment's cleanup hook.
void closeState(void* state);

// Registers shared with JavaScript (lib/native), doubles.
enum Reg { kRegSlot = 0, kRegLive = 1, kRegNextRead = 2, kRegTimings = 3, kRegs = 4 };

inline constexpr int32_t kUrgentCpu = 1, kFirstGpu = 2;  // device numbers

inline constexpr size_t kArgDoubles = 1 << 16;

}  // namespace ng
