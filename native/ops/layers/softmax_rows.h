// Softmax of one long row. The row is handled in blocks that fit L1, in float32 or float64 whatever
// the storage type; sums follow Note [Accuracy of sums].
#pragma once
#include <cmath>

#include "ops/kit/math.h"
#include "ops/reduce/reduce_kernels.h"

namespace ng::NG_ISA {

template <class T>
struct Block {
  using In = InOf<T>;
  static constexpr int64_t kPad = 16;
  alignas(64) In v[kRowBlock];
  int64_t n;

  void load(const T* x, int64_t count) {
    n = count;
    for (int64_t i = 0; i < n; i++) v[i] = NG_ISA::load(x[i]);
    // Whole vectors for expMinus; these lanes are never read.
    for (int64_t i = n; i < (n + kPad - 1) / kPad * kPad; i++) v[i] = 0;
  }
  // v = scale * exp(v - shift)
  void expMinus(In shift, In scale = 1) {
    for (int64_t i = 0; i < (n + kPad - 1) / kPad * kPad; i++) v[i] = scale * m::exp(v[i] - shift);
  }
  double sum() const { return static_cast<double>(reduceBlock<SumOp<In, false>>(v, n)); }
};

// body(first column, columns)
template <class F>
inline void forColumnBlocks(int64_t cols, F&& body) {
  for (int64_t c = 0; c < cols; c += kRowBlock) body(c, cols - c < kRowBlock ? cols - c : kRowBlock);
}

// NaN if the row has one.
template <class T>
inline InOf<T> rowMax(Block<T>& block, const T* x, int64_t cols) {
  using Op = ExtremeOp<InOf<T>, true>;
  InOf<T> max = Op::kId;
  forColumnBlocks(cols, [&](int64_t c, int64_t n) {
    if constexpr (kHalf<T>) {
      block.load(x + c, n);
      max = Op::merge(max, reduceBlock<Op>(block.v, n));
    } else {
      max = Op::merge(max, reduceBlock<Op>(x + c, n));
    }
  });
  return max;
}

// sum exp(x - shift); after each block, each(first column) may read the block's exponentials.
template <class T, class F>
inline double sumExp(Block<T>& block, const T* x, int64_t cols, InOf<T> shift, F&& each) {
  double sum = 0;
  forColumnBlocks(cols, [&](int64_t c, int64_t n) {
    block.load(x + c, n);
    block.expMinus(shift);
    sum += block.sum();
    each(c);
  });
  return sum;
}

template <class T>
inline void softmaxRow(Block<T>& block, T* out, const T* x, int64_t cols, bool log) {
  using In = InOf<T>;
  const In max = rowMax(block, x, cols);
  if (log) {
    const In shift = static_cast<In>(std::log(sumExp(block, x, cols, max, [](int64_t) {})));
    for (int64_t i = 0; i < cols; i++) out[i] = castTo<T>((load(x[i]) - max) - shift);
  } else if constexpr (kHalf<T>) {  // 16 bits cannot hold the exponentials meanwhile
    const In scale = static_cast<In>(1 / sumExp(block, x, cols, max, [](int64_t) {}));
    sumExp(block, x, cols, max, [&](int64_t c) {
      for (int64_t i = 0; i < block.n; i++) out[c + i] = castTo<T>(block.v[i] * scale);
    });
  } else {
    const double sum = sumExp(block, x, cols, max, [&](int64_t c) {
      for (int64_t i = 0; i < block.n; i++) out[c + i] = block.v[i];
    });
    const In scale = static_cast<In>(1 / sum);
    for (int64_t i = 0; i < cols; i++) out[i] *= scale;
  }
}

template <class T>
inline void softmaxGradRow(Block<T>& block, T* out, const T* g, const T* y, int64_t cols, bool log) {
  using In = InOf<T>;
  double total = 0;
  forColumnBlocks(cols, [&](int64_t c, int64_t n) {
    block.load(g + c, n);
    for (int64_t i = 0; !log && i < n; i++) block.v[i] *= load(y[c + i]);
    total += block.sum();
  });
  const In sum = static_cast<In>(total);
  if (!log) {
    for (int64_t i = 0; i < cols; i++) out[i] = castTo<T>(load(y[i]) * (load(g[i]) - sum));
    return;
  }
  sumExp(block, y, cols, In(0), [&](int64_t c) {
    for (int64_t i = 0; i < block.n; i++) out[c + i] = castTo<T>(load(g[c + i]) - block.v[i] * sum);
  });
}

}  // namespace ng::NG_ISA
