// Qualifier of small functions shared by the CPU's kernels and CUDA's. Always inlined on the CPU, so that no
// instruction set's copy of one can end up in another's kernels.
#pragma once

#if defined(__CUDACC__)
#define NG_FN static __host__ __device__ __forceinline__
#define NG_FN_MEMBER __host__ __device__ __forceinline__  // of a class
#else
#define NG_FN static inline __attribute__((always_inline))
#define NG_FN_MEMBER inline __attribute__((always_inline))
#endif
