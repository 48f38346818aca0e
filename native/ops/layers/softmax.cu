// Softmax and log-softmax of the rows of a contiguous [rows, cols] on the GPU. The formulas are those of
// softmax_rows.h.
#include "row_lanes.h"

namespace ng::NG_ISA {
namespace {

template <class T, int L>
__global__ void softmaxKernel(T* out, const T* x, int64_t rows, int64_t cols, bool log) {
  using In = InOf<T>;
  using R = Row<L>;
  for (int64_t r = R::first(); r < rows; r += R::step()) {
    const T* a = x + r * cols;
    T* o = out + r * cols;
    const In max = R::max(a, cols);
    const double sum = R::sumExp(a, cols, max);
    const In shift = static_cast<In>(::log(sum)), scale = static_cast<In>(1 / sum);
    for (int64_t c = R::lane(); c < cols; c += L) {
      const In d = load(a[c]) - max;
      o[c] = castTo<T>(log ? d - shift : m::exp(d) * scale);
    }
  }
}

template <class T, int L>
__global__ void softmaxGradKernel(T* out, const T* g, const T* y, int64_t rows, int64_t cols, bool log) {
  using In = InOf<T>;
  using R = Row<L>;
  for (int64_t r = R::first(); r < rows; r += R::step()) {
    const T *gs = g + r * cols, *ys = y + r * cols;
    T* o = out + r * cols;
    const In sum =
        static_cast<In>(R::sum(cols, [&](int64_t c) { return log ? load(gs[c]) : load(gs[c]) * load(ys[c]); }));
    for (int64_t c = R::lane(); c < cols; c += L) {
      const In gi = load(gs[c]), yi = load(ys[c]);
      o[c] = castTo<T>(log ? gi - m::exp(yi) * sum : yi * (gi - sum));
    }
  }
}

}  // namespace

void softmax(Ctx& c, Out<Floating> out, In<Floating> x, int64_t rows, int64_t cols, bool log) {
  if (cols == 0) return;
  withRows(x, rows, cols, [&]<class T>(Tag<T>, auto lanes, Launch l) {
    launch(c, "softmax", l, softmaxKernel<T, decltype(lanes)::value>, out.as<T>(), x.as<const T>(), rows, cols, log);
  });
}

void softmaxGrad(Ctx& c, Out<Floating> out, In<Floating> g, In<Floating> y, int64_t rows, int64_t cols, bool log) {
  if (cols == 0) return;
  withRows(y, rows, cols, [&]<class T>(Tag<T>, auto lanes, Launch l) {
    launch(c, "softmaxGrad", l, softmaxGradKernel<T, decltype(lanes)::value>, out.as<T>(), g.as<const T>(),
           y.as<const T>(), rows, cols, log);
  });
}

}  // namespace ng::NG_ISA
