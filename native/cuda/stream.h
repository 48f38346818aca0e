// One CUDA stream with what kernels need beside it: workspace, failure record, matrix product plans.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <string>

#include "api.h"
#include "runtime.h"
#include "runtime/ctx.h"

namespace ng::cuda {

class GemmPlans;  // gemm.h

// What a kernel found wrong with its data, in device memory. The first launch that fails keeps the record; within a
// launch the smallest position wins, so that the message does not depend on the schedule.
struct Failure {
  int lock;
  int why;         // Why, and the numbers of its text
  int op;          // of the call, see Call::op
  int64_t launch;  // 0: no failure
  int64_t position, a, b, c;
};

// Where a kernel reports to: passed by value.
struct Reporter {
  Failure* record;
  int64_t launch;
  int op;
};

}  // namespace ng::cuda

namespace ng {

struct CudaStream {
  int device = 0;
  cudaStream_t handle = nullptr;
  cudaDeviceProp properties;

  static CudaStream* open(int device, const char** reason);
  ~CudaStream();

  void activate();
  void setOp(int32_t op) { op_ = op; }       // of the call that is made next
  bool ok(cudaError_t e, const char* what);  // records the failure
  void fail(Fail code, const char* message);
  Fail takeError(int32_t* op, char* message, size_t size);

  // Device memory for one kernel call, valid until the next call that asks: the stream's order protects it. nullptr
  // (and a recorded failure) when there is none.
  void* workspace(size_t bytes);
  cuda::Reporter reporter();
  // Where the first failure among the launches so far can be seen on the device; null while there can be none.
  const cuda::Failure* failure() const { return mayFail_ ? record_ : nullptr; }
  cuda::GemmPlans& gemm();

  void write(void* dst, const void* src, size_t bytes);
  void read(void* dst, const void* src, size_t bytes);
  void notify(void (*done)(void*), void* env);
  void wait();
  bool idle();

 private:
  // A piece of pinned memory; `done` has passed when it may be used again.
  struct Staging {
    char* p = nullptr;
    size_t bytes = 0;
    cudaEvent_t done = nullptr;
  };

  CudaStream() = default;
  Staging* staging(size_t bytes);
  void fetchFailure();

  std::deque<Staging> staging_;  // oldest use first
  size_t stagingBytes_ = 0;
  void* workspace_ = nullptr;
  size_t workspaceBytes_ = 0;
  cuda::Failure *record_ = nullptr, *fetched_ = nullptr;  // on the device; its pinned copy
  int64_t launches_ = 0, reported_ = 0;
  bool mayFail_ = false;  // something that reports was launched since the record was last fetched
  Fail code_ = Fail::none;
  int32_t op_ = 0, failedOp_ = 0;
  std::string message_;
  std::unique_ptr<cuda::GemmPlans, void (*)(cuda::GemmPlans*)> gemm_{nullptr, nullptr};
};

}  // namespace ng
