// Images through an affine map each, and parts of images resized.
#include <algorithm>

#include "kernels.h"
#include "ops/kit/cast.h"
#include "runtime/parallel.h"
#include "runtime/scratch.h"
#include "sampling.h"

namespace ng::NG_ISA {
namespace {

constexpr int64_t kRun = 128;  // pixels whose places are computed at once, for all channels

// A run of `count` pixels of one row, for each channel: planes of x lie `from` apart, those of o `to`.
template <class T>
void nearestRun(T* o, const T* x, const Affine<T>& a, const T* fill, int64_t column, int64_t row, int64_t count,
                int64_t channels, int64_t h, int64_t w, int64_t to) {
  int32_t at[kRun];
  for (int64_t j = 0; j < count; j++) at[j] = nearest(a.x(column + j, row), a.y(column + j, row), h, w);
  for (int64_t c = 0; c < channels; c++) {
    const T* plane = x + c * h * w;
    for (int64_t j = 0; j < count; j++) o[c * to + j] = at[j] >= 0 ? plane[at[j]] : fill[c];
  }
}

template <class T>
void bilinearRun(T* o, const T* x, const Affine<T>& a, const T* fill, int64_t column, int64_t row, int64_t count,
                 int64_t channels, int64_t h, int64_t w, int64_t to) {
  int32_t at[4][kRun];
  T weight[4][kRun], inside[kRun];
  for (int64_t j = 0; j < count; j++) {
    const Between<T> p(a.x(column + j, row), a.y(column + j, row), h, w);
    for (int k = 0; k < 4; k++) at[k][j] = p.at[k], weight[k][j] = p.weight[k];
    inside[j] = p.inside;
  }
  for (int64_t c = 0; c < channels; c++) {
    const T* plane = x + c * h * w;
    for (int64_t j = 0; j < count; j++) {
      T sum = 0;
      for (int k = 0; k < 4; k++) sum += weight[k][j] * plane[at[k][j]];
      o[c * to + j] = sum * inside[j] + (1 - inside[j]) * fill[c];
    }
  }
}

// The weights of an axis, [to, taps], which lie in scratch memory, and where each output's begin.
struct Taps {
  int64_t n = 0;
  float* weight;
  int32_t* first;

  Taps(const Triangle& axis, int64_t to, float* room, int32_t* firsts) : weight(room), first(firsts) {
    for (int64_t i = 0; i < to; i++) n = std::max(n, axis.end(i) - axis.first(i));
    for (int64_t i = 0; i < to; i++) {
      const double total = axis.total(i);
      // Outputs with fewer inputs get zeros, and begin so that none lies outside.
      const int64_t begin = std::max<int64_t>(0, std::min(axis.first(i), axis.size - n));
      first[i] = static_cast<int32_t>(begin);
      for (int64_t k = 0; k < n; k++) {
        const int64_t j = begin + k;
        const bool in = j >= axis.first(i) && j < axis.end(i);
        weight[i * n + k] = in && total > 0 ? static_cast<float>(axis.weight(i, j) / total) : 0.0f;
      }
    }
  }
  static size_t room(const Triangle& axis, int64_t to) {
    return static_cast<size_t>(to * (2 * static_cast<int64_t>(axis.stretch + 1) + 1));
  }
};

}  // namespace

void warp(Ctx&, Out<Real> out, In<Real> x, In<Real> matrix, In<Real> fill, int64_t n, int64_t c, Dims from, Dims to,
          bool bilinear) {
  const int64_t h = from[0], w = from[1], rows = to[0], cols = to[1];
  withDtype(x, [&]<class T>(Tag<T>) {
    parallelFor(n * rows, 1 + 8192 / (c * cols + 1), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; r++) {
        const int64_t image = r / rows, row = r % rows;
        const Affine<T> a(matrix.as<const T>() + 6 * image);
        const T* from = x.as<const T>() + image * c * h * w;
        for (int64_t column = 0; column < cols; column += kRun) {
          const int64_t count = std::min(kRun, cols - column);
          T* o = out.as<T>() + (image * c * rows + row) * cols + column;
          const auto run = bilinear ? bilinearRun<T> : nearestRun<T>;
          run(o, from, a, fill.as<const T>(), column, row, count, c, h, w, rows * cols);
        }
      }
    });
  });
}

void resizedCrop(Ctx&, Out<Real> out, In<Real> x, In<Real> boxes, int64_t n, int64_t c, Dims from, Dims to) {
  const int64_t h = from[0], w = from[1], rows = to[0], cols = to[1];
  withDtype(x, [&]<class T>(Tag<T>) {
    parallelFor(n, 1, [&](int64_t begin, int64_t end) {
      for (int64_t image = begin; image < end; image++) {
        const Box box(boxes.as<const T>() + 4 * image, h, w);
        const Triangle across(box.w, cols), down(box.h, rows);
        const Scratch<float> weights(Taps::room(across, cols) + Taps::room(down, rows));
        const Scratch<int32_t> firsts(rows + cols);
        const Taps tx(across, cols, weights, firsts);
        const Taps ty(down, rows, weights + Taps::room(across, cols), firsts + cols);
        const Scratch<T> narrow(box.h * cols);  // the box, resized across only
        for (int64_t k = 0; k < c; k++) {
          const T* plane = x.as<const T>() + (image * c + k) * h * w + box.top * w + box.left;
          for (int64_t r = 0; r < box.h; r++) {
            for (int64_t i = 0; i < cols; i++) {
              T sum = 0;
              for (int64_t j = 0; j < tx.n; j++) sum += tx.weight[i * tx.n + j] * plane[r * w + tx.first[i] + j];
              narrow[r * cols + i] = sum;
            }
          }
          T* o = out.as<T>() + (image * c + k) * rows * cols;
          for (int64_t r = 0; r < rows; r++) {
            for (int64_t i = 0; i < cols; i++) o[r * cols + i] = 0;
            for (int64_t j = 0; j < ty.n; j++) {
              const T by = ty.weight[r * ty.n + j];
              const T* line = narrow + (ty.first[r] + j) * cols;
              for (int64_t i = 0; i < cols; i++) o[r * cols + i] += by * line[i];
            }
          }
        }
      }
    });
  });
}

}  // namespace ng::NG_ISA
