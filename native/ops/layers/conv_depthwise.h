// Depthwise convolution (one input channel per group): too little arithmetic per element for a matrix product, so rows
// are combined directly, one plane at a time.
#pragma once
#include "conv_geometry.h"
#include "gemm/patches.h"

namespace ng::NG_ISA {

// body(tap, first output element, first source element, count): every run of one row under one tap; output elements
// are side by side, source elements `stride[2]` apart.
template <class F>
static inline void forTapRows(const ConvGeometry& g, F&& body) {
  for (int64_t d = 0; d < g.grid[0]; d++) {
    for (int64_t h = 0; h < g.grid[1]; h++) {
      const int64_t out = (d * g.grid[1] + h) * g.grid[2];
      int64_t tap = 0;
      for (int64_t a = 0; a < g.taps[0]; a++) {
        const int64_t sd = d * g.stride[0] + g.shift(0, a);
        for (int64_t b = 0; b < g.taps[1]; b++) {
          const int64_t sh = h * g.stride[1] + g.shift(1, b);
          const bool inside = sd >= 0 && sd < g.size[0] && sh >= 0 && sh < g.size[1];
          for (int64_t e = 0; e < g.taps[2]; e++, tap++) {
            if (!inside) continue;
            int64_t lo, hi;
            const int64_t first = g.shift(2, e);
            insideRange(first, g.stride[2], g.size[2], g.grid[2], lo, hi);
            if (hi > lo) body(tap, out + lo, (sd * g.size[1] + sh) * g.size[2] + first + lo * g.stride[2], hi - lo);
          }
        }
      }
    }
  }
}

static inline int64_t depthwiseGrain(const ConvGeometry& g) { return 1 + 32768 / (g.positions() * g.tapCount() + 1); }

template <class T>
static void depthwiseForward(const ConvGeometry& g, T* out, const T* x, const T* w, const T* bias) {
  const int64_t per = g.groupOutputs(), taps = g.tapCount(), positions = g.positions(), step = g.stride[2];
  parallelFor(g.batch * g.outputs, depthwiseGrain(g), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t n = i / g.outputs, o = i % g.outputs;
      T* y = out + i * positions;
      const T* a = x + (n * g.channels + o / per) * g.plane();
      const T b = bias ? bias[o] : T(0);
      for (int64_t p = 0; p < positions; p++) y[p] = b;
      forTapRows(g, [&](int64_t tap, int64_t to, int64_t from, int64_t count) {
        const T f = w[o * taps + tap];
        if (step == 1) {
          for (int64_t j = 0; j < count; j++) y[to + j] += f * a[from + j];
        } else {
          for (int64_t j = 0; j < count; j++) y[to + j] += f * a[from + j * step];
        }
      });
    }
  });
}

template <class T>
static void depthwiseTranspose(const ConvGeometry& g, T* out, const T* grad, const T* w, const T* bias) {
  const int64_t per = g.groupOutputs(), taps = g.tapCount(), positions = g.positions(), step = g.stride[2];
  parallelFor(g.batch * g.channels, depthwiseGrain(g), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t n = i / g.channels, c = i % g.channels;
      T* x = out + i * g.plane();
      const T b = bias ? bias[c] : T(0);
      for (int64_t p = 0; p < g.plane(); p++) x[p] = b;
      for (int64_t o = c * per; o < (c + 1) * per; o++) {
        const T* y = grad + (n * g.outputs + o) * positions;
        forTapRows(g, [&](int64_t tap, int64_t from, int64_t to, int64_t count) {
          const T f = w[o * taps + tap];
          if (step == 1) {
            for (int64_t j = 0; j < count; j++) x[to + j] += f * y[from + j];
          } else {
            for (int64_t j = 0; j < count; j++) x[to + j * step] += f * y[from + j];
          }
        });
      }
    }
  });
}

// A dot product of rows in eight fixed lanes.
template <class T>
static inline T rowDot(const T* a, const T* b, int64_t step, int64_t n) {
  T lane[8] = {};
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (int l = 0; l < 8; l++) lane[l] += a[i + l] * b[(i + l) * step];
  }
  T s = ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
  for (; i < n; i++) s += a[i] * b[i * step];
  return s;
}

template <class T>
static void depthwiseWeight(const ConvGeometry& g, T* out, const T* grad, const T* x) {
  const int64_t per = g.groupOutputs(), taps = g.tapCount(), step = g.stride[2];
  parallelFor(g.outputs, 1, [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; o++) {
      T* w = out + o * taps;
      for (int64_t t = 0; t < taps; t++) w[t] = T(0);
      for (int64_t n = 0; n < g.batch; n++) {
        const T* y = grad + (n * g.outputs + o) * g.positions();
        const T* a = x + (n * g.channels + o / per) * g.plane();
        forTapRows(g, [&](int64_t tap, int64_t to, int64_t from, int64_t count) {
          w[tap] += step == 1 ? rowDot(y + to, a + from, 1, count) : rowDot(y + to, a + from, step, count);
        });
      }
    }
  });
}

}  // namespace ng::NG_ISA
