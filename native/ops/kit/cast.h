// C++ types of the element types, the choice among them at run time, and conversion between any two of them.
#pragma once
#include "runtime/fn.h"
#include "runtime/param.h"

namespace ng::NG_ISA {

struct Bool {
  uint8_t v;
};
struct BF16 {
  uint16_t v;
};
struct F16 {
  uint16_t v;
};

template <class T>
struct Tag {
  using type = T;
};

// Calls f with an unsigned type as wide as an element: moving elements needs no more.
template <class F>
inline void withWidth(DType t, F&& f) {
  switch (sizeOf(t)) {
    case 1:
      return f(Tag<uint8_t>{});
    case 2:
      return f(Tag<uint16_t>{});
    case 4:
      return f(Tag<uint32_t>{});
    default:
      return f(Tag<uint64_t>{});
  }
}

// Calls f(Tag<T>{}) with the C++ type T of t, which is one of S: a kernel is compiled for the dtypes that it takes and
// no others. On CUDA f may belong to the host or to the device.
#if defined(__CUDACC__)
#pragma nv_exec_check_disable
#endif
template <Types S, class F>
NG_FN void withDtype(DType t, F&& f) {
  switch (t) {
#define X(dtype, T)                                                  \
  case DType::dtype:                                                 \
    if constexpr ((S & only(DType::dtype)) != 0) return f(Tag<T>{}); \
    return;
    X(f32, float)
    X(f64, double)
    X(i32, int32_t)
    X(i64, int64_t)
    X(u8, uint8_t)
    X(boolean, Bool)
    X(bf16, BF16)
    X(f16, F16)
#undef X
  }
}

// The same with the type of a parameter's elements, one of those that it takes.
template <Role R, Types S, class F>
inline void withDtype(const Param<R, S>& x, F&& f) {
  withDtype<S>(x.t, f);
}

// For kernels to which bool is what it is stored as: 0 and 1 as uint8.
inline constexpr Types Plain = Any & ~Truth;
inline DType plain(DType t) { return t == DType::boolean ? DType::u8 : t; }

template <class A, class B>
inline constexpr bool kSame = false;
template <class A>
inline constexpr bool kSame<A, A> = true;
template <class T>
inline constexpr bool kFloating = kSame<T, float> || kSame<T, double>;
template <class T>
inline constexpr bool kHalf = kSame<T, BF16> || kSame<T, F16>;

// The conversions of 16-bit floats are branch-free selects so that loops over them vectorise. Rounding is to nearest
// even; NaN stays NaN.
NG_FN float toFloat(BF16 x) { return __builtin_bit_cast(float, static_cast<uint32_t>(x.v) << 16); }
NG_FN float toFloat(F16 x) {
  const uint32_t sign = static_cast<uint32_t>(x.v & 0x8000) << 16, em = x.v & 0x7fff;
  const uint32_t normal = (em << 13) + (112u << 23);
  const uint32_t special = 0x7f800000u | (em << 13);
  const uint32_t tiny = __builtin_bit_cast(uint32_t, static_cast<float>(static_cast<int32_t>(em)) * 0x1p-24f);
  const uint32_t bits = em >= 0x7c00 ? special : em >= 0x0400 ? normal : tiny;
  return __builtin_bit_cast(float, bits | sign);
}
NG_FN BF16 toBF16(float x) {
  const uint32_t u = __builtin_bit_cast(uint32_t, x);
  const uint32_t rounded = (u + 0x7fff + ((u >> 16) & 1)) >> 16;
  return {static_cast<uint16_t>((u & 0x7fffffff) > 0x7f800000 ? (u >> 16) | 0x40 : rounded)};
}
NG_FN F16 toF16(float x) {
  const uint32_t all = __builtin_bit_cast(uint32_t, x), u = all & 0x7fffffff, sign = (all >> 16) & 0x8000;
  const uint32_t big = u > 0x7f800000 ? 0x7e00 : 0x7c00;
  // Adding 0.5 puts the unit of binary16 subnormals, 2^-24, into the last mantissa bit.
  const uint32_t tiny = __builtin_bit_cast(uint32_t, __builtin_bit_cast(float, u) + 0.5f) - 0x3f000000u;
  const uint32_t normal = (u - (112u << 23) + 0xfff + ((u >> 13) & 1)) >> 13;
  const uint32_t bits = u >= 0x47800000 ? big : u < 0x38800000 ? tiny : normal;
  return {static_cast<uint16_t>(bits | sign)};
}

// Float to integer: toward zero, saturating, NaN becomes 0. `lo` and `below` are the ends of I that F represents;
// values from `below` + 1 ulp up are replaced afterwards.
template <class I, class F>
NG_FN I toInteger(F x) {
  constexpr I min = sizeof(I) == 1 ? I(0) : static_cast<I>(I(1) << (8 * sizeof(I) - 1));
  constexpr I max = static_cast<I>(~min);
  constexpr F lo = static_cast<F>(min), above = static_cast<F>(max / 2 + 1) * 2;
  constexpr F below = above * (1 - (kSame<F, float> ? F(0x1p-24) : F(0x1p-53)));
  F y = x > lo ? x : lo;
  y = y < below ? y : below;
  I r = static_cast<I>(y);
  r = x >= above ? max : r;
  return x == x ? r : I(0);
}

template <class D, class S>
NG_FN D castTo(S x) {
  if constexpr (kSame<D, S>) {
    return x;
  } else if constexpr (kHalf<S>) {
    return castTo<D>(toFloat(x));
  } else if constexpr (kSame<S, Bool>) {
    return castTo<D>(x.v);
  } else if constexpr (kSame<D, Bool>) {
    return Bool{static_cast<uint8_t>(x != 0)};
  } else if constexpr (kSame<D, BF16>) {
    return toBF16(static_cast<float>(x));
  } else if constexpr (kSame<D, F16>) {
    return toF16(static_cast<float>(x));
  } else if constexpr (kFloating<S> && !kFloating<D>) {
    return toInteger<D>(x);
  } else {
    return static_cast<D>(x);
  }
}

}  // namespace ng::NG_ISA
