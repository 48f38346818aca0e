// For which dtypes an elementwise operation exists.
#pragma once
#include <type_traits>

#include "elementwise_ops.h"
#include "ops/kit/cast.h"

namespace ng::NG_ISA {

// Calls f(Tag<T>{}) with the type of t, bool as itself, if Op is defined for it.
template <class Op, class F>
inline void withDefined(DType t, F&& f) {
  withDtype<Full>(t, [&]<class S>(Tag<S>) {
    using T = std::conditional_t<kSame<S, Bool>, bool, S>;
    if constexpr (accepts<T>(Op::kKind)) f(Tag<T>{});
  });
}

}  // namespace ng::NG_ISA
