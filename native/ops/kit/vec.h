// Vectors of the instruction set's width, by the GCC vector extension (which clang has too).
#pragma once

namespace ng::NG_ISA {

#if NG_ISA_AVX512
inline constexpr int kVecBytes = 64;
#elif NG_ISA_AVX2
inline constexpr int kVecBytes = 32;
#else
inline constexpr int kVecBytes = 16;
#endif

template <class T, int Bytes = kVecBytes>
struct VecOf {
  typedef T type __attribute__((vector_size(Bytes)));
};

}  // namespace ng::NG_ISA
