// Cross-entropy of the rows of contiguous logits [rows, cols] with integer classes.
#include "cross_entropy_rows.h"
#include "kernels.h"
#include "ops/layers/softmax_each.h"

namespace ng::NG_ISA {

void crossEntropy(Ctx& c, Out<Floating> loss, Out<Floating> lse, In<Floating> x, In<Labels> labels, In<Floating> weight,
                  int64_t rows, int64_t cols, int64_t ignoreIndex, double smoothing) {
  withDtype(x, [&]<class T>(Tag<T>) {
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
  withDtype(x, [&]<class T>(Tag<T>) {
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
