// Which instantiation of a contiguous loop serves a dtype. Loop<Op, T>::run is the loop of operation Op on elements T.
#pragma once
#include "ops/elementwise/elementwise.h"
#include "ops/elementwise/elementwise_ops.h"

namespace ng::NG_ISA {

template <class Fn, template <class, class> class Loop, class Op, class T>
constexpr Fn loopFor() {
  if constexpr (accepts<T>(Op::kKind)) {
    return Loop<Op, T>::run;
  } else {
    return nullptr;
  }
}

// nullptr when Op is not defined for t.
template <class Fn, template <class, class> class Loop, class Op>
Fn loopFor(DType t) {
  switch (t) {
    case DType::f32:
      return loopFor<Fn, Loop, Op, float>();
    case DType::f64:
      return loopFor<Fn, Loop, Op, double>();
    case DType::i32:
      return loopFor<Fn, Loop, Op, int32_t>();
    case DType::i64:
      return loopFor<Fn, Loop, Op, int64_t>();
    case DType::u8:
      return loopFor<Fn, Loop, Op, uint8_t>();
    case DType::boolean:
      return loopFor<Fn, Loop, Op, bool>();
    default:
      return nullptr;
  }
}

}  // namespace ng::NG_ISA
