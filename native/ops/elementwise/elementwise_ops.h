// From the rows of unary.def and binary.def to functors, and the few formulas that take more than a line.
#pragma once
#include "ops/kit/math.h"
#include "ops/kit/opcodes.h"
#include "ops/kit/special_math.h"

#if defined(NG_ISA)
namespace ng::NG_ISA {
#else
namespace ng {
#endif

// Which dtypes an op is defined for. The result is bool for the Test kinds, T otherwise.
enum class Kind { Real, Num, Whole, NumTest };

template <class T>
inline constexpr bool isReal = static_cast<T>(0.5) != static_cast<T>(0) && sizeof(T) >= 4;
template <>
inline constexpr bool isReal<bool> = false;

template <class T>
inline constexpr bool accepts(Kind k) {
  return k == Kind::Real ? isReal<T> : k == Kind::Whole ? !isReal<T> : true;
}

template <class T, class F>
NG_FN T rounded(T x, F f) {
  if constexpr (isReal<T>) {
    return f(x);
  } else {
    return x;
  }
}
template <class T>
NG_FN bool infinite(T x) {
  if constexpr (isReal<T>) {
    return m::abs(x) == static_cast<T>(__builtin_inf());
  } else {
    return false;
  }
}
template <class T>
NG_FN T flip(T x) {
  return static_cast<T>(~x);
}
NG_FN bool flip(bool x) { return !x; }

// NaN becomes p, infinities the largest finite values.
template <class T>
NG_FN T finiteOf(T x, T p) {
  const T big = sizeof(T) == 4 ? static_cast<T>(3.4028234663852886e38) : static_cast<T>(1.7976931348623157e308);
  return x != x ? p : x > big ? big : x < -big ? -big : x;
}
// Keeps y * exp(-y^2) and its kind finite: beyond this the other factor is exactly 0.
template <class T>
NG_FN T bounded(T y) {
  return y > T(1e4) ? T(1e4) : y < T(-1e4) ? T(-1e4) : y;
}

// Division rounded down, and the remainder with the divisor's sign. Integer division by 0 gives 0 (the kernel
// reports it), by -1 wraps.
template <class T>
NG_FN T floorDiv(T x, T y) {
  if constexpr (isReal<T>) {
    // As PyTorch (and Python): exact via fmod, then corrected.
    const T r = m::fmod(x, y);
    T d = (x - r) / y;
    if (r != T(0) && ((y < T(0)) != (r < T(0)))) d -= T(1);
    if (y == T(0)) return x / y;
    if (d == T(0)) return m::copysign(T(0), x / y);
    const T f = m::floor(d);
    return d - f > T(0.5) ? f + T(1) : f;
  } else if constexpr (sizeof(T) == 1) {
    return y == T(0) ? T(0) : static_cast<T>(x / y);
  } else {
    if (y == T(0)) return T(0);
    if (y == T(-1)) return static_cast<T>(T(0) - x);
    const T d = x / y;
    return (x % y != 0) && ((x < 0) != (y < 0)) ? d - 1 : d;
  }
}
template <class T>
NG_FN T modulo(T x, T y) {
  if constexpr (isReal<T>) {
    const T r = m::fmod(x, y);
    return r != T(0) && ((r < T(0)) != (y < T(0))) ? r + y : r;
  } else if constexpr (sizeof(T) == 1) {
    return y == T(0) ? T(0) : static_cast<T>(x % y);
  } else {
    if (y == T(0) || y == T(-1)) return T(0);
    const T r = x % y;
    return r != 0 && ((r < 0) != (y < 0)) ? r + y : r;
  }
}
template <class T>
NG_FN T fmodOf(T x, T y) {
  if constexpr (isReal<T>) {
    return m::fmod(x, y);
  } else if constexpr (sizeof(T) == 1) {
    return y == T(0) ? T(0) : static_cast<T>(x % y);
  } else {
    return y == T(0) || y == T(-1) ? T(0) : x % y;
  }
}
template <class T>
NG_FN T powOf(T x, T y) {
  if constexpr (isReal<T>) {
    return m::pow(x, y);
  } else if constexpr (sizeof(T) == 1) {
    T r = T(1);
    for (T i = T(0); i < y; i = static_cast<T>(i + 1)) {
      r = static_cast<T>(r * x);
      if (sizeof(T) == 1 && static_cast<T>(i + 1) <= i) break;  // bool: at most one turn
    }
    return r;
  } else {
    if (y < 0) return x == 1 ? 1 : x == -1 ? (y % 2 ? -1 : 1) : 0;
    T r = 1;
    for (T b = x, e = y; e; e >>= 1, b = static_cast<T>(b * b)) {
      if (e & 1) r = static_cast<T>(r * b);
    }
    return r;
  }
}
// Shifts by less than 0 or by all bits and more leave nothing but the sign. Counted in 64 bits: 2^32 is not 0.
template <class T>
NG_FN T shiftLeft(T x, T y) {
  const int64_t n = static_cast<int64_t>(y);
  return n < 0 || n >= static_cast<int64_t>(8 * sizeof(T)) ? T(0) : static_cast<T>(static_cast<uint64_t>(x) << n);
}
template <class T>
NG_FN T shiftRight(T x, T y) {
  const int64_t n = static_cast<int64_t>(y), bits = static_cast<int64_t>(8 * sizeof(T));
  if (n >= 0 && n < bits) return static_cast<T>(x >> n);
  return static_cast<T>(x < T(0) ? -1 : 0);
}

// |x| as an unsigned number: the least integer has one too.
template <class T>
NG_FN uint64_t sizeOf(T x) {
  const int64_t wide = static_cast<int64_t>(x);
  return wide < 0 ? uint64_t{0} - static_cast<uint64_t>(wide) : static_cast<uint64_t>(wide);
}
NG_FN uint64_t gcdOfSizes(uint64_t a, uint64_t b) {
  while (a != 0) {
    const uint64_t rest = b % a;
    b = a;
    a = rest;
  }
  return b;
}
template <class T>
NG_FN T gcdOf(T x, T y) {
  return static_cast<T>(gcdOfSizes(sizeOf(x), sizeOf(y)));
}
template <class T>
NG_FN T lcmOf(T x, T y) {
  const uint64_t a = sizeOf(x), b = sizeOf(y), g = gcdOfSizes(a, b);
  return static_cast<T>(g == 0 ? 0 : a / g * b);
}

// GELU by tanh (Hendrycks & Gimpel 2016): x/2 (1 + tanh u) = x sigmoid(2 u), u = sqrt(2/pi) (x + 0.044715 x^3).
template <class T>
NG_FN T geluInner(T x) {
  const T b = bounded(x);
  return T(0.79788456080286535588) * b * (T(1) + T(0.044715) * b * b);
}
template <class T>
NG_FN T geluTanhSlope(T y) {
  const T b = bounded(y), s = m::sigmoid(geluInner(y) * T(2));
  const T du = T(0.79788456080286535588) * (T(1) + T(3 * 0.044715) * b * b);
  return s + b * s * (T(1) - s) * T(2) * du;
}
// Mish (Misra 2019): y tanh(softplus(y)).
template <class T>
NG_FN T mishSlope(T y) {
  const T t = m::tanh(m::log1pexp(y));
  return t + bounded(y) * (T(1) - t * t) * m::sigmoid(y);
}

#define X(name, kind, cost, ...)                                                      \
  struct Unary_##name {                                                               \
    static constexpr Kind kKind = Kind::kind;                                         \
    template <class T>                                                                \
    static NG_FN_MEMBER auto apply(T x, [[maybe_unused]] T p, [[maybe_unused]] T q) { \
      return __VA_ARGS__;                                                             \
    }                                                                                 \
  };
#include "unary.def"
#define X(name, kind, cost, ...)                                                           \
  struct Binary_##name {                                                                   \
    static constexpr Kind kKind = Kind::kind;                                              \
    template <class T>                                                                     \
    static NG_FN_MEMBER auto apply(T x, T y, [[maybe_unused]] T p, [[maybe_unused]] T q) { \
      return __VA_ARGS__;                                                                  \
    }                                                                                      \
  };
#include "binary.def"

// An operand that came as a number.
template <class T>
NG_FN T scalarAs(double v) {
  if constexpr (isReal<T>) {
    return static_cast<T>(v);
  } else if constexpr (static_cast<T>(2) == static_cast<T>(1)) {  // bool
    return v != 0;
  } else {
    return static_cast<T>(static_cast<int64_t>(v));
  }
}
// Whole-number division by zero: PyTorch raises, so do we. The formulas give 0 there.
inline bool dividesWhole(BinaryOp op, bool real) {
  return !real && (op == BinaryOp::floorDivide || op == BinaryOp::remainder || op == BinaryOp::fmod);
}
// The powers that gradients and losses use are products: exact, and hundreds of times faster than pow. `count` for
// other powers.
inline UnaryOp powerAs(double exponent) {
  return exponent == 2      ? UnaryOp::square
         : exponent == 0.5  ? UnaryOp::sqrt
         : exponent == -1   ? UnaryOp::reciprocal
         : exponent == -0.5 ? UnaryOp::rsqrt
                            : UnaryOp::count;
}

}  // namespace ng
