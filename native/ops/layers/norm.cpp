// Normalisation: batch norm (Ioffe & Szegedy 2015) over channels, and layer (Ba et al. 2016), group, instance and RMS
// norm over rows. Sums run in sixteen lanes per block and in double across blocks; variances are taken around the mean.
#include <cmath>

#include "kernels.h"
#include "runtime/parallel.h"
#include "strip_norm.h"
#include "strips.h"

namespace ng::NG_ISA {
namespace {

constexpr int64_t kBlock = 256;    // elements per partial sum
constexpr int64_t kGrain = 16384;  // elements per task
constexpr int kLanes = 16;

// sum f(i) over [0, n) for two functions at once.
struct Sums {
  double a = 0, b = 0;
};
template <class T, class F>
inline void addSums(Sums& s, int64_t n, F&& f) {
  for (int64_t at = 0; at < n; at += kBlock) {
    const int64_t end = at + kBlock < n ? at + kBlock : n;
    T a[kLanes] = {}, b[kLanes] = {};
    int64_t i = at;
    for (; i + kLanes <= end; i += kLanes) {
      for (int l = 0; l < kLanes; l++) f(i + l, a[l], b[l]);
    }
    for (; i < end; i++) f(i, a[0], b[0]);
    for (int step = kLanes / 2; step > 0; step /= 2) {
      for (int l = 0; l < step; l++) a[l] += a[l + step], b[l] += b[l + step];
    }
    s.a += static_cast<double>(a[0]);
    s.b += static_cast<double>(b[0]);
  }
}

template <class F>
void floating(Ctx& ctx, DType t, F&& f) {
  if (t == DType::f32) return f(float{});
  if (t == DType::f64) return f(double{});
  ctx.fail(Why::undefinedDtype);
}

int64_t grainOf(int64_t each) { return 1 + kGrain / (each + 1); }

template <class F>
void forEach(int64_t n, int64_t each, F&& body) {
  parallelFor(n, grainOf(each), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) body(i);
  });
}

}  // namespace

void batchNorm(Ctx& ctx, Out<Real> out, Out<Real> mean, Out<Real> var, In<Real> x, In<Real> weight, In<Real> bias,
               In<Real> givenMean, In<Real> givenVar, int64_t n, int64_t c, int64_t s, double eps) {
  const bool given = givenMean.p != nullptr;
  floating(ctx, x.t, [&]<class T>(T) {
    const T *xs = x.as<const T>(), *w = weight.as<const T>(), *b = bias.as<const T>();
    T* o = out.as<T>();
    const T* means = given ? givenMean.as<const T>() : mean.as<const T>();
    const T* vars = given ? givenVar.as<const T>() : var.as<const T>();
    if (s == 1) {
      T *m = given ? nullptr : mean.as<T>(), *v = given ? nullptr : var.as<T>();
      return forEach(stripsOf(c), n * kStrip,
                     [&](int64_t i) { stripNorm<T>(o, m, v, means, vars, xs, w, b, n, c, eps, i * kStrip); });
    }
    const double count = static_cast<double>(n * s);
    forEach(c, n * s, [&](int64_t ch) {
      if (!given) {
        Sums total, squares;
        for (int64_t i = 0; i < n; i++) {
          const T* a = xs + (i * c + ch) * s;
          addSums<T>(total, s, [&](int64_t j, T& u, T&) { u += a[j]; });
        }
        const T m = static_cast<T>(total.a / count);
        for (int64_t i = 0; i < n; i++) {
          const T* a = xs + (i * c + ch) * s;
          addSums<T>(squares, s, [&](int64_t j, T& u, T& v) {
            const T d = a[j] - m;
            u += d * d;
            v += d;
          });
        }
        mean.as<T>()[ch] = m;
        var.as<T>()[ch] = static_cast<T>((squares.a - squares.b * squares.b / count) / count);
      }
      const T scale = static_cast<T>((w ? w[ch] : 1) / std::sqrt(static_cast<double>(vars[ch]) + eps));
      const T m = means[ch], shift = b ? b[ch] : T(0);
      for (int64_t i = 0; i < n; i++) {
        const T* a = xs + (i * c + ch) * s;
        T* to = o + (i * c + ch) * s;
        for (int64_t j = 0; j < s; j++) to[j] = (a[j] - m) * scale + shift;
      }
    });
  });
}

