// Cross-entropy of a long row (loss and gradient), and of short rows sixteen at a time, with the softmax's own loops.
#pragma once
#include "classes.h"
#include "ops/layers/softmax_narrow.h"
#include "ops/layers/softmax_rows.h"

namespace ng::NG_ISA {

template <class T>
inline double rowLoss(Block<T>& block, const T* x, const Classes<T>& k, int64_t y, double& lse) {
  const InOf<T> max = rowMax(block, x, k.cols);
  const double log = std::log(sumExp(block, x, k.cols, max, [](int64_t) {}));
  lse = static_cast<double>(max) + log;
  // Differences from the maximum: the log-sum itself has lost its small digits when logits are large.
  double loss = k.hit(y) * (log - static_cast<double>(load(x[y]) - max));
  if (k.smoothing != 0) {
    double away = 0;  // sum_c w[c] (x[c] - max)
    forColumnBlocks(k.cols, [&](int64_t c, int64_t n) {
      block.load(x + c, n);
      for (int64_t i = 0; i < n; i++) block.v[i] -= max;
      for (int64_t i = 0; k.weight && i < n; i++) block.v[i] *= load(k.weight[c + i]);
      away += block.sum();
    });
    loss += k.even() * (k.totalWeight * log - away);
  }
  return loss;
}

// out = g ((1 - s) w[y] + s / C sum w) softmax(x) - g s / C w - g (1 - s) w[y] [c = y]
template <class T>
inline void rowGrad(Block<T>& block, T* out, double g, const T* x, double lse, const Classes<T>& k, int64_t y) {
  using In = InOf<T>;
  const In shift = static_cast<In>(lse);
  const double spread = g * k.even(), hit = g * k.hit(y);
  double scale = hit + (k.smoothing != 0 ? spread * k.totalWeight : 0);
  // exp(x - lse) carries the rounding of lse. That is below 2 ulp for ordinary logits; for large ones sum again.
  if (!(std::fabs(lse) < 32)) scale /= sumExp(block, x, k.cols, shift, [](int64_t) {});
  const In a = static_cast<In>(scale), b = static_cast<In>(spread);
  In atY = 0;
  forColumnBlocks(k.cols, [&](int64_t c, int64_t n) {
    block.load(x + c, n);
    block.expMinus(shift, a);
    if (k.smoothing != 0) {
      for (int64_t i = 0; i < n; i++) block.v[i] -= b * k.weightAt(c + i);
    }
    if (y >= c && y < c + n) atY = block.v[y - c];
    for (int64_t i = 0; i < n; i++) out[c + i] = castTo<T>(block.v[i]);
  });
  out[y] = castTo<T>(static_cast<In>(atY - hit));
}

// Rows [first, first + rows) of the batch; x points at row `first`.
template <class T>
inline void lossNarrow(const Buf& loss, const Buf& lse, const T* x, int64_t first, int64_t rows, Classes<T>& k) {
  using In = InOf<T>;
  Strip<T> s;
  s.load(x, rows, k.cols);
  s.subtractMax();
  s.sumExp();
  In log[kLanes], away[kLanes] = {};
  for (int l = 0; l < kLanes; l++) log[l] = m::log(s.sum[l]);
  for (int64_t c = 0; k.smoothing != 0 && c < k.cols; c++) {
    const In w = k.weightAt(c);
    for (int l = 0; l < kLanes; l++) away[l] += w * s.v[c][l];
  }
  for (int64_t l = 0; l < rows; l++) {
    const int64_t y = k.usable(first + l);
    double value = 0;
    if (y >= 0) {
      const double log64 = static_cast<double>(log[l]);
      value = k.hit(y) * (log64 - static_cast<double>(s.v[y][l]));
      if (k.smoothing != 0) value += k.even() * (k.totalWeight * log64 - static_cast<double>(away[l]));
    }
    writeAt(loss, first + l, value);
    writeAt(lse, first + l, y >= 0 ? static_cast<double>(s.max[l]) + static_cast<double>(log[l]) : 0);
  }
}

// Needs no saved log-sum: with so few columns the softmax is as quickly normalised again.
template <class T>
inline void lossGradNarrow(T* out, const Buf& g, const T* x, int64_t first, int64_t rows, Classes<T>& k) {
  using In = InOf<T>;
  Strip<T> s;
  s.load(x, rows, k.cols);
  s.subtractMax();
  s.exp();
  In scale[kLanes] = {}, spread[kLanes] = {}, hit[kLanes];
  int64_t y[kLanes];
  for (int64_t l = 0; l < rows; l++) {
    y[l] = k.usable(first + l);
    const double gl = y[l] >= 0 ? readAt(g, first + l) : 0, even = gl * k.even();
    const double whole = y[l] >= 0 ? gl * k.hit(y[l]) : 0;
    hit[l] = static_cast<In>(whole);
    spread[l] = static_cast<In>(even);
    scale[l] = static_cast<In>(whole + (k.smoothing != 0 ? even * k.totalWeight : 0));
  }
  for (int l = 0; l < kLanes; l++) scale[l] /= s.sum[l];
  for (int64_t c = 0; c < k.cols; c++) {
    const In w = k.weightAt(c);
    for (int l = 0; l < kLanes; l++) s.v[c][l] = s.v[c][l] * scale[l] - w * spread[l];
  }
  for (int64_t l = 0; l < rows; l++) {
    if (y[l] >= 0) {
      s.v[y[l]][l] -= hit[l];
    } else {  // whatever the row holds, its gradient is 0
      for (int64_t c = 0; c < k.cols; c++) s.v[c][l] = 0;
    }
  }
  s.store(out, rows);
}

}  // namespace ng::NG_ISA
