// The contiguous loop of every binary op and dtype.
#include <type_traits>

#include "elementwise.h"
#include "elementwise_ops.h"

namespace ng::NG_ISA {
namespace {

template <class Op, class T>
void loop(void* out, const void* a, const void* b, int64_t n, double p, double q) {
  using R = std::conditional_t<Op::kKind == Kind::NumTest, bool, T>;
  R* o = static_cast<R*>(out);
  const T* x = static_cast<const T*>(a);
  const T* y = static_cast<const T*>(b);
  const T tp = static_cast<T>(p), tq = static_cast<T>(q);
  for (int64_t i = 0; i < n; i++) o[i] = static_cast<R>(Op::apply(x[i], y[i], tp, tq));
}

template <class Op, class T>
constexpr BinaryLoop pick() {
  if constexpr (accepts<T>(Op::kKind)) {
    return loop<Op, T>;
  } else {
    return nullptr;
  }
}

template <class Op>
BinaryLoop ofType(DType t) {
  switch (t) {
    case DType::f32:
      return pick<Op, float>();
    case DType::f64:
      return pick<Op, double>();
    case DType::i32:
      return pick<Op, int32_t>();
    case DType::i64:
      return pick<Op, int64_t>();
    case DType::u8:
      return pick<Op, uint8_t>();
    case DType::boolean:
      return pick<Op, bool>();
    default:
      return nullptr;
  }
}

}  // namespace

BinaryLoop binaryLoop(int64_t op, DType t) {
  switch (static_cast<BinaryOp>(op)) {
#define B(name, ...)   \
  case BinaryOp::name: \
    return ofType<Binary_##name>(t);
    NG_BINARY_OPS(B)
#undef B
    default:
      return nullptr;
  }
}

}  // namespace ng::NG_ISA
