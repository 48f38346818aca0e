// The plain C interface between the addon and libnodegrad_cuda.so, which is built apart from it (nvcc) and opened at
// run time. Nothing here names a CUDA type, so the addon compiles without a toolkit.
#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels.h"

namespace ng {

// Raise it when this file, or a type that it passes (runtime/buffer.h, param.h, ctx.h), changes its layout.
// A new or changed kernel changes kCudaTableKey by itself.
inline constexpr uint32_t kCudaApiVersion = 3;

// A fingerprint of the kernel table: a library built from another kernels.def is refused.
constexpr uint64_t cudaTableKey() {
  uint64_t h = 14695981039346656037u;  // FNV-1a
#define X(name, cost, params, doc) \
  for (const char* p = #name #params; *p != 0; p++) h = (h ^ static_cast<unsigned char>(*p)) * 1099511628211u;
#include "kernels.def"
  return h;
}
inline constexpr uint64_t kCudaTableKey = cudaTableKey();

// One in-order stream of one GPU, with its staging memory, workspace and matrix product plans. Used by one thread.
struct CudaStream;

struct CudaApi {
  uint64_t tableKey;
  const KernelTable* kernels;  // null entries: kernels without a CUDA twin

  // How many GPUs can be used. When 0, *reason is one sentence that says what to do.
  int32_t (*deviceCount)(const char** reason);
  // The GPU's marketing name; valid for the life of the process.
  const char* (*deviceName)(int32_t device);
  // nullptr with one sentence in *reason when the GPU cannot be used.
  CudaStream* (*open)(int32_t device, const char** reason);
  // The stream must be idle.
  void (*close)(CudaStream*);
  // Makes the stream's GPU the calling thread's current one, before a kernel is called; `op`: Call::op, for its
  // failures.
  void (*activate)(CudaStream*, int32_t op);

  // Device memory from the driver: slow and synchronising, for a pool behind it. nullptr when there is none.
  void* (*alloc)(CudaStream*, size_t bytes);
  void (*free)(CudaStream*, void* p);

  // In stream order, through pinned staging. `src` may change as soon as `write` returns; `dst` of `read` must stay
  // valid until the stream has passed it.
  void (*write)(CudaStream*, void* dst, const void* src, size_t bytes);
  void (*read)(CudaStream*, void* dst, const void* src, size_t bytes);

  // Calls done(env) on a thread of the driver once everything queued so far is finished.
  void (*notify)(CudaStream*, void (*done)(void* env), void* env);
  void (*wait)(CudaStream*);
  int32_t (*idle)(CudaStream*);
  // Takes the first failure that the driver or a running kernel met: its code (none: there is none), the operation and
  // the message. A failure of work that is still running shows up once that work has been waited for.
  Fail (*takeError)(CudaStream*, int32_t* op, char* message, size_t size);
};

}  // namespace ng

#define NG_CUDA_API_SYMBOL "nodegrad_cuda_api"
// nullptr when the library speaks another version.
extern "C" __attribute__((visibility("default"))) const ng::CudaApi* nodegrad_cuda_api(uint32_t version);
