// libnodegrad_cuda.so, opened when somebody asks for a GPU.
#pragma once
#include <string>

#include "cuda/api.h"

namespace ng {

// The library's interface; nullptr with one sentence in `reason` when it cannot be opened or was built from another
// version. Opened once per process, whatever later paths say.
const CudaApi* openCudaLibrary(const std::string& path, std::string& reason);

}  // namespace ng
