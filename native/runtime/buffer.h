// The argument types of kernels: plain views of memory that somebody else owns.
#pragma once
#include <cstdint>

#include "dtype.h"

namespace ng {

// A typed pointer to the first element a kernel may touch (the tensor's offset is already added).
struct Buf {
  void* p;
  DType t;
  template <class T>
  T* as() const {
    return static_cast<T*>(p);
  }
};

// Several buffers (cat, fused optimizers). Lives as long as the call.
struct BufList {
  int64_t n;
  const Buf* b;
  const Buf& operator[](int64_t i) const { return b[i]; }
};

// Lists of numbers of any length; like BufList they live as long as the call.
struct IntList {
  int64_t n;
  const int64_t* d;
  int64_t operator[](int64_t i) const { return d[i]; }
};

inline constexpr int kMaxDims = 8;

// A shape, or strides in elements (0 = broadcast, negative allowed), outermost first.
struct Dims {
  int32_t n;
  int64_t d[kMaxDims];
  int64_t operator[](int i) const { return d[i]; }
  int64_t numel() const {
    int64_t m = 1;
    for (int i = 0; i < n; i++) m *= d[i];
    return m;
  }
};

}  // namespace ng
