// Which instantiation of a contiguous loop serves a dtype. Loop<Op, T>::run is the loop of operation Op on elements T.
#pragma once
#include "defined.h"
#include "elementwise.h"

namespace ng::NG_ISA {

// nullptr when Op is not defined for t.
template <class Fn, template <class, class> class Loop, class Op>
Fn loopFor(DType t) {
  Fn f = nullptr;
  withDefined<Op>(t, [&]<class T>(Tag<T>) { f = Loop<Op, T>::run; });
  return f;
}

}  // namespace ng::NG_ISA
