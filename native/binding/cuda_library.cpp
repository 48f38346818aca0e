#include "cuda_library.h"

#if !defined(_WIN32)
#include <dlfcn.h>
#endif

namespace ng {

const CudaApi* openCudaLibrary(const std::string& path, std::string& reason) {
#if defined(_WIN32)
  reason = "CUDA is supported on Linux only; on Windows, use WSL.";
  return nullptr;
#else
  struct Opened {
    const CudaApi* api = nullptr;
    std::string reason;
    explicit Opened(const std::string& p) {
      void* handle = dlopen(p.c_str(), RTLD_NOW | RTLD_LOCAL);
      if (handle == nullptr) {
        reason = std::string("the CUDA library does not load (") + dlerror() + "); run `npm run build:cuda` again.";
        return;
      }
      const auto get = reinterpret_cast<decltype(&nodegrad_cuda_api)>(dlsym(handle, NG_CUDA_API_SYMBOL));
      api = get == nullptr ? nullptr : get(kCudaApiVersion);
      if (api == nullptr || api->tableKey != kCudaTableKey) {
        api = nullptr;
        reason =
            "the CUDA library " + p + " was built from another version of nodegrad; run `npm run build:cuda` again.";
      }
    }
  };
  static const Opened opened(path);
  reason = opened.reason;
  return opened.api;
#endif
}

}  // namespace ng
