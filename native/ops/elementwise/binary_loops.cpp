// The contiguous loop of every binary op and dtype.
#include <type_traits>

#include "loop_choice.h"

namespace ng::NG_ISA {
namespace {

template <class Op, class T>
struct BinaryRun {
  static void run(void* out, const void* a, const void* b, int64_t n, double p, double q) {
    using R = std::conditional_t<Op::kKind == Kind::NumTest, bool, T>;
    R* o = static_cast<R*>(out);
    const T* x = static_cast<const T*>(a);
    const T* y = static_cast<const T*>(b);
    const T tp = static_cast<T>(p), tq = static_cast<T>(q);
    for (int64_t i = 0; i < n; i++) o[i] = static_cast<R>(Op::apply(x[i], y[i], tp, tq));
  }
};

}  // namespace

BinaryLoop binaryLoop(int64_t op, DType t) {
  switch (static_cast<BinaryOp>(op)) {
#define X(name, ...)   \
  case BinaryOp::name: \
    return loopFor<BinaryLoop, BinaryRun, Binary_##name>(t);
#include "binary.def"
    default:
      return nullptr;
  }
}

}  // namespace ng::NG_ISA
