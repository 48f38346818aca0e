// Images through an affine map each, and parts of images resized, on the GPU: a thread per pixel.
#include "cuda/kit/device.h"
#include "sampling.h"

namespace ng::NG_ISA {
namespace {

struct Sizes {
  int64_t n, c, h, w, rows, cols;
};

template <class T>
__global__ void warpKernel(T* out, const T* x, const T* matrix, const T* fill, Sizes s, bool bilinear) {
  const int64_t plane = s.rows * s.cols;
  for (int64_t u = threadOfGrid(); u < s.n * plane; u += threadsOfGrid()) {
    const int64_t image = u / plane, row = u % plane / s.cols, column = u % s.cols;
    const Affine<T> a(matrix + 6 * image);
    const T *from = x + image * s.c * s.h * s.w, px = a.x(column, row), py = a.y(column, row);
    T* o = out + image * s.c * plane + u % plane;
    if (bilinear) {
      const Between<T> p(px, py, s.h, s.w);
      for (int64_t c = 0; c < s.c; c++, from += s.h * s.w) {
        T sum = 0;
        for (int k = 0; k < 4; k++) sum += p.weight[k] * from[p.at[k]];
        o[c * plane] = sum * p.inside + (1 - p.inside) * fill[c];
      }
    } else {
      const int32_t at = nearest(px, py, s.h, s.w);
      for (int64_t c = 0; c < s.c; c++, from += s.h * s.w) o[c * plane] = at >= 0 ? from[at] : fill[c];
    }
  }
}

template <class T>
__global__ void resizedCropKernel(T* out, const T* x, const T* boxes, Sizes s) {
  const int64_t plane = s.rows * s.cols;
  for (int64_t u = threadOfGrid(); u < s.n * s.c * plane; u += threadsOfGrid()) {
    const int64_t image = u / plane / s.c, row = u % plane / s.cols, column = u % s.cols;
    const Box box(boxes + 4 * image, s.h, s.w);
    const Triangle across(box.w, s.cols), down(box.h, s.rows);
    const T* from = x + u / plane * s.h * s.w + box.top * s.w + box.left;
    double sum = 0;
    for (int64_t r = down.first(row); r < down.end(row); r++) {
      double line = 0;
      for (int64_t i = across.first(column); i < across.end(column); i++) {
        line += across.weight(column, i) * static_cast<double>(from[r * s.w + i]);
      }
      sum += down.weight(row, r) * line;
    }
    out[u] = static_cast<T>(sum / (across.total(column) * down.total(row)));
  }
}

}  // namespace

void warp(Ctx& ctx, Out<Real> out, In<Real> x, In<Real> matrix, In<Real> fill, int64_t n, int64_t c, Dims from, Dims to,
          bool bilinear) {
  const Sizes s{n, c, from[0], from[1], to[0], to[1]};
  withDtype(x, [&]<class T>(Tag<T>) {
    launch(ctx, "warp", cover(n * to.numel()), warpKernel<T>, out.as<T>(), x.as<const T>(), matrix.as<const T>(),
           fill.as<const T>(), s, bilinear);
  });
}

void resizedCrop(Ctx& ctx, Out<Real> out, In<Real> x, In<Real> boxes, int64_t n, int64_t c, Dims from, Dims to) {
  const Sizes s{n, c, from[0], from[1], to[0], to[1]};
  withDtype(x, [&]<class T>(Tag<T>) {
    launch(ctx, "resizedCrop", cover(n * c * to.numel()), resizedCropKernel<T>, out.as<T>(), x.as<const T>(),
           boxes.as<const T>(), s);
  });
}

}  // namespace ng::NG_ISA
