#include <algorithm>

#include "gemm.h"
#include "stream.h"

namespace ng {
namespace {

// Copies go through pinned pieces of at most this size, so that filling one overlaps with sending another.
constexpr size_t kPiece = size_t{4} << 20;
// Staging grows up to this much before a copy waits for an earlier one.
constexpr size_t kMaxStaging = size_t{64} << 20;

thread_local int currentDevice = -1;

// The answer of a query. "Not ready" must not stay behind as the last error, or the next launch would find it.
bool passed(cudaError_t e) {
  if (e == cudaErrorNotReady) cudaGetLastError();
  return e != cudaErrorNotReady;
}

}  // namespace

CudaStream* CudaStream::open(int device, const char** reason) {
  static thread_local std::string why;
  std::unique_ptr<CudaStream> s(new CudaStream);
  s->device = device;
  s->activate();
  const auto need = [&](cudaError_t e, const char* what) {
    if (e == cudaSuccess) return true;
    why = "GPU " + std::to_string(device) + " cannot be used: " + what + " says \"" + cudaGetErrorString(e) +
          "\"; check it with nvidia-smi.";
    *reason = why.c_str();
    return false;
  };
  if (!need(cudaGetDeviceProperties(&s->properties, device), "cudaGetDeviceProperties") ||
      !need(cudaStreamCreateWithFlags(&s->handle, cudaStreamNonBlocking), "cudaStreamCreate") ||
      !need(cudaMalloc(reinterpret_cast<void**>(&s->record_), sizeof(cuda::Failure)), "cudaMalloc") ||
      !need(cudaHostAlloc(reinterpret_cast<void**>(&s->fetched_), sizeof(cuda::Failure), cudaHostAllocDefault),
            "cudaHostAlloc") ||
      !need(cudaMemsetAsync(s->record_, 0, sizeof(cuda::Failure), s->handle), "cudaMemset"))
    return nullptr;
  *s->fetched_ = {};
  s->gemm_ = cuda::makeGemmPlans(*s, reason);
  return s->gemm_ ? s.release() : nullptr;
}

CudaStream::~CudaStream() {
  activate();
  gemm_.reset();
  // Statuses are ignored: at process exit the driver may be gone already.
  for (Staging& s : staging_) {
    if (s.done) cudaEventDestroy(s.done);
    cudaFreeHost(s.p);
  }
  if (workspace_) cudaFree(workspace_);
  if (record_) cudaFree(record_);
  if (fetched_) cudaFreeHost(fetched_);
  if (handle) cudaStreamDestroy(handle);
}

void CudaStream::activate() {
  if (currentDevice == device) return;
  ok(cudaSetDevice(device), "cudaSetDevice");
  currentDevice = device;
}

bool CudaStream::ok(cudaError_t e, const char* what) {
  if (e == cudaSuccess) return true;
  char text[256];
  std::snprintf(text, sizeof(text), "CUDA failed in %s: %s", what, cudaGetErrorString(e));
  fail(e == cudaErrorMemoryAllocation ? Fail::outOfMemory : Fail::device, text);
  return false;
}

void CudaStream::fail(Fail code, const char* message) {
  if (code_ != Fail::none) return;
  code_ = code;
  message_ = message;
  failedOp_ = op_;
}

Fail CudaStream::takeError(int32_t* op, char* message, size_t size) {
  const cuda::Failure f = *fetched_;
  if (code_ == Fail::none && f.launch > reported_) {
    char text[256];
    const Fail code = describe(static_cast<Why>(f.why), f.a, f.b, f.c, text, sizeof(text));
    op_ = f.op;
    fail(code, text);
    // Copies of this failure that are still on their way are known by their launch number.
    reported_ = f.launch;
    activate();
    cudaMemsetAsync(record_, 0, sizeof(cuda::Failure), handle);
  }
  const Fail code = code_;
  *op = failedOp_;
  std::snprintf(message, size, "%s", message_.c_str());
  code_ = Fail::none;
  message_.clear();
  return code;
}

void* CudaStream::workspace(size_t bytes) {
  if (bytes <= workspaceBytes_) return workspace_;
  // cudaFree waits for the work that uses the old one.
  if (workspace_) ok(cudaFree(workspace_), "cudaFree");
  workspace_ = nullptr;
  workspaceBytes_ = 0;
  const size_t size = std::max(bytes + bytes / 2, size_t{1} << 20);
  if (ok(cudaMalloc(&workspace_, size), "cudaMalloc")) {
    workspaceBytes_ = size;
  } else {
    workspace_ = nullptr;
  }
  return workspace_;
}

cuda::Reporter CudaStream::reporter() {
  mayFail_ = true;
  return {record_, ++launches_, op_};
}

cuda::GemmPlans& CudaStream::gemm() { return *gemm_; }

// --- copies ---------------------------------------------------------------------------------------------------------

// A piece of at least `bytes` that no queued copy uses; moved to the end of the list.
CudaStream::Staging* CudaStream::staging(size_t bytes) {
  const auto reuse = [&](std::deque<Staging>::iterator it) {
    const Staging s = *it;
    staging_.erase(it);
    staging_.push_back(s);
    return &staging_.back();
  };
  for (auto it = staging_.begin(); it != staging_.end(); ++it) {
    if (it->bytes >= bytes && passed(cudaEventQuery(it->done))) return reuse(it);
  }
  if (stagingBytes_ >= kMaxStaging) {
    for (auto it = staging_.begin(); it != staging_.end(); ++it) {
      if (it->bytes < bytes) continue;
      if (!ok(cudaEventSynchronize(it->done), "cudaEventSynchronize")) return nullptr;
      return reuse(it);
    }
  }
  Staging s;
  s.bytes = 4096;
  while (s.bytes < bytes) s.bytes *= 4;
  if (!ok(cudaHostAlloc(reinterpret_cast<void**>(&s.p), s.bytes, cudaHostAllocDefault), "cudaHostAlloc"))
    return nullptr;
  if (!ok(cudaEventCreateWithFlags(&s.done, cudaEventDisableTiming), "cudaEventCreate")) {
    cudaFreeHost(s.p);
    return nullptr;
  }
  stagingBytes_ += s.bytes;
  staging_.push_back(s);
  return &staging_.back();
}

void CudaStream::write(void* dst, const void* src, size_t bytes) {
  activate();
  for (size_t at = 0; at < bytes; at += kPiece) {
    const size_t n = std::min(kPiece, bytes - at);
    Staging* s = staging(n);
    if (s == nullptr) return;
    std::memcpy(s->p, static_cast<const char*>(src) + at, n);
    if (!ok(cudaMemcpyAsync(static_cast<char*>(dst) + at, s->p, n, cudaMemcpyHostToDevice, handle), "write")) return;
    ok(cudaEventRecord(s->done, handle), "cudaEventRecord");
  }
}

void CudaStream::read(void* dst, const void* src, size_t bytes) {
  activate();
  struct Landing {
    void *to, *from;
    size_t bytes;
  };
  for (size_t at = 0; at < bytes; at += kPiece) {
    const size_t n = std::min(kPiece, bytes - at);
    Staging* s = staging(n);
    if (s == nullptr) return;
    if (!ok(cudaMemcpyAsync(s->p, static_cast<const char*>(src) + at, n, cudaMemcpyDeviceToHost, handle), "read"))
      return;
    const auto land = [](void* p) {
      std::unique_ptr<Landing> l(static_cast<Landing*>(p));
      std::memcpy(l->to, l->from, l->bytes);
    };
    auto* l = new Landing{static_cast<char*>(dst) + at, s->p, n};
    if (!ok(cudaLaunchHostFunc(handle, land, l), "cudaLaunchHostFunc")) {
      delete l;
      return;
    }
    ok(cudaEventRecord(s->done, handle), "cudaEventRecord");
  }
}

// --- waiting --------------------------------------------------------------------------------------------------------

void CudaStream::fetchFailure() {
  if (!mayFail_) return;
  mayFail_ = false;
  ok(cudaMemcpyAsync(fetched_, record_, sizeof(cuda::Failure), cudaMemcpyDeviceToHost, handle), "fetchFailure");
}

void CudaStream::notify(void (*done)(void*), void* env) {
  activate();
  fetchFailure();
  // After a failure of the driver the stream runs nothing any more: whoever waits must still be told.
  if (!ok(cudaLaunchHostFunc(handle, done, env), "cudaLaunchHostFunc")) done(env);
}

void CudaStream::wait() {
  activate();
  fetchFailure();
  ok(cudaStreamSynchronize(handle), "wait");
}

bool CudaStream::idle() {
  if (mayFail_) return false;
  activate();
  const cudaError_t e = cudaStreamQuery(handle);
  if (!passed(e)) return false;
  ok(e, "cudaStreamQuery");
  return true;
}

}  // namespace ng
