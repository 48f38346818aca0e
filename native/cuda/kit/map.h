// What the elementwise kernels share: dtypes of operands and result, and when memory is walked in wide accesses.
#pragma once
#include <type_traits>

#include "device.h"
#include "ops/elementwise/elementwise_ops.h"
#include "ops/kit/cast.h"

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
  const auto undefined = [&] {
    c.fail(Why::undefinedDtype);
    return false;
  };
  const auto with = [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (accepts<T>(Op::kKind)) {
      f(tag);
      return true;
    } else {
      return undefined();
    }
  };
  switch (t) {
    case DType::f32:
      return with(Tag<float>{});
    case DType::f64:
      return with(Tag<double>{});
    case DType::i32:
      return with(Tag<int32_t>{});
    case DType::i64:
      return with(Tag<int64_t>{});
    case DType::u8:
      return with(Tag<uint8_t>{});
    case DType::boolean:
      return with(Tag<bool>{});
    default:
      return undefined();
  }
}

}  // namespace ng::NG_ISA
