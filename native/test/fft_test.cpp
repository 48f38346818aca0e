// Fourier transforms against the sum that defines them.
#include <cmath>
#include <vector>

#include "check.h"

using namespace ng;
using namespace ng::test;

namespace {

struct Sum {
  double re, im;
};

// Element j of a line of n complex numbers, of which the first `given` (from 2: of the first half) are stored.
template <class T>
Sum element(const std::vector<T>& x, int64_t line, int64_t j, int64_t n, int64_t given, int64_t from) {
  const bool mirrored = from == 2 && 2 * j > n;
  const int64_t i = mirrored ? n - j : j;
  if (i >= given) return {0, 0};
  const int64_t at = line * given + i;
  if (from == 1) return {x[at], 0};
  if (from == 2 && (i == 0 || 2 * i == n)) return {x[2 * at], 0};
  return {x[2 * at], mirrored ? -x[2 * at + 1] : x[2 * at + 1]};
}

template <class T>
void compare(int64_t lines, int64_t n, int64_t given, int64_t kept, int64_t from, bool toReal, bool inverse) {
  std::vector<T> x = filled<T>(lines * given * (from == 1 ? 1 : 2), 1 + n);
  std::vector<T> out(lines * kept * (toReal ? 1 : 2), T(7));
  const double scale = 0.5;
  kernels().fft(ctx(), any(out), any(x), lines, n, given, kept, from, toReal, inverse, scale);
  const double tolerance = (sizeof(T) == 4 ? 3e-7 : 1e-15) * std::sqrt(n) * (2 + std::log2(n));
  for (int64_t l = 0; l < lines; l++) {
    for (int64_t k = 0; k < kept; k++) {
      double re = 0, im = 0;
      for (int64_t j = 0; j < n; j++) {
        const double turn = 6.283185307179586 * static_cast<double>(j * k % n) / n * (inverse ? 1 : -1);
        const Sum v = element(x, l, j, n, given, from);
        re += v.re * std::cos(turn) - v.im * std::sin(turn);
        im += v.re * std::sin(turn) + v.im * std::cos(turn);
      }
      const int64_t at = l * kept + k;
      CHECK_NEAR(out[toReal ? at : 2 * at], re * scale, tolerance, tolerance);
      if (!toReal) CHECK_NEAR(out[2 * at + 1], im * scale, tolerance, tolerance);
    }
  }
}

}  // namespace

TEST(fft_is_the_sum_that_defines_it) {
  for (const int64_t n : {1,  2,  3,  4,  5,  6,  7,   8,   9,   12,  15,  16,  20,  27, 30,
                          31, 48, 61, 64, 67, 97, 100, 122, 128, 134, 243, 256, 263, 360}) {
    for (const bool inverse : {false, true}) {
      compare<float>(3, n, n, n, 0, false, inverse);
      compare<double>(3, n, n, n, 0, false, inverse);
      compare<float>(2, n, n, n / 2 + 1, 1, false, inverse);
      compare<float>(2, n, n / 2 + 1, n, 2, true, inverse);
      compare<double>(2, n, n / 2 + 1, n, 0, true, inverse);
    }
  }
}

TEST(fft_of_many_lines_and_of_padded_ones) {
  for (const int64_t lines : {1, 2, 15, 16, 17, 40}) {
    compare<float>(lines, 12, 12, 12, 0, false, false);
    compare<double>(lines, 67, 67, 67, 0, false, true);
  }
  compare<double>(5, 24, 10, 24, 0, false, false);
  compare<double>(5, 24, 10, 13, 1, false, true);
  compare<double>(5, 24, 7, 24, 2, true, false);
  compare<double>(2, 71, 10, 20, 0, false, false);
}

TEST(fft_long_lines_return) {
  // There and back: lines that do not fit into a cache, with and without a large prime factor.
  for (const int64_t n : {int64_t{1} << 16, int64_t{65537}, int64_t{59049}}) {
    std::vector<float> x = filled<float>(2 * n, 3), y(2 * n), z(2 * n);
    kernels().fft(ctx(), f32(y), f32(x), 1, n, n, n, 0, false, false, 1);
    kernels().fft(ctx(), f32(z), f32(y), 1, n, n, n, 0, false, true, 1.0 / static_cast<double>(n));
    for (size_t i = 0; i < x.size(); i++) CHECK_NEAR(z[i], x[i], 2e-6, 0);
  }
}

TEST(fft_is_the_same_for_any_number_of_threads) {
  std::vector<float> x = filled<float>(37 * 2 * 120, 5), a(x.size()), b(x.size());
  const int before = numThreads();
  setNumThreads(1);
  kernels().fft(ctx(), f32(a), f32(x), 37, 120, 120, 120, 0, false, false, 1);
  setNumThreads(4);
  kernels().fft(ctx(), f32(b), f32(x), 37, 120, 120, 120, 0, false, false, 1);
  setNumThreads(before);
  CHECK(a == b);
}
