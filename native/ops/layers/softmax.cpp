// Softmax and log-softmax of the rows of a contiguous [rows, cols].
#include "kernels.h"
#include "softmax_each.h"

namespace ng::NG_ISA {
void softmax(Ctx&, Out<Floating> out, In<Floating> x, int64_t rows, int64_t cols, bool log) {
  if (cols == 0) return;
  withDtype(x, [&]<class T>(Tag<T>) {
    T* o = out.as<T>();
    const T* a = x.as<const T>();
    forRows<T>(
        rows, cols, [&](int64_t r, int64_t n) { softmaxNarrow(o + r * cols, a + r * cols, n, cols, log); },
        [&](Block<T>& block, int64_t r) { softmaxRow(block, o + r * cols, a + r * cols, cols, log); });
  });
}

void softmaxGrad(Ctx&, Out<Floating> out, In<Floating> g, In<Floating> y, int64_t rows, int64_t cols, bool log) {
  if (cols == 0) return;
  withDtype(y, [&]<class T>(Tag<T>) {
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

}  // namespace ng::NG_ISA
