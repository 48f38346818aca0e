// Cross-entropy of the rows of contiguous logits [rows, cols] on the GPU. The formulas are those of
// cross_entropy_rows.h.
#include "classes.h"
#include "ops/layers/row_lanes.h"

namespace ng::NG_ISA {
namespace {

__device__ double readOn(const Buf& b, int64_t i) {
  double v = 0;
  withDtype<Floating>(b.t, [&]<class T>(Tag<T>) { v = castTo<double>(static_cast<const T*>(b.p)[i]); });
  return v;
}
__device__ void writeOn(const Buf& b, int64_t i, double v) {
  withDtype<Floating>(b.t, [&]<class T>(Tag<T>) { static_cast<T*>(b.p)[i] = castTo<T>(v); });
}

// The row's class, or -1 when it has no loss: ignored, or out of range (which is reported).
template <class T, int L>
__device__ int64_t usable(const ClassWeights<T>& k, int64_t row, const Reporter& to) {
  const int64_t y = k.classAt(row);
  if (y == k.ignoreIndex) return -1;
  if (inside(y, k.cols)) return y;
  if (Row<L>::lane() == 0) report(to, Why::badClass, row, y, row, k.cols);
  return -1;
}
template <class T, int L>
__device__ double totalWeight(const ClassWeights<T>& k) {
  if (k.weight == nullptr || k.smoothing == 0) return k.totalWeight;
  return Row<L>::sum(k.cols, [&](int64_t c) { return k.weightAt(c); });
}

template <class T, int L>
__global__ void lossKernel(Buf loss, Buf lse, const T* x, ClassWeights<T> k, int64_t rows, Reporter to) {
  using In = InOf<T>;
  using R = Row<L>;
  const double total = totalWeight<T, L>(k);
  for (int64_t r = R::first(); r < rows; r += R::step()) {
    const T* a = x + r * k.cols;
    const int64_t y = usable<T, L>(k, r, to);
    double value = 0, rowLse = 0;
    if (y >= 0) {
      const In max = R::max(a, k.cols);
      const double log = ::log(R::sumExp(a, k.cols, max));
      rowLse = static_cast<double>(max) + log;
      value = k.hit(y) * (log - static_cast<double>(load(a[y]) - max));
      if (k.smoothing != 0) {
        const double away = R::sum(k.cols, [&](int64_t c) { return k.weightAt(c) * (load(a[c]) - max); });
        value += k.even() * (total * log - away);
      }
    }
    if (R::lane() == 0) {
      writeOn(loss, r, value);
      writeOn(lse, r, rowLse);
    }
  }
}

template <class T, int L>
__global__ void lossGradKernel(T* out, Buf g, const T* x, Buf lse, ClassWeights<T> k, int64_t rows, Reporter to) {
  using In = InOf<T>;
  using R = Row<L>;
  const double total = totalWeight<T, L>(k);
  for (int64_t r = R::first(); r < rows; r += R::step()) {
    const T* a = x + r * k.cols;
    T* o = out + r * k.cols;
    const int64_t y = usable<T, L>(k, r, to);
    if (y < 0) {
      for (int64_t c = R::lane(); c < k.cols; c += L) o[c] = T{};
      continue;
    }
    const double gr = readOn(g, r), rowLse = readOn(lse, r), spread = gr * k.even(), hit = gr * k.hit(y);
    const In shift = static_cast<In>(rowLse);
    double scale = hit + (k.smoothing != 0 ? spread * total : 0);
    // See rowGrad: for large logits the rounding of lse matters.
    if (!(::fabs(rowLse) < 32)) scale /= R::sumExp(a, k.cols, shift);
    for (int64_t c = R::lane(); c < k.cols; c += L) {
      In v = static_cast<In>(scale) * m::exp(load(a[c]) - shift);
      if (k.smoothing != 0) v -= static_cast<In>(spread) * k.weightAt(c);
      o[c] = castTo<T>(c == y ? static_cast<In>(v - hit) : v);
    }
  }
}

template <class T>
ClassWeights<T> weightsOf(const Buf& labels, const Buf& weight, int64_t cols, int64_t ignoreIndex, double smoothing) {
  return {labels, weight.as<const T>(), cols, ignoreIndex, smoothing, static_cast<double>(cols)};
}

}  // namespace

void crossEntropy(Ctx& c, Out<Floating> loss, Out<Floating> lse, In<Floating> x, In<Labels> labels, In<Floating> weight,
                  int64_t rows, int64_t cols, int64_t ignoreIndex, double smoothing) {
  withRows(x, rows, cols, [&]<class T>(Tag<T>, auto lanes, Launch l) {
    launch(c, "crossEntropy", l, lossKernel<T, decltype(lanes)::value>, loss, lse, x.as<const T>(),
           weightsOf<T>(labels, weight, cols, ignoreIndex, smoothing), rows, streamOf(c).reporter());
  });
}

void crossEntropyGrad(Ctx& c, Out<Floating> out, In<Floating> g, In<Floating> x, In<Floating> lse, In<Labels> labels,
                      In<Floating> weight, int64_t rows, int64_t cols, int64_t ignoreIndex, double smoothing) {
  withRows(x, rows, cols, [&]<class T>(Tag<T>, auto lanes, Launch l) {
    launch(c, "crossEntropyGrad", l, lossGradKernel<T, decltype(lanes)::value>, out.as<T>(), g, x.as<const T>(), lse,
           weightsOf<T>(labels, weight, cols, ignoreIndex, smoothing), rows, streamOf(c).reporter());
  });
}

}  // namespace ng::NG_ISA
