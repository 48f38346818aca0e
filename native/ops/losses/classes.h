// What both halves of cross-entropy know about the classes, and how single numbers of any type are read and written.
#pragma once

#include "ops/kit/bounds.h"
#include "ops/reduce/reduce_ops.h"
#include "runtime/buffer.h"
#include "runtime/ctx.h"

namespace ng::NG_ISA {

inline double readAt(const Buf& b, int64_t i) {
  double v = 0;
  withDtype<Floating>(b.t, [&]<class T>(Tag<T>) { v = castTo<double>(b.as<T>()[i]); });
  return v;
}

inline void writeAt(const Buf& b, int64_t i, double v) {
  withDtype<Floating>(b.t, [&]<class T>(Tag<T>) { b.as<T>()[i] = castTo<T>(v); });
}

// loss = (1 - s) w[y] nll(y) + s / C sum_c w[c] nll(c), as in PyTorch.
template <class T>
struct ClassWeights {
  Buf labels;
  const T* weight;  // or null
  int64_t cols, ignoreIndex;
  double smoothing;
  double totalWeight;  // sum of w, known when smoothing needs it

  NG_FN_MEMBER InOf<T> weightAt(int64_t c) const { return weight ? load(weight[c]) : InOf<T>(1); }
  NG_FN_MEMBER double hit(int64_t y) const { return (1 - smoothing) * static_cast<double>(weightAt(y)); }
  NG_FN_MEMBER double even() const { return smoothing / static_cast<double>(cols); }

  NG_FN_MEMBER int64_t classAt(int64_t row) const {
    switch (labels.t) {
      case DType::i64:
        return static_cast<const int64_t*>(labels.p)[row];
      case DType::i32:
        return static_cast<const int32_t*>(labels.p)[row];
      default:
        return static_cast<const uint8_t*>(labels.p)[row];
    }
  }
};

template <class T>
struct Classes : ClassWeights<T> {
  FirstBad bad;

  using ClassWeights<T>::classAt, ClassWeights<T>::cols;

  Classes(const Buf& labels, const Buf& weight, int64_t cols, int64_t ignore, double s)
      : ClassWeights<T>{labels, weight.as<const T>(), cols, ignore, s, 0} {
    this->totalWeight = this->weight ? 0 : static_cast<double>(cols);
    for (int64_t c = 0; this->weight && s != 0 && c < cols; c++)
      this->totalWeight += static_cast<double>(this->weightAt(c));
  }

  // The row's class, or -1 when the row has no loss: ignored, or out of range (which is noted).
  int64_t usable(int64_t row) {
    const int64_t y = classAt(row);
    if (y == this->ignoreIndex) return -1;
    if (inside(y, cols)) return y;
    bad.note(row);
    return -1;
  }

  void report(Ctx& c) const {
    if (bad.any()) c.fail(Why::badClass, classAt(bad.position()), bad.position(), cols);
  }
};

}  // namespace ng::NG_ISA