// With xh = (x - mean) rstd: dx = w rstd (g - mean(g) - xh mean(g xh)); for constant statistics dx = w rstd g.
void batchNormGrad(Ctx& ctx, Out<Real> dx, Out<Real> dw, Out<Real> db, In<Real> g, In<Real> x, In<Real> mean,
                   In<Real> var, In<Real> weight, int64_t n, int64_t c, int64_t s, double eps, bool given) {
  floating(ctx, x.t, [&]<class T>(T) {
    const T *gs = g.as<const T>(), *xs = x.as<const T>(), *w = weight.as<const T>();
    T* o = dx.as<T>();
    if (s == 1)
      return forEach(stripsOf(c), n * kStrip, [&](int64_t i) {
        stripNormGrad<T>(o, dw.as<T>(), db.as<T>(), gs, xs, mean.as<const T>(), var.as<const T>(), w, given, n, c, eps,
                         i * kStrip);
      });
    const double count = static_cast<double>(n * s);
    forEach(c, n * s, [&](int64_t ch) {
      const double rstd = 1 / std::sqrt(static_cast<double>(var.as<const T>()[ch]) + eps);
      const T m = mean.as<const T>()[ch];
      Sums sums;
      for (int64_t i = 0; i < n; i++) {
        const T *a = xs + (i * c + ch) * s, *q = gs + (i * c + ch) * s;
        addSums<T>(sums, s, [&](int64_t j, T& u, T& v) {
          u += q[j];
          v += q[j] * (a[j] - m);
        });
      }
      dw.as<T>()[ch] = static_cast<T>(sums.b * rstd);
      db.as<T>()[ch] = static_cast<T>(sums.a);
      const T scale = static_cast<T>((w ? w[ch] : 1) * rstd);
      const T gMean = static_cast<T>(given ? 0 : sums.a / count);
      const T slope = static_cast<T>(given ? 0 : sums.b * rstd * rstd / count);
      for (int64_t i = 0; i < n; i++) {
        const T *a = xs + (i * c + ch) * s, *q = gs + (i * c + ch) * s;
        T* to = o + (i * c + ch) * s;
        for (int64_t j = 0; j < s; j++) to[j] = (q[j] - gMean - (a[j] - m) * slope) * scale;
      }
    });
  });
}

void rowNorm(Ctx& ctx, Out<Real> out, Out<Real> mean, Out<Real> rstd, In<Real> x, In<Real> weight, In<Real> bias,
             int64_t rows, int64_t groups, int64_t channels, int64_t inner, double eps, bool rms) {
  floating(ctx, x.t, [&]<class T>(T) {
    const int64_t cols = channels * inner;
    forEach(rows, cols, [&](int64_t r) {
      const T* a = x.as<const T>() + r * cols;
      T* to = out.as<T>() + r * cols;
      T m = T(0);
      if (!rms) {
        Sums total;
        addSums<T>(total, cols, [&](int64_t j, T& u, T&) { u += a[j]; });
        m = static_cast<T>(total.a / static_cast<double>(cols));
      }
      Sums squares;
      addSums<T>(squares, cols, [&](int64_t j, T& u, T& v) {
        const T d = a[j] - m;
        u += d * d;
        v += d;
      });
      const double count = static_cast<double>(cols);
      const double var = (squares.a - (rms ? 0 : squares.b * squares.b / count)) / count;
      const T f = static_cast<T>(1 / std::sqrt(var + eps));
      mean.as<T>()[r] = m;
      rstd.as<T>()[r] = f;
      const int64_t first = r % groups * channels;
      const T* w = weight.p ? weight.as<const T>() + first : nullptr;
      const T* b = bias.p ? bias.as<const T>() + first : nullptr;
      if (inner == 1 && w) {
        if (b) {
          for (int64_t j = 0; j < cols; j++) to[j] = (a[j] - m) * f * w[j] + b[j];
        } else {
          for (int64_t j = 0; j < cols; j++) to[j] = (a[j] - m) * f * w[j];
        }
        return;
      }
      for (int64_t ch = 0; ch < channels; ch++) {
        const T scale = w ? f * w[ch] : f, shift = b ? b[ch] : T(0);
        for (int64_t j = ch * inner; j < (ch + 1) * inner; j++) to[j] = (a[j] - m) * scale + shift;
      }
    });
  });
}

