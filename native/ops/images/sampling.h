// Where pixels of a warped image and of a resized one come from: what the CPU and CUDA share.
#pragma once
#include "ops/kit/math.h"

namespace ng::NG_ISA {

// A pixel between four others: their places in the plane, which are 0 where there is none, and their weights, 0 then.
template <class T>
struct Between {
  int32_t at[4];
  T weight[4];
  T inside;  // sum of the weights

  NG_FN_MEMBER Between(T x, T y, int64_t h, int64_t w) {
    const T x0 = m::floor(x), y0 = m::floor(y), fx = x - x0, fy = y - y0;
    inside = 0;
    for (int k = 0; k < 4; k++) {
      const T px = x0 + T(k & 1), py = y0 + T(k >> 1);
      const bool there = px >= 0 && px < T(w) && py >= 0 && py < T(h);
      at[k] = there ? static_cast<int32_t>(static_cast<int64_t>(py) * w + static_cast<int64_t>(px)) : 0;
      weight[k] = there ? ((k & 1) ? fx : 1 - fx) * ((k >> 1) ? fy : 1 - fy) : T(0);
      inside += weight[k];
    }
  }
};

// The nearest pixel's place in the plane, or -1. Halves go to the even one.
template <class T>
NG_FN int32_t nearest(T x, T y, int64_t h, int64_t w) {
  const T px = m::rint(x), py = m::rint(y);
  const bool there = px >= 0 && px < T(w) && py >= 0 && py < T(h);
  return there ? static_cast<int32_t>(static_cast<int64_t>(py) * w + static_cast<int64_t>(px)) : -1;
}

// The place (x, y) that the pixel (column, row) shows, by the matrix of its image.
template <class T>
struct Affine {
  T m[6];
  NG_FN_MEMBER explicit Affine(const T* from) {
    for (int k = 0; k < 6; k++) m[k] = from[k];
  }
  NG_FN_MEMBER T x(int64_t column, int64_t row) const { return m[0] * T(column) + (m[1] * T(row) + m[2]); }
  NG_FN_MEMBER T y(int64_t column, int64_t row) const { return m[3] * T(column) + (m[4] * T(row) + m[5]); }
};

// A triangle that is stretched where the axis shrinks, so that no pixel is left out: output i is the mean of the inputs
// [first, end) with these weights over their sum. (PyTorch's bilinear with antialias.)
struct Triangle {
  double scale, stretch;
  int64_t size;

  NG_FN_MEMBER Triangle(int64_t from, int64_t to)
      : scale(static_cast<double>(from) / static_cast<double>(to)), stretch(scale > 1 ? scale : 1), size(from) {}
  NG_FN_MEMBER double centre(int64_t i) const { return scale * (static_cast<double>(i) + 0.5); }
  NG_FN_MEMBER int64_t first(int64_t i) const {
    const auto at = static_cast<int64_t>(centre(i) - stretch + 0.5);
    return at > 0 ? at : 0;
  }
  NG_FN_MEMBER int64_t end(int64_t i) const {
    const auto at = static_cast<int64_t>(centre(i) + stretch + 0.5);
    return at < size ? at : size;
  }
  NG_FN_MEMBER double weight(int64_t i, int64_t j) const {
    const double d = (static_cast<double>(j) - centre(i) + 0.5) / stretch, far = d < 0 ? -d : d;
    return far < 1 ? 1 - far : 0;
  }
  NG_FN_MEMBER double total(int64_t i) const {
    double sum = 0;
    for (int64_t j = first(i); j < end(i); j++) sum += weight(i, j);
    return sum;
  }
};

// The part of an image that is shown: whole pixels, within the image.
struct Box {
  int64_t top, left, h, w;

  template <class T>
  NG_FN_MEMBER Box(const T* b, int64_t rows, int64_t cols)
      : top(within(b[0], 0, rows - 1)),
        left(within(b[1], 0, cols - 1)),
        h(within(b[2], 1, rows - top)),
        w(within(b[3], 1, cols - left)) {}

 private:
  template <class T>
  static NG_FN_MEMBER int64_t within(T v, int64_t least, int64_t most) {
    return v > T(least) ? (v < T(most) ? static_cast<int64_t>(v) : most) : least;
  }
};

}  // namespace ng::NG_ISA
