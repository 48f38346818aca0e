// What the elementwise kernels share: dtypes of operands and result, and when memory is walked in wide accesses.
#pragma once
#include <type_traits>

#include "device.h"
#include "ops/elementwise/defined.h"

namespace ng::NG_ISA {

template <class Op, class T>
using ResultOf = std::conditional_t<Op::kKind == Kind::NumTest, bool, T>;

// Elements per access: 16 bytes, but not so many that the code of a long formula explodes.
template <class T>
inline constexpr int kWide = sizeof(T) >= 4 ? 16 / sizeof(T) : 4;

template <class T>
inline bool wide(const T* p) {
  return aligned(p, kWide<T> * sizeof(T));
}

template <int N>
inline bool isDense(const Loop<N>& l) {
  if (l.n != 1) return false;
  for (int k = 0; k < N; k++) {
    if (l.s[k][0] != 1) return false;
  }
  return true;
}

// Calls f(Tag<T>{}) with the type of t if Op is defined for it; else fails, and the answer is false.
template <class Op, class F>
inline bool withDefined(Ctx& c, DType t, F&& f) {
  bool defined = false;
  withDefined<Op>(t, [&](auto tag) {
    defined = true;
    f(tag);
  });
  if (!defined) c.fail(Why::undefinedDtype);
  return defined;
}

}  // namespace ng::NG_ISA
