// Softmax, log-softmax and cross-entropy of the rows of a contiguous [rows, cols].
#include "../kernels.h"
#include "../runtime/parallel.h"
#include "softmax_narrow.h"
#include "softmax_rows.h"

namespace ng::NG_ISA {
namespace {

constexpr int64_t kGrain = 8192;  // elements per task

// Spreads the rows: narrow(first row, rows) for sixteen short rows at a time, or row(block, row) for each long one.
template <class T, class Narrow, class Row>
void forRows(int64_t rows, int64_t cols, Narrow&& narrow, Row&& row) {
  if (cols <= kNarrowCols) {
    parallelFor((rows + kLanes - 1) / kLanes, kGrain / (cols * kLanes + 1), [&](int64_t b, int64_t e) {
      for (int64_t r = b * kLanes; r < e * kLanes && r < rows; r += kLanes) {
        narrow(r, rows - r < kLanes ? rows - r : kLanes);
      }
    });
  } else {
    parallelFor(rows, kGrain / cols, [&](int64_t b, int64_t e) {
      Block<T> block;
      for (int64_t r = b; r < e; r++) row(block, r);
    });
  }
}

}  // namespace

void softmax(Ctx&, Out<Floating> out, In<Floating> x, int64_t rows, int64_t cols, bool log) {
  if (cols == 0) return;
  withFloating(x.t, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* o = out.as<T>();
    const T* a = x.as<const T>();
    forRows<T>(
        rows, cols, [&](int64_t r, int64_t n) { softmaxNarrow(o + r * cols, a + r * cols, n, cols, log); },
        [&](Block<T>& block, int64_t r) { softmaxRow(block, o + r * cols, a + r * cols, cols, log); });
  });
}

void softmaxGrad(Ctx&, Out<Floating> out, In<Floating> g, In<Floating> y, int64_t rows, int64_t cols, bool log) {
  if (cols == 0) return;
  withFloating(y.t, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* o = out.as<T>();
    const T *gs = g.as<const T>(), *ys = y.as<const T>();
    forRows<T>(
        rows, cols,
        [&](int64_t r, int64_t n) { softmaxGradNarrow(o + r * cols, gs + r * cols, ys + r * cols, n, cols, log); },
        [&](Block<T>& block, int64_t r) {
          softmaxGradRow(block, o + r * cols, gs + r * cols, ys + r * cols, cols, log);
        });
  });
}

void crossEntropy(Ctx& c, Out<Floating> loss, Out<Floating> lse, In<Floating> x, In<Labels> labels, In<Floating> weight,
                  int64_t rows, int64_t cols, int64_t ignoreIndex, double smoothing) {
  withFloating(x.t, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* a = x.as<const T>();
    Classes<T> classes(labels, weight, cols, ignoreIndex, smoothing);
    forRows<T>(
        rows, cols, [&](int64_t r, int64_t n) { lossNarrow(loss, lse, a + r * cols, r, n, classes); },
        [&](Block<T>& block, int64_t r) {
          const int64_t y = classes.usable(r);
          double rowLse = 0;
          writeAt(loss, r, y >= 0 ? rowLoss(block, a + r * cols, classes, y, rowLse) : 0);
          writeAt(lse, r, rowLse);
        });
    classes.report(c);
  });
}

void crossEntropyGrad(Ctx& c, Out<Floating> out, In<Floating> g, In<Floating> x, In<Floating> lse, In<Labels> labels,
                      In<Floating> weight, int64_t rows, int64_t cols, int64_t ignoreIndex, double smoothing) {
  withFloating(x.t, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* o = out.as<T>();
    const T* a = x.as<const T>();
    Classes<T> classes(labels, weight, cols, ignoreIndex, smoothing);
    forRows<T>(
        rows, cols, [&](int64_t r, int64_t n) { lossGradNarrow(o + r * cols, g, a + r * cols, r, n, classes); },
        [&](Block<T>& block, int64_t r) {
          const int64_t y = classes.usable(r);
          T* row = o + r * cols;
          if (y >= 0) {
            rowGrad(block, row, readAt(g, r), a + r * cols, readAt(lse, r), classes, y);
          } else {
            for (int64_t i = 0; i < cols; i++) row[i] = T{};
          }
        });
    classes.report(c);
  });
}

}  // namespace ng::NG_ISA
