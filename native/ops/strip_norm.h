// Batch norm of rows [n, c] with no positions behind the channels: channels lie side by side, so strips of them are
// walked row by row. Sums run in T over blocks of rows and in double across blocks, as in norm.cpp.
#pragma once
#include <cmath>

#include "../runtime/parallel.h"

namespace ng::NG_ISA {

constexpr int64_t kColumns = 64;     // channels of a strip
constexpr int64_t kRowsOfSum = 256;  // rows per partial sum

// body(first channel, channels) for every strip.
template <class F>
void forStrips(int64_t n, int64_t c, F&& body) {
  parallelFor((c + kColumns - 1) / kColumns, 1 + 16384 / (n * kColumns + 1), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) body(i * kColumns, c - i * kColumns < kColumns ? c - i * kColumns : kColumns);
  });
}

// For each channel of a strip the sums over the rows of the two numbers that f(row, channel, a, b) adds.
template <class T, class F>
inline void stripSums(double* a, double* b, int64_t n, int64_t width, F&& f) {
  for (int64_t j = 0; j < width; j++) a[j] = b[j] = 0;
  for (int64_t first = 0; first < n; first += kRowsOfSum) {
    const int64_t end = first + kRowsOfSum < n ? first + kRowsOfSum : n;
    T u[kColumns] = {}, v[kColumns] = {};
    for (int64_t i = first; i < end; i++) {
      for (int64_t j = 0; j < width; j++) f(i, j, u[j], v[j]);
    }
    for (int64_t j = 0; j < width; j++) a[j] += static_cast<double>(u[j]), b[j] += static_cast<double>(v[j]);
  }
}

// Parameters of batchNorm. Statistics are read from means and vars, and first written there by their other names mean
// and var, unless those are null: the statistics are given.
template <class T>
void columnsNorm(T* out, T* mean, T* var, const T* means, const T* vars, const T* x, const T* weight, const T* bias,
                 int64_t n, int64_t c, double eps) {
  forStrips(n, c, [&](int64_t at, int64_t width) {
    const T* a = x + at;
    if (mean) {
      double sum[kColumns], rest[kColumns];
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
    T scale[kColumns], shift[kColumns], m[kColumns];
    for (int64_t j = 0; j < width; j++) {
      scale[j] = static_cast<T>((weight ? weight[at + j] : 1) / std::sqrt(static_cast<double>(vars[at + j]) + eps));
      shift[j] = bias ? bias[at + j] : T(0);
      m[j] = means[at + j];
    }
    for (int64_t i = 0; i < n; i++) {
      for (int64_t j = 0; j < width; j++) out[i * c + at + j] = (a[i * c + j] - m[j]) * scale[j] + shift[j];
    }
  });
}

// Parameters of batchNormGrad.
template <class T>
void columnsNormGrad(T* dx, T* dw, T* db, const T* g, const T* x, const T* mean, const T* var, const T* weight,
                     bool given, int64_t n, int64_t c, double eps) {
  forStrips(n, c, [&](int64_t at, int64_t width) {
    const T *a = x + at, *q = g + at, *m = mean + at;
    double sum[kColumns], product[kColumns];
    stripSums<T>(sum, product, n, width, [&](int64_t i, int64_t j, T& u, T& v) {
      u += q[i * c + j];
      v += q[i * c + j] * (a[i * c + j] - m[j]);
    });
    T scale[kColumns], gMean[kColumns], slope[kColumns];
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
  });
}

}  // namespace ng::NG_ISA
