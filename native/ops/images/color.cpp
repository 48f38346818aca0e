// Brightness, contrast, saturation and hue of images, each its own.
#include "color.h"

#include "kernels.h"
#include "ops/kit/cast.h"
#include "runtime/parallel.h"

namespace ng::NG_ISA {
namespace {

// One image of three planes of n, in place.
template <class T>
void adjustColors(T* r, T* g, T* b, int64_t n, Adjust what, T factor) {
  double sum = 0;
  if (what == Adjust::contrast) {
    for (int64_t i = 0; i < n; i++) sum += static_cast<double>(Pixel<T>{r[i], g[i], b[i]}.gray());
  }
  const T mean = static_cast<T>(sum / static_cast<double>(n));
  for (int64_t i = 0; i < n; i++) {
    const Pixel<T> p = adjusted(Pixel<T>{r[i], g[i], b[i]}, what, factor, mean);
    r[i] = p.r, g[i] = p.g, b[i] = p.b;
  }
}

// One gray image of n, in place: it has no colours.
template <class T>
void adjustGray(T* x, int64_t n, Adjust what, T factor) {
  if (what == Adjust::saturation || what == Adjust::hue) return;
  double sum = 0;
  for (int64_t i = 0; what == Adjust::contrast && i < n; i++) sum += static_cast<double>(x[i]);
  const T rest = (1 - factor) * static_cast<T>(sum / static_cast<double>(n));
  for (int64_t i = 0; i < n; i++) x[i] = unit(factor * x[i] + rest);
}

}  // namespace

void colorJitter(Ctx&, Out<Real> out, In<Real> x, In<Real> factors, In<Int64> order, int64_t n, int64_t c,
                 int64_t pixels) {
  withDtype(x, [&]<class T>(Tag<T>) {
    parallelFor(n, 1, [&](int64_t begin, int64_t end) {
      for (int64_t image = begin; image < end; image++) {
        T* o = out.as<T>() + image * c * pixels;
        const T* from = x.as<const T>() + image * c * pixels;
        for (int64_t i = 0; i < c * pixels; i++) o[i] = from[i];
        for (int64_t k = 0; k < 4; k++) {
          const int64_t at = order.as<const int64_t>()[4 * image + k] & 3;
          const auto what = static_cast<Adjust>(at);
          const T factor = factors.as<const T>()[4 * image + at];
          if (!changes(what, factor)) continue;
          if (c == 3) {
            adjustColors(o, o + pixels, o + 2 * pixels, pixels, what, factor);
          } else {
            adjustGray(o, pixels, what, factor);
          }
        }
      }
    });
  });
}

}  // namespace ng::NG_ISA
