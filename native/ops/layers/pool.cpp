// Pooling over windows of up to three dimensions. A task owns whole planes, so gradients are added without races.
#include <cmath>
#include <type_traits>

#include "gemm/runs.h"
#include "kernels.h"
#include "runtime/parallel.h"
#include "runtime/scratch.h"

namespace ng::NG_ISA {
namespace {

struct PoolAxis {
  int64_t size, grid, kernel, stride, padding, dilation;
  bool adaptive;
  // Taps of output i: first, first + dilation, ... below end; `full` counts them with the padding.
  void window(int64_t i, int64_t& first, int64_t& end, int64_t& full) const {
    if (adaptive) {
      first = i * size / grid;
      end = ((i + 1) * size + grid - 1) / grid;
      full = end - first;
      return;
    }
    first = i * stride - padding;
    end = first + (kernel - 1) * dilation + 1;
    full = (end < size + padding ? end : size + padding) - first;
    if (first < 0) first += (-first + dilation - 1) / dilation * dilation;
    if (end > size) end = size;
  }
};

struct Pool {
  PoolAxis a[3];
  int64_t inPlane, outPlane;
  Pool(const Dims& size, const Dims& grid, const Dims& kernel, const Dims& stride, const Dims& padding,
       const Dims* dilation, bool adaptive) {
    for (int i = 0; i < 3; i++) {
      a[i] = {size[i],
              grid[i],
              adaptive ? 1 : kernel[i],
              adaptive ? 1 : stride[i],
              adaptive ? 0 : padding[i],
              dilation && !adaptive ? (*dilation)[i] : 1,
              adaptive};
    }
    inPlane = size.numel();
    outPlane = grid.numel();
  }
  int64_t grain() const { return 1 + 16384 / (inPlane + outPlane + 1); }

  // body(output, d0, d1, h0, h1, w0, w1, elements with the padding)
  template <class F>
  void forWindows(F&& body) const {
    int64_t o = 0, d0, d1, df, h0, h1, hf, w0, w1, wf;
    for (int64_t d = 0; d < a[0].grid; d++) {
      a[0].window(d, d0, d1, df);
      for (int64_t h = 0; h < a[1].grid; h++) {
        a[1].window(h, h0, h1, hf);
        for (int64_t w = 0; w < a[2].grid; w++) {
          a[2].window(w, w0, w1, wf);
          body(o++, d0, d1, h0, h1, w0, w1, df * hf * wf);
        }
      }
    }
  }
};

template <class T>
void maxPlane(const Pool& p, T* out, int64_t* indices, const T* x) {
  const int64_t row = p.a[2].size, slice = p.a[1].size * row;
  p.forWindows([&](int64_t o, int64_t d0, int64_t d1, int64_t h0, int64_t h1, int64_t w0, int64_t w1, int64_t) {
    T best = -INFINITY;
    int64_t at = d0 * slice + h0 * row + w0;
    for (int64_t d = d0; d < d1; d += p.a[0].dilation) {
      for (int64_t h = h0; h < h1; h += p.a[1].dilation) {
        for (int64_t w = w0; w < w1; w += p.a[2].dilation) {
          const int64_t i = d * slice + h * row + w;
          if (x[i] > best || x[i] != x[i]) best = x[i], at = i;  // NaN wins, as in PyTorch
        }
      }
    }
    out[o] = best;
    indices[o] = at;
  });
}

// One tap of n windows beside each other: takes[i] if it beats best[i]. S: the step of the windows, 0 for any.
template <int64_t S, class T, class I>
void maxTap(T* best, I* at, const T* x, int64_t n, int64_t anyStep, I first) {
  const int64_t step = S == 0 ? anyStep : S;
  for (int64_t i = 0; i < n; i++) {
    const T v = x[i * step];
    const bool take = v > best[i] || v != v;  // NaN wins, as in PyTorch
    best[i] = take ? v : best[i];
    at[i] = take ? first + static_cast<I>(i * step) : at[i];
  }
}

// Sliding windows a row of outputs at a time and tap by tap, so that windows go side by side in vectors.
template <class T>
void maxPlaneRows(const Pool& p, T* out, int64_t* indices, const T* x) {
  using I = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
  const PoolAxis &ad = p.a[0], &ah = p.a[1], &aw = p.a[2];
  const int64_t row = aw.size, slice = ah.size * row;
  const Scratch<I> at(aw.grid);
  int64_t d0, d1, h0, h1, w0, w1, full;
  for (int64_t o = 0; o < ad.grid * ah.grid; o++, out += aw.grid, indices += aw.grid) {
    ad.window(o / ah.grid, d0, d1, full);
    ah.window(o % ah.grid, h0, h1, full);
    for (int64_t i = 0; i < aw.grid; i++) {
      aw.window(i, w0, w1, full);
      out[i] = -INFINITY;
      at[i] = static_cast<I>(d0 * slice + h0 * row + w0);
    }
    for (int64_t d = d0; d < d1; d += ad.dilation) {
      for (int64_t h = h0; h < h1; h += ah.dilation) {
        for (int64_t t = 0; t < aw.kernel; t++) {
          const int64_t first = t * aw.dilation - aw.padding;
          int64_t lo = 0, hi = 0;
          insideRange(first, aw.stride, aw.size, aw.grid, lo, hi);
          const int64_t from = d * slice + h * row + first + lo * aw.stride;
          const auto tap = aw.stride == 1 ? maxTap<1, T, I> : aw.stride == 2 ? maxTap<2, T, I> : maxTap<0, T, I>;
          tap(out + lo, at + lo, x + from, hi - lo, aw.stride, static_cast<I>(from));
        }
      }
    }
    for (int64_t i = 0; i < aw.grid; i++) indices[i] = at[i];
  }
}

template <class T, class F>
void forMeans(const Pool& p, bool includePad, double divisor, F&& body) {
  p.forWindows([&](int64_t o, int64_t d0, int64_t d1, int64_t h0, int64_t h1, int64_t w0, int64_t w1, int64_t full) {
    const int64_t inside = (d1 - d0) * (h1 - h0) * (w1 - w0);
    const double count = divisor != 0 ? divisor : static_cast<double>(includePad ? full : inside);
    body(o, d0, d1, h0, h1, w0, w1, static_cast<T>(count));
  });
}

template <class T>
void meanPlane(const Pool& p, T* out, const T* x, bool includePad, double divisor) {
  const int64_t row = p.a[2].size, slice = p.a[1].size * row;
  forMeans<T>(p, includePad, divisor,
              [&](int64_t o, int64_t d0, int64_t d1, int64_t h0, int64_t h1, int64_t w0, int64_t w1, T count) {
                T sum = T(0);
                for (int64_t d = d0; d < d1; d++) {
                  for (int64_t h = h0; h < h1; h++) {
                    const T* line = x + d * slice + h * row;
                    T s = T(0);
                    for (int64_t w = w0; w < w1; w++) s += line[w];
                    sum += s;
                  }
                }
                out[o] = d1 > d0 && h1 > h0 && w1 > w0 ? sum / count : T(0);
              });
}

template <class T>
void meanPlaneGrad(const Pool& p, T* out, const T* g, bool includePad, double divisor) {
  const int64_t row = p.a[2].size, slice = p.a[1].size * row;
  for (int64_t i = 0; i < p.inPlane; i++) out[i] = T(0);
  forMeans<T>(p, includePad, divisor,
              [&](int64_t o, int64_t d0, int64_t d1, int64_t h0, int64_t h1, int64_t w0, int64_t w1, T count) {
                const T v = g[o] / count;
                for (int64_t d = d0; d < d1; d++) {
                  for (int64_t h = h0; h < h1; h++) {
                    T* line = out + d * slice + h * row;
                    for (int64_t w = w0; w < w1; w++) line[w] += v;
                  }
                }
              });
}

template <class F>
void floating(Ctx& ctx, DType t, F&& f) {
  if (t == DType::f32) return f(float{});
  if (t == DType::f64) return f(double{});
  ctx.fail(Why::undefinedDtype);
}

template <class F>
void forPlanes(const Pool& p, int64_t planes, F&& body) {
  parallelFor(planes, p.grain(), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) body(i);
  });
}

}  // namespace

