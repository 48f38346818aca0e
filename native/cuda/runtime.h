// The CUDA runtime, or its emulation on the host: see Note [Emulation] in emulate.h.
#pragma once
#ifdef __CUDACC__
#include <cuda_runtime.h>
#else
#include "emulate.h"
#endif