namespace {

// With v = g w: dx = rstd (v - mean(v) - xh mean(v xh)), without mean(v) for rms.
template <class T>
void rowGrad(T* to, const T* q, const T* a, const T* w, T m, T f, int64_t channels, int64_t inner, bool rms) {
  const int64_t cols = channels * inner;
  Sums sums;
  if (inner == 1) {
    if (w) {
      addSums<T>(sums, cols, [&](int64_t j, T& u, T& v) {
        const T e = q[j] * w[j];
        u += e;
        v += e * (a[j] - m);
      });
    } else {
      addSums<T>(sums, cols, [&](int64_t j, T& u, T& v) {
        u += q[j];
        v += q[j] * (a[j] - m);
      });
    }
  } else {
    for (int64_t ch = 0; ch < channels; ch++) {
      const T e = w ? w[ch] : T(1);
      Sums part;
      addSums<T>(part, inner, [&](int64_t j, T& u, T& v) {
        u += q[ch * inner + j];
        v += q[ch * inner + j] * (a[ch * inner + j] - m);
      });
      sums.a += e * part.a;
      sums.b += e * part.b;
    }
  }
  const double count = static_cast<double>(cols);
  const T mean = static_cast<T>(rms ? 0 : sums.a / count);
  const T slope = static_cast<T>(sums.b * static_cast<double>(f) * static_cast<double>(f) / count);
  if (inner == 1) {
    for (int64_t j = 0; j < cols; j++) to[j] = ((w ? q[j] * w[j] : q[j]) - mean - (a[j] - m) * slope) * f;
    return;
  }
  for (int64_t ch = 0; ch < channels; ch++) {
    const T e = w ? w[ch] : T(1);
    for (int64_t j = ch * inner; j < (ch + 1) * inner; j++) to[j] = (q[j] * e - mean - (a[j] - m) * slope) * f;
  }
}

// dw and db of channels side by side in memory (inner == 1): a strip of columns, all rows.
template <class T>
void stripGrad(T* dw, T* db, const T* g, const T* x, const T* mean, const T* rstd, int64_t rows, int64_t groups,
               int64_t channels, int64_t first) {
  const int64_t n = channels - first % channels < kStrip ? channels - first % channels : kStrip;
  const int64_t group = first / channels, c0 = first % channels;
  double w[kStrip], b[kStrip];
  stripSums<T>(w, b, (rows - group + groups - 1) / groups, n, [&](int64_t i, int64_t j, T& u, T& v) {
    const int64_t r = group + i * groups, at = r * channels + c0 + j;
    u += g[at] * (x[at] - mean[r]) * rstd[r];
    v += g[at];
  });
  for (int64_t j = 0; j < n; j++) {
    if (dw) dw[first + j] = static_cast<T>(w[j]);
    if (db) db[first + j] = static_cast<T>(b[j]);
  }
}

}  // namespace

void rowNormGrad(Ctx& ctx, Out<Real> dx, Out<Real> dw, Out<Real> db, In<Real> g, In<Real> x, In<Real> mean,
                 In<Real> rstd, In<Real> weight, int64_t rows, int64_t groups, int64_t channels, int64_t inner,
                 bool rms) {
  floating(ctx, x.t, [&]<class T>(T) {
    const int64_t cols = channels * inner;
    const T *gs = g.as<const T>(), *xs = x.as<const T>(), *ms = mean.as<const T>(), *fs = rstd.as<const T>();
    forEach(rows, cols, [&](int64_t r) {
      const T* w = weight.p ? weight.as<const T>() + r % groups * channels : nullptr;
      rowGrad(dx.as<T>() + r * cols, gs + r * cols, xs + r * cols, w, ms[r], fs[r], channels, inner, rms);
    });
    T *ws = dw.as<T>(), *bs = db.as<T>();
    if (!ws && !bs) return;
    if (inner == 1) {
      const int64_t strips = stripsOf(channels);
      forEach(groups * strips, kStrip * rows / groups, [&](int64_t i) {
        stripGrad(ws, bs, gs, xs, ms, fs, rows, groups, channels, i / strips * channels + i % strips * kStrip);
      });
      return;
    }
    forEach(groups * channels, inner * rows / groups, [&](int64_t i) {
      double w = 0, b = 0;
      for (int64_t r = i / channels; r < rows; r += groups) {
        const int64_t at = r * cols + i % channels * inner;
        const T m = ms[r];
        Sums sums;
        addSums<T>(sums, inner, [&](int64_t j, T& u, T& v) {
          u += gs[at + j];
          v += gs[at + j] * (xs[at + j] - m);
        });
        b += sums.a;
        w += sums.b * static_cast<double>(fs[r]);
      }
      if (ws) ws[i] = static_cast<T>(w);
      if (bs) bs[i] = static_cast<T>(b);
    });
  });
}

}  // namespace ng::NG_ISA
