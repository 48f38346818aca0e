// Softmax of short rows (a classifier's 10 classes), sixteen rows at a time: each lane is one row, so
// that no row needs a sum across lanes or a scalar tail. The formulas are those of softmax_rows.h.
#pragma once
#include "ops/kit/math.h"
#include "ops/reduce/reduce_ops.h"

namespace ng::NG_ISA {

inline constexpr int64_t kNarrowCols = 32;
inline constexpr int kLanes = 16;

// Up to sixteen rows, transposed. Lanes without a row repeat the first.
template <class T>
struct Strip {
  using In = InOf<T>;
  alignas(64) In v[kNarrowCols][kLanes];
  alignas(64) In max[kLanes], sum[kLanes];
  int64_t cols;

  void load(const T* x, int64_t rows, int64_t n) {
    cols = n;
    for (int64_t l = 0; l < kLanes; l++) {
      const T* row = x + (l < rows ? l : 0) * cols;
      for (int64_t c = 0; c < cols; c++) v[c][l] = NG_ISA::load(row[c]);
    }
  }
  void store(T* out, int64_t rows) const {
    for (int64_t l = 0; l < rows; l++) {
      for (int64_t c = 0; c < cols; c++) out[l * cols + c] = castTo<T>(v[c][l]);
    }
  }
  // max, then v -= max
  void subtractMax() {
    for (int l = 0; l < kLanes; l++) max[l] = v[0][l];
    for (int64_t c = 1; c < cols; c++) {
      for (int l = 0; l < kLanes; l++) max[l] = ExtremeOp<In, true>::merge(max[l], v[c][l]);
    }
    for (int64_t c = 0; c < cols; c++) {
      for (int l = 0; l < kLanes; l++) v[c][l] -= max[l];
    }
  }
  void sumExp() {
    for (int l = 0; l < kLanes; l++) sum[l] = 0;
    for (int64_t c = 0; c < cols; c++) {
      for (int l = 0; l < kLanes; l++) sum[l] += m::exp(v[c][l]);
    }
  }
  void exp() {
    for (int l = 0; l < kLanes; l++) sum[l] = 0;
    for (int64_t c = 0; c < cols; c++) {
      for (int l = 0; l < kLanes; l++) {
        v[c][l] = m::exp(v[c][l]);
        sum[l] += v[c][l];
      }
    }
  }
};

template <class T>
inline void softmaxNarrow(T* out, const T* x, int64_t rows, int64_t cols, bool log) {
  using In = InOf<T>;
  Strip<T> s;
  s.load(x, rows, cols);
  s.subtractMax();
  In by[kLanes];
  if (log) {
    s.sumExp();
    for (int l = 0; l < kLanes; l++) by[l] = m::log(s.sum[l]);
    for (int64_t c = 0; c < cols; c++) {
      for (int l = 0; l < kLanes; l++) s.v[c][l] -= by[l];
    }
  } else {
    s.exp();
    for (int l = 0; l < kLanes; l++) by[l] = In(1) / s.sum[l];
    for (int64_t c = 0; c < cols; c++) {
      for (int l = 0; l < kLanes; l++) s.v[c][l] *= by[l];
    }
  }
  s.store(out, rows);
}

template <class T>
inline void softmaxGradNarrow(T* out, const T* g, const T* y, int64_t rows, int64_t cols, bool log) {
  using In = InOf<T>;
  Strip<T> sg, sy;
  sg.load(g, rows, cols);
  sy.load(y, rows, cols);
  In sum[kLanes] = {};
  for (int64_t c = 0; c < cols; c++) {
    for (int l = 0; l < kLanes; l++) sum[l] += log ? sg.v[c][l] : sg.v[c][l] * sy.v[c][l];
  }
  for (int64_t c = 0; c < cols; c++) {
    if (log) {
      for (int l = 0; l < kLanes; l++) sg.v[c][l] -= m::exp(sy.v[c][l]) * sum[l];
    } else {
      for (int l = 0; l < kLanes; l++) sg.v[c][l] = sy.v[c][l] * (sg.v[c][l] - sum[l]);
    }
  }
  sg.store(out, rows);
}

}  // namespace ng::NG_ISA
