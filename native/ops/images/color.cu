// Brightness, contrast, saturation and hue of images, each its own, on the GPU: a block per image.
#include "color.h"
#include "cuda/kit/device.h"

namespace ng::NG_ISA {
namespace {

template <class T>
__global__ void colorJitterKernel(T* out, const T* x, const T* factors, const int64_t* order, int64_t n, int64_t c,
                                  int64_t pixels) {
  for (int64_t image = blockIdx.x; image < n; image += gridDim.x) {
    T* o = out + image * c * pixels;
    const T* from = x + image * c * pixels;
    // A thread reads what it wrote itself, so nothing has to meet but the sum.
    for (int64_t i = threadIdx.x; i < pixels; i += blockDim.x) {
      for (int64_t k = 0; k < c; k++) o[k * pixels + i] = from[k * pixels + i];
    }
    const int64_t green = c == 3 ? pixels : 0, blue = 2 * green;
    for (int64_t k = 0; k < 4; k++) {
      const int64_t at = order[4 * image + k] & 3;
      const auto what = static_cast<Adjust>(at);
      const T factor = factors[4 * image + at];
      const auto pixel = [&](int64_t i) { return Pixel<T>{o[i], o[i + green], o[i + blue]}; };
      const auto gray = [&](int64_t i) { return c == 3 ? pixel(i).gray() : o[i]; };
      double sum = 0;
      for (int64_t i = threadIdx.x; what == Adjust::contrast && i < pixels; i += blockDim.x) {
        sum += static_cast<double>(gray(i));
      }
      sum = blockMerge(sum, [](double a, double b) { return a + b; });
      const T mean = static_cast<T>(sum / static_cast<double>(pixels));
      if (!changes(what, factor) || (c != 3 && at >= static_cast<int64_t>(Adjust::saturation))) continue;
      for (int64_t i = threadIdx.x; i < pixels; i += blockDim.x) {
        const Pixel<T> p = adjusted(pixel(i), what, factor, mean);
        o[i] = p.r;
        if (c == 3) o[i + green] = p.g, o[i + blue] = p.b;
      }
    }
  }
}

}  // namespace

void colorJitter(Ctx& ctx, Out<Real> out, In<Real> x, In<Real> factors, In<Int64> order, int64_t n, int64_t c,
                 int64_t pixels) {
  Launch l{n < kMaxBlocks ? n : kMaxBlocks};
  l.meet = true;
  withDtype(x, [&]<class T>(Tag<T>) {
    launch(ctx, "colorJitter", l, colorJitterKernel<T>, out.as<T>(), x.as<const T>(), factors.as<const T>(),
           order.as<const int64_t>(), n, c, pixels);
  });
}

}  // namespace ng::NG_ISA
