// The contiguous loop of every unary op and dtype.
#include <type_traits>

#include "loop_choice.h"

namespace ng::NG_ISA {
namespace {

template <class Op, class T>
struct UnaryRun {
  static void run(void* out, const void* a, int64_t n, double p, double q) {
    using R = std::conditional_t<Op::kKind == Kind::NumTest, bool, T>;
    R* o = static_cast<R*>(out);
    const T* x = static_cast<const T*>(a);
    const T tp = static_cast<T>(p), tq = static_cast<T>(q);
    for (int64_t i = 0; i < n; i++) o[i] = static_cast<R>(Op::apply(x[i], tp, tq));
  }
};

}  // namespace

UnaryLoop unaryLoop(int64_t op, DType t) {
  switch (static_cast<UnaryOp>(op)) {
#define X(name, ...)  \
  case UnaryOp::name: \
    return loopFor<UnaryLoop, UnaryRun, Unary_##name>(t);
#include "unary.def"
    default:
      return nullptr;
  }
}

}  // namespace ng::NG_ISA
