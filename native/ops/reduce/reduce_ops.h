// What each reduction computes: how an element enters a lane, how lanes meet, and the wide type of the running total.
//
// Note [Accuracy of sums] A float32 sum runs in float32 lanes only within a block (at most 1024 elements of a row, 32
// of a column); blocks meet in float64. The error is that of about 20 float32 additions, however long the row.
#pragma once
#include "ops/kit/cast.h"
#include "ops/kit/opcodes.h"

namespace ng::NG_ISA {

template <bool C, class A, class B>
struct Choose {
  using type = A;
};
template <class A, class B>
struct Choose<false, A, B> {
  using type = B;
};
template <bool C, class A, class B>
using If = typename Choose<C, A, B>::type;

// The type in which an element is computed with; bool is stored as 0 or 1 and reduced as u8.
template <class T>
using InOf = If<kHalf<T>, float, T>;
template <class T>
NG_FN InOf<T> load(T x) {
  if constexpr (kHalf<T>) {
    return toFloat(x);
  } else {
    return x;
  }
}

template <class T>
inline constexpr T lowest() {
  if constexpr (kFloating<T>) {
    return -__builtin_inf();
  } else {
    return sizeof(T) == 1 ? T(0) : static_cast<T>(T(1) << (8 * sizeof(T) - 1));
  }
}
template <class T>
inline constexpr T highest() {
  if constexpr (kFloating<T>) {
    return __builtin_inf();
  } else {
    return static_cast<T>(~lowest<T>());
  }
}

// `map` and `merge` work on scalars and on GCC vectors alike; elements become Arg before `map`. kLanes says that map
// and merge accept vectors.
template <class T, bool Square>
struct SumOp {
  using In = InOf<T>;
  using Lane = If<kFloating<In>, In, int64_t>;
  using Arg = Lane;
  using Total = If<kFloating<In>, double, int64_t>;
  static constexpr bool kLanes = kFloating<In>, kScaled = true;
  static constexpr Lane kId = 0;
  template <class V>
  static NG_FN_MEMBER V map(V x) {
    return Square ? x * x : x;
  }
  template <class V>
  static NG_FN_MEMBER V merge(V a, V b) {
    return a + b;
  }
};

// Float products run in float64 throughout: the order of factors must not decide over overflow.
template <class T>
struct ProdOp {
  using In = InOf<T>;
  using Lane = If<kFloating<In>, double, int64_t>;
  using Arg = Lane;
  using Total = Lane;
  static constexpr bool kLanes = kFloating<In>, kScaled = true;
  static constexpr Lane kId = 1;
  template <class V>
  static NG_FN_MEMBER V map(V x) {
    return x;
  }
  template <class V>
  static NG_FN_MEMBER V merge(V a, V b) {
    return a * b;
  }
};

// NaN wins: (a is better than b) or (a is NaN) keeps a, and a comparison with NaN b gives b.
template <class T, bool Max>
struct ExtremeOp {
  using In = InOf<T>;
  using Lane = In;
  using Arg = In;
  using Total = In;
  static constexpr bool kLanes = kFloating<In>, kScaled = false;
  static constexpr Lane kId = Max ? lowest<In>() : highest<In>();
  template <class V>
  static NG_FN_MEMBER V map(V x) {
    return x;
  }
  template <class V>
  static NG_FN_MEMBER V merge(V a, V b) {
    if constexpr (kFloating<In>) {
      return ((Max ? a > b : a < b) | (a != a)) ? a : b;
    } else {
      return (Max ? a > b : a < b) ? a : b;
    }
  }
};

// Of argmax and argmin: NaN beats all.
template <bool Max, class In>
NG_FN bool better(In x, In than) {
  if constexpr (kFloating<In>) {
    return (Max ? x > than : x < than) | ((x != x) & (than == than));
  } else {
    return Max ? x > than : x < than;
  }
}

template <class T, bool All>
struct LogicOp {
  using In = InOf<T>;
  using Lane = int32_t;
  using Arg = In;
  using Total = int32_t;
  static constexpr bool kLanes = false, kScaled = false;
  static constexpr Lane kId = All ? 1 : 0;
  static NG_FN_MEMBER Lane map(In x) { return x != 0; }
  static NG_FN_MEMBER Lane merge(Lane a, Lane b) { return All ? (a & b) : (a | b); }
};

}  // namespace ng::NG_ISA
