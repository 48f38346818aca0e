// The exported face of the library, and the question whether this machine can use it.
#include "api.h"
#include "gemm.h"
#include "stream.h"
#include "table.h"

namespace ng {
namespace {

std::string versionText(int v) { return std::to_string(v / 1000) + "." + std::to_string(v % 1000 / 10); }

struct Probe {
  int count = 0;
  std::string reason;
  std::deque<std::string> names;

  Probe() {
    int driver = 0, runtime = 0;
    cudaDriverGetVersion(&driver);
    cudaRuntimeGetVersion(&runtime);
    const cudaError_t e = cudaGetDeviceCount(&count);
    const char* gemm = nullptr;
    if (e != cudaSuccess) {
      count = 0;
      if (e == cudaErrorNoDevice) {
        reason = "the NVIDIA driver finds no GPU; check nvidia-smi and the environment variable CUDA_VISIBLE_DEVICES.";
      } else if (driver == 0) {
        reason =
            "no NVIDIA driver is installed on this machine; on one with an NVIDIA GPU, install the driver from "
            "nvidia.com/drivers.";
      } else if (e == cudaErrorInsufficientDriver) {
        reason = "the NVIDIA driver supports CUDA " + versionText(driver) + ", this build needs " +
                 versionText(runtime) + "; update the driver, or run `npm run build:cuda` with an older toolkit.";
      } else {
        reason = std::string("CUDA does not start (") + cudaGetErrorString(e) + "); check the GPU with nvidia-smi.";
      }
    } else if (count == 0) {
      reason = "the NVIDIA driver finds no GPU; check nvidia-smi and the environment variable CUDA_VISIBLE_DEVICES.";
    } else if (!cuda::gemmAvailable(&gemm)) {
      count = 0;
      reason = gemm;
    }
    for (int i = 0; i < count; i++) {
      cudaDeviceProp p{};
      names.push_back(cudaGetDeviceProperties(&p, i) == cudaSuccess ? p.name : "unknown");
    }
    cudaGetLastError();  // whatever the probing left behind
  }
};

const Probe& probe() {
  static const Probe p;
  return p;
}

const CudaApi& makeApi() {
  static const CudaApi api = {
      kCudaTableKey,
      &cuda::table(),
      [](const char** reason) -> int32_t {
        *reason = probe().reason.c_str();
        return probe().count;
      },
      [](int32_t device) { return probe().names[static_cast<size_t>(device)].c_str(); },
      [](int32_t device, const char** reason) { return CudaStream::open(device, reason); },
      [](CudaStream* s) { delete s; },
      [](CudaStream* s, int32_t op) {
        s->activate();
        s->setOp(op);
      },
      [](CudaStream* s, size_t bytes) -> void* {
        s->activate();
        void* p = nullptr;
        // Running out is an answer here, not a failure of the stream.
        if (cudaMalloc(&p, bytes) == cudaSuccess) return p;
        cudaGetLastError();
        return nullptr;
      },
      [](CudaStream* s, void* p) {
        s->activate();
        cudaFree(p);
      },
      [](CudaStream* s, void* dst, const void* src, size_t bytes) { s->write(dst, src, bytes); },
      [](CudaStream* s, void* dst, const void* src, size_t bytes) { s->read(dst, src, bytes); },
      [](CudaStream* s, void (*done)(void*), void* env) { s->notify(done, env); },
      [](CudaStream* s) { s->wait(); },
      [](CudaStream* s) -> int32_t { return s->idle(); },
      [](CudaStream* s, int32_t* op, char* message, size_t size) { return s->takeError(op, message, size); },
  };
  return api;
}

}  // namespace
}  // namespace ng

const ng::CudaApi* nodegrad_cuda_api(uint32_t version) {
  return version == ng::kCudaApiVersion ? &ng::makeApi() : nullptr;
}
