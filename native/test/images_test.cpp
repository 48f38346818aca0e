// Images: the CUDA library's kernels, emulated on the host, against the CPU; places where there is no pixel.
#include <cmath>

#include "emulated.h"

namespace ng::test {

TEST(imagesOnBothDevices) {
  Gpu gpu;
  const int64_t n = 3, h = 9, w = 13;
  for (DType t : {DType::f32, DType::f64}) {
    const double tol = t == DType::f32 ? 2e-6 : 1e-12;
    for (int64_t c : {1, 3}) {
      Array x(t, n * c * h * w), matrix(t, 6 * n), fill(t, c), boxes(t, 4 * n), factors(t, 4 * n),
          order(DType::i64, 4 * n);
      x.random(0, 1), matrix.random(-2, 8), fill.random(0, 1), factors.random(0, 0.4);
      for (int64_t i = 0; i < n; i++) {
        for (int64_t k = 0; k < 4; k++) {
          boxes.set(4 * i + k, static_cast<double>((k < 2 ? i : 4 + i)));
          order.set(4 * i + k, static_cast<double>((i + 3 * k) % 4));
        }
      }
      for (bool bilinear : {false, true}) {
        Array a(t, n * c * 11 * 200), b(t, n * c * 11 * 200);
        kernels().warp(ctx(), a.buf(), x.buf(), matrix.buf(), fill.buf(), n, c, dims({h, w}), dims({11, 200}),
                       bilinear);
        gpu->warp(gpu, b.buf(), x.buf(), matrix.buf(), fill.buf(), n, c, dims({h, w}), dims({11, 200}), bilinear);
        // Where a place lies between two pixels, the two machines may round to another one: only bilinear is
        // continuous.
        if (bilinear) close(b, a, 2e-4, 2e-4, "warp");
        int64_t others = 0;
        for (int64_t i = 0; i < n * c * 2200; i++) others += a.get(i) != b.get(i);
        if (!bilinear) CHECK(others <= 4);
      }
      for (int64_t size : {3, 20}) {
        Array a(t, n * c * size * 7), b(t, n * c * size * 7);
        kernels().resizedCrop(ctx(), a.buf(), x.buf(), boxes.buf(), n, c, dims({h, w}), dims({size, 7}));
        gpu->resizedCrop(gpu, b.buf(), x.buf(), boxes.buf(), n, c, dims({h, w}), dims({size, 7}));
        close(b, a, 2e-6, 2e-6, "resizedCrop");  // weights are float32 on the CPU
      }
      Array a(t, n * c * h * w), b(t, n * c * h * w);
      kernels().colorJitter(ctx(), a.buf(), x.buf(), factors.buf(), order.buf(), n, c, h * w);
      gpu->colorJitter(gpu, b.buf(), x.buf(), factors.buf(), order.buf(), n, c, h * w);
      close(b, a, tol, tol, "colorJitter");
      CHECK(gpu.error().empty());
    }
  }
}

TEST(warpReadsNoPixelThatIsNotThere) {
  Array x(DType::f32, 4), matrix(DType::f32, 6), fill(DType::f32, 1), out(DType::f32, 9);
  for (int64_t i = 0; i < 4; i++) x.set(i, 1);
  fill.set(0, 5);
  for (double far : {1e30, -1e30, double(INFINITY), double(NAN), 2147483648.0}) {
    for (int64_t k = 0; k < 6; k++) matrix.set(k, k % 3 == 2 ? far : 1);
    for (bool bilinear : {false, true}) {
      kernels().warp(ctx(), out.buf(), x.buf(), matrix.buf(), fill.buf(), 1, 1, dims({2, 2}), dims({3, 3}), bilinear);
      for (int64_t i = 0; i < 9; i++) CHECK(out.get(i) == 5);
    }
  }
}

TEST(resizedCropTakesBoxesThatAreNotThereForThoseThatAre) {
  Array x(DType::f32, 6), boxes(DType::f32, 4), out(DType::f32, 4);
  for (int64_t i = 0; i < 6; i++) x.set(i, 2);
  for (double v : {-3.0, 1e30, double(NAN)}) {
    for (int64_t k = 0; k < 4; k++) boxes.set(k, v);
    kernels().resizedCrop(ctx(), out.buf(), x.buf(), boxes.buf(), 1, 1, dims({2, 3}), dims({2, 2}));
    for (int64_t i = 0; i < 4; i++) CHECK(std::fabs(out.get(i) - 2) < 1e-6);
  }
}

}  // namespace ng::test
