// Colours of one pixel, in [0, 1], as torchvision's functional adjust_* change them: what the CPU and CUDA share.
#pragma once
#include "ops/kit/math.h"

namespace ng::NG_ISA {

enum class Adjust : int64_t { brightness, contrast, saturation, hue };

template <class T>
NG_FN T unit(T v) {
  return v > 0 ? (v < 1 ? v : T(1)) : (v <= 0 ? T(0) : v);
}

template <class T>
struct Pixel {
  T r, g, b;

  // Luminance (ITU-R 601-2).
  NG_FN_MEMBER T gray() const { return T(0.2989) * r + T(0.587) * g + T(0.114) * b; }
  // From `to` (factor 0) to the pixel (factor 1) and beyond.
  NG_FN_MEMBER Pixel blend(T to, T factor) const {
    const T rest = (1 - factor) * to;
    return {unit(factor * r + rest), unit(factor * g + rest), unit(factor * b + rest)};
  }
  // The hue turned by a share of the circle.
  NG_FN_MEMBER Pixel turned(T by) const {
    const T top = r > g ? (r > b ? r : b) : (g > b ? g : b), low = r < g ? (r < b ? r : b) : (g < b ? g : b);
    const T range = top - low, divisor = range == 0 ? T(1) : range;
    const T s = range / (range == 0 ? T(1) : top);
    const T rc = (top - r) / divisor, gc = (top - g) / divisor, bc = (top - b) / divisor;
    T h = (top == r ? bc - gc : top == g ? 2 + rc - bc : 4 + gc - rc) / 6 + 1 + by;
    h = (h - m::floor(h)) * 6;
    const T i = m::floor(h), f = h - i;
    const T p = unit(top * (1 - s)), q = unit(top * (1 - s * f)), t = unit(top * (1 - s * (1 - f)));
    if (i < 1) return {top, t, p};
    if (i < 2) return {q, top, p};
    if (i < 3) return {p, top, t};
    if (i < 4) return {p, q, top};
    if (i < 5) return {t, p, top};
    return i < 6 ? Pixel{top, p, q} : Pixel{top, t, p};
  }
};

// Factors that change nothing are not applied.
template <class T>
NG_FN bool changes(Adjust what, T factor) {
  return factor != (what == Adjust::hue ? T(0) : T(1));
}

// `mean`: of the gray image, which contrast blends with.
template <class T>
NG_FN Pixel<T> adjusted(const Pixel<T>& p, Adjust what, T factor, T mean) {
  switch (what) {
    case Adjust::brightness:
      return p.blend(0, factor);
    case Adjust::contrast:
      return p.blend(mean, factor);
    case Adjust::saturation:
      return p.blend(p.gray(), factor);
    default:
      return p.turned(factor);
  }
}

}  // namespace ng::NG_ISA
