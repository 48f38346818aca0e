// Softmax, log-softmax and cross-entropy of the rows of a contiguous [rows, cols] on the GPU: a warp per row, or a
// block for long rows. The formulas are those of softmax_rows.h; a lane sums up to 32 terms in float32, lanes meet in
// float64.
#include "../cuda/device.h"
#include "classes.h"
#include "math.h"

namespace ng::NG_ISA {
namespace {

constexpr int64_t kWarpCols = 1024;  // longer rows get a block

// L lanes share a row. All of them must call what merges.
template <int L>
struct Row {
  static __device__ int64_t lane() { return threadIdx.x % L; }
  static __device__ int64_t first() { return static_cast<int64_t>(blockIdx.x) * (kThreads / L) + threadIdx.x / L; }
  static __device__ int64_t step() { return static_cast<int64_t>(gridDim.x) * (kThreads / L); }

  template <class T, class F>
  static __device__ T merge(T v, F f) {
    if constexpr (L == kWarp) {
      return warpMerge(v, f);
    } else {
      return blockMerge(v, f);
    }
  }
  template <class T>
  static __device__ InOf<T> max(const T* x, int64_t cols) {
    using Op = ExtremeOp<InOf<T>, true>;
    InOf<T> m = Op::kId;
    for (int64_t c = lane(); c < cols; c += L) m = Op::merge(m, load(x[c]));
    return merge(m, [](InOf<T> a, InOf<T> b) { return Op::merge(a, b); });
  }
  // Sum of term(column), whose type says in which precision.
  template <class F>
  static __device__ double sum(int64_t cols, F term) {
    double total = 0;
    for (int64_t c = lane(); c < cols;) {
      decltype(term(c)) part = 0;
      for (int k = 0; k < 32 && c < cols; k++, c += L) part += term(c);
      total += static_cast<double>(part);
    }
    return merge(total, [](double a, double b) { return a + b; });
  }
  template <class T>
  static __device__ double sumExp(const T* x, int64_t cols, InOf<T> shift) {
    return sum(cols, [&](int64_t c) { return m::exp(load(x[c]) - shift); });
  }
};

__device__ double readOn(const Buf& b, int64_t i) {
  double v = 0;
  withTypeOnDevice(b.t,
                   [&](auto tag) { v = castTo<double>(static_cast<const typename decltype(tag)::type*>(b.p)[i]); });
  return v;
}
__device__ void writeOn(const Buf& b, int64_t i, double v) {
  withTypeOnDevice(b.t, [&](auto tag) {
    using T = typename decltype(tag)::type;
    static_cast<T*>(b.p)[i] = castTo<T>(v);
  });
}

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

// Calls f(Tag<T>{}, lanes of a row, launch) for a floating dtype.
template <class F>
void withRows(DType t, int64_t rows, int64_t cols, F&& f) {
  withType(t, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (kFloating<T> || kHalf<T>) {
      const auto with = [&]<int L>(std::integral_constant<int, L> lanes) {
        Launch l = cover(rows * L);
        l.meet = true;
        f(tag, lanes, l);
      };
      if (cols <= kWarpCols) {
        with(std::integral_constant<int, kWarp>{});
      } else {
        with(std::integral_constant<int, kThreads>{});
      }
    }
  });
}

template <class T>
ClassWeights<T> weightsOf(const Buf& labels, const Buf& weight, int64_t cols, int64_t ignoreIndex, double smoothing) {
  return {labels, weight.as<const T>(), cols, ignoreIndex, smoothing, static_cast<double>(cols)};
}

}  // namespace

void softmax(Ctx& c, Out<Floating> out, In<Floating> x, int64_t rows, int64_t cols, bool log) {
  if (cols == 0) return;
  withRows(x.t, rows, cols, [&](auto tag, auto lanes, Launch l) {
    using T = typename decltype(tag)::type;
    launch(c, "softmax", l, softmaxKernel<T, decltype(lanes)::value>, out.as<T>(), x.as<const T>(), rows, cols, log);
  });
}

void softmaxGrad(Ctx& c, Out<Floating> out, In<Floating> g, In<Floating> y, int64_t rows, int64_t cols, bool log) {
  if (cols == 0) return;
  withRows(y.t, rows, cols, [&](auto tag, auto lanes, Launch l) {
    using T = typename decltype(tag)::type;
    launch(c, "softmaxGrad", l, softmaxGradKernel<T, decltype(lanes)::value>, out.as<T>(), g.as<const T>(),
           y.as<const T>(), rows, cols, log);
  });
}

void crossEntropy(Ctx& c, Out<Floating> loss, Out<Floating> lse, In<Floating> x, In<Labels> labels, In<Floating> weight,
                  int64_t rows, int64_t cols, int64_t ignoreIndex, double smoothing) {
  withRows(x.t, rows, cols, [&](auto tag, auto lanes, Launch l) {
    using T = typename decltype(tag)::type;
    launch(c, "crossEntropy", l, lossKernel<T, decltype(lanes)::value>, loss, lse, x.as<const T>(),
           weightsOf<T>(labels, weight, cols, ignoreIndex, smoothing), rows, streamOf(c).reporter());
  });
}

void crossEntropyGrad(Ctx& c, Out<Floating> out, In<Floating> g, In<Floating> x, In<Floating> lse, In<Labels> labels,
                      In<Floating> weight, int64_t rows, int64_t cols, int64_t ignoreIndex, double smoothing) {
  withRows(x.t, rows, cols, [&](auto tag, auto lanes, Launch l) {
    using T = typename decltype(tag)::type;
    launch(c, "crossEntropyGrad", l, lossGradKernel<T, decltype(lanes)::value>, out.as<T>(), g, x.as<const T>(), lse,
           weightsOf<T>(labels, weight, cols, ignoreIndex, smoothing), rows, streamOf(c).reporter());
  });
}

}  // namespace ng::NG_ISA
