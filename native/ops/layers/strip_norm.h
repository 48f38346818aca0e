// Batch norm of rows [n, c] with no positions behind the channels, which therefore lie side by side: the strip of
// channels that begins with channel `at`.
#pragma once
#include <cmath>

#include "strips.h"

namespace ng::NG_ISA {

// Parameters of batchNorm. Statistics are read from means and vars, and first written there by their other names mean
// and var, unless those are null: the statistics are given.
template <class T>
void stripNorm(T* out, T* mean, T* var, const T* means, const T* vars, const T* x, const T* weight, const T* bias,
               int64_t n, int64_t c, double eps, int64_t at) {
  const int64_t width = c - at < kStrip ? c - at : kStrip;
  const T* a = x + at;
  if (mean) {
    double sum[kStrip], rest[kStrip];
    stripSums<T>(sum, rest, n, width, [&](int64_t i, int64_t j, T& u, T&) { u += a[i * c + j]; });
    for (int64_t j = 0; j < width; j++) mean[at + j] = static_cast<T>(sum[j] / static_cast<double>(n));
    const T* m = mean + at;
    stripSums<T>(sum, rest, n, width, [&](int64_t i, int64_t j, T& u, T& v) {
      const T d = a[i * c + j] - m[j];
      u += d * d;
      v += d;
    });
    for (int64_t j = 0; j < width; j++)
      var[at + j] = static_cast<T>((sum[j] - rest[j] * rest[j] / static_cast<double>(n)) / static_cast<double>(n));
  }
  T scale[kStrip], shift[kStrip], m[kStrip];
  for (int64_t j = 0; j < width; j++) {
    scale[j] = static_cast<T>((weight ? weight[at + j] : 1) / std::sqrt(static_cast<double>(vars[at + j]) + eps));
    shift[j] = bias ? bias[at + j] : T(0);
    m[j] = means[at + j];
  }
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < width; j++) out[i * c + at + j] = (a[i * c + j] - m[j]) * scale[j] + shift[j];
  }
}

// Parameters of batchNormGrad.
template <class T>
void stripNormGrad(T* dx, T* dw, T* db, const T* g, const T* x, const T* mean, const T* var, const T* weight,
                   bool given, int64_t n, int64_t c, double eps, int64_t at) {
  const int64_t width = c - at < kStrip ? c - at : kStrip;
  const T *a = x + at, *q = g + at, *m = mean + at;
  double sum[kStrip], product[kStrip];
  stripSums<T>(sum, product, n, width, [&](int64_t i, int64_t j, T& u, T& v) {
    u += q[i * c + j];
    v += q[i * c + j] * (a[i * c + j] - m[j]);
  });
  T scale[kStrip], gMean[kStrip], slope[kStrip];
  for (int64_t j = 0; j < width; j++) {
    const double rstd = 1 / std::sqrt(static_cast<double>(var[at + j]) + eps);
    dw[at + j] = static_cast<T>(product[j] * rstd);
    db[at + j] = static_cast<T>(sum[j]);
    scale[j] = static_cast<T>((weight ? weight[at + j] : 1) * rstd);
    gMean[j] = static_cast<T>(given ? 0 : sum[j] / static_cast<double>(n));
    slope[j] = static_cast<T>(given ? 0 : product[j] * rstd * rstd / static_cast<double>(n));
  }
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < width; j++)
      dx[i * c + at + j] = (q[i * c + j] - gMean[j] - (a[i * c + j] - m[j]) * slope[j]) * scale[j];
  }
}

}  // namespace ng::NG_ISA