void maxPool(Ctx& ctx, Out<Real> out, Out<Int64> indices, In<Real> x, int64_t planes, Dims size, Dims grid, Dims kernel,
             Dims stride, Dims padding, Dims dilation, bool adaptive) {
  const Pool p(size, grid, kernel, stride, padding, &dilation, adaptive);
  floating(ctx, x.t, [&]<class T>(T) {
    const auto plane = adaptive || p.inPlane > INT32_MAX ? maxPlane<T> : maxPlaneRows<T>;
    forPlanes(p, planes, [&](int64_t i) {
      plane(p, out.as<T>() + i * p.outPlane, indices.as<int64_t>() + i * p.outPlane, x.as<const T>() + i * p.inPlane);
    });
  });
}

void avgPool(Ctx& ctx, Out<Real> out, In<Real> x, int64_t planes, Dims size, Dims grid, Dims kernel, Dims stride,
             Dims padding, bool adaptive, bool includePad, double divisor) {
  const Pool p(size, grid, kernel, stride, padding, nullptr, adaptive);
  floating(ctx, x.t, [&]<class T>(T) {
    forPlanes(p, planes, [&](int64_t i) {
      meanPlane(p, out.as<T>() + i * p.outPlane, x.as<const T>() + i * p.inPlane, includePad, divisor);
    });
  });
}

void avgPoolGrad(Ctx& ctx, Out<Real> out, In<Real> g, int64_t planes, Dims size, Dims grid, Dims kernel, Dims stride,
                 Dims padding, bool adaptive, bool includePad, double divisor) {
  const Pool p(size, grid, kernel, stride, padding, nullptr, adaptive);
  floating(ctx, g.t, [&]<class T>(T) {
    forPlanes(p, planes, [&](int64_t i) {
      meanPlaneGrad(p, out.as<T>() + i * p.inPlane, g.as<const T>() + i * p.outPlane, includePad, divisor);
    });
  });
}

}  // namespace ng::NG_ISA
