#include <cstring>

#include "check.h"

using namespace ng;
using namespace ng::test;

namespace {

struct Shape {
  int64_t rows, cols;
};
const Shape kShapes[] = {{0, 5},   {1, 1},  {3, 2},    {64, 10},  {5, 16},  {7, 17},
                         {20, 32}, {7, 33}, {3, 1024}, {2, 1025}, {3, 5003}};

template <class T>
std::vector<T> logits(const Shape& s, double scale) {
  std::vector<T> x(s.rows * s.cols);
  for (size_t i = 0; i < x.size(); i++) x[i] = static_cast<T>(noise(static_cast<int64_t>(i)) * scale);
  return x;
}

template <class T>
std::vector<double> logProbs(const std::vector<T>& x, const Shape& s) {
  std::vector<double> out(x.size());
  for (int64_t r = 0; r < s.rows; r++) {
    double max = -INFINITY, sum = 0;
    for (int64_t c = 0; c < s.cols; c++) max = std::fmax(max, x[r * s.cols + c]);
    for (int64_t c = 0; c < s.cols; c++) sum += std::exp(x[r * s.cols + c] - max);
    for (int64_t c = 0; c < s.cols; c++) out[r * s.cols + c] = x[r * s.cols + c] - max - std::log(sum);
  }
  return out;
}

template <class T>
void checkSoftmax(double scale, double tol) {
  for (const Shape& s : kShapes) {
    auto x = logits<T>(s, scale);
    if (x.size() > 4) x[1] = -INFINITY;
    std::vector<T> y(x.size()), z(x.size()), gy(x.size()), gz(x.size()), g(x.size());
    for (size_t i = 0; i < g.size(); i++) g[i] = static_cast<T>(noise(static_cast<int64_t>(i) + 77));
    kernels().softmax(ctx(), any(y), any(x), s.rows, s.cols, false);
    kernels().softmax(ctx(), any(z), any(x), s.rows, s.cols, true);
    kernels().softmaxGrad(ctx(), any(gy), any(g), any(y), s.rows, s.cols, false);
    kernels().softmaxGrad(ctx(), any(gz), any(g), any(z), s.rows, s.cols, true);
    const auto want = logProbs(x, s);
    for (int64_t r = 0; r < s.rows; r++) {
      double dot = 0, sum = 0;
      for (int64_t i = r * s.cols; i < (r + 1) * s.cols; i++) dot += g[i] * std::exp(want[i]), sum += g[i];
      for (int64_t i = r * s.cols; i < (r + 1) * s.cols; i++) {
        const double p = std::exp(want[i]);
        CHECK_NEAR(y[i], p, 1e-44, tol);
        CHECK_NEAR(z[i], want[i], tol * scale, tol);
        CHECK_NEAR(gy[i], p * (g[i] - dot), tol, 4 * tol);
        CHECK_NEAR(gz[i], g[i] - p * sum, tol, 4 * tol * (1 + std::fabs(sum)));
      }
    }
  }
}

template <class T>
void checkCrossEntropy(bool weighted, double smoothing, double scale, double tol) {
  for (const Shape& s : kShapes) {
    auto x = logits<T>(s, scale);
    std::vector<T> w(s.cols), loss(s.rows, 9), lse(s.rows, 9), out(x.size(), 9), g(s.rows);
    for (int64_t c = 0; c < s.cols; c++) w[c] = static_cast<T>(1 + 0.5 * noise(c));
    std::vector<int64_t> y64(s.rows);
    std::vector<int32_t> y32(s.rows);
    std::vector<uint8_t> y8(s.rows);
    for (int64_t r = 0; r < s.rows; r++) {
      y64[r] = y32[r] = y8[r] = static_cast<uint8_t>(r * 7 % s.cols);
      g[r] = static_cast<T>(noise(r + 5));
    }
    const int64_t ignore = s.rows > 2 ? y64[2] : -100;
    const Buf weight{weighted ? w.data() : nullptr, any(w).t};
    const auto lp = logProbs(x, s);
    for (Buf labels : {i64(y64), buf(y32, DType::i32), buf(y8, DType::u8)}) {
      kernels().crossEntropy(ctx(), any(loss), any(lse), any(x), labels, weight, s.rows, s.cols, ignore, smoothing);
      kernels().crossEntropyGrad(ctx(), any(out), any(g), any(x), any(lse), labels, weight, s.rows, s.cols, ignore,
                                 smoothing);
      for (int64_t r = 0; r < s.rows; r++) {
        const int64_t y = y64[r];
        const double wy = weighted ? w[y] : 1, even = smoothing / static_cast<double>(s.cols);
        double want = -(1 - smoothing) * wy * lp[r * s.cols + y], total = 0;
        for (int64_t c = 0; c < s.cols; c++) {
          const double wc = weighted ? w[c] : 1;
          want -= even * wc * lp[r * s.cols + c];
          total += wc;
        }
        if (y == ignore) want = 0;
        CHECK_NEAR(loss[r], want, tol * scale, tol);
        for (int64_t c = 0; c < s.cols; c++) {
          const double p = std::exp(lp[r * s.cols + c]), wc = weighted ? w[c] : 1;
          double d = p * ((1 - smoothing) * wy + even * total) - even * wc - (c == y ? (1 - smoothing) * wy : 0);
          if (y == ignore) d = 0;
          CHECK_NEAR(out[r * s.cols + c], g[r] * d, tol, 4 * tol);
        }
      }
    }
  }
}

}  // namespace

TEST(softmax_f32) { checkSoftmax<float>(3, 2e-6); }
TEST(softmax_f64) { checkSoftmax<double>(3, 1e-14); }
TEST(softmax_large_logits) {
  checkSoftmax<float>(1e4, 2e-6);
  checkSoftmax<double>(1e4, 1e-12);
}

TEST(softmax_special_values) {
  std::vector<float> x{NAN, 1, 2, -INFINITY, -INFINITY, -INFINITY, 1e38f, -1e38f, 0, 50, -50, -90}, y(12), z(12);
  kernels().softmax(ctx(), f32(y), f32(x), 4, 3, false);
  kernels().softmax(ctx(), f32(z), f32(x), 4, 3, true);
  for (int i = 0; i < 6; i++) CHECK(std::isnan(y[i]) && std::isnan(z[i]));
  CHECK(y[6] == 1 && y[7] == 0 && y[8] == 0 && z[6] == 0 && z[7] == -2e38f && z[8] == -1e38f);
  CHECK_NEAR(y[10], std::exp(-100.0), 2e-45, 0);  // subnormal
  CHECK_NEAR(z[11], -140, 0, 1e-7);
}

TEST(softmax_bf16) {
  std::vector<uint16_t> x{0x3f80, 0x4000, 0x4040, 0x0000}, y(4);  // 1 2 3 0
  kernels().softmax(ctx(), buf(y, DType::bf16), buf(x, DType::bf16), 1, 4, false);
  const double want[] = {0.087144, 0.236883, 0.643914, 0.032059};
  for (int i = 0; i < 4; i++) {
    const uint32_t bits = static_cast<uint32_t>(y[i]) << 16;
    float f;
    std::memcpy(&f, &bits, 4);
    CHECK_NEAR(f, want[i], 0, 4e-3);
  }
}

TEST(softmax_cross_entropy) {
  for (bool weighted : {false, true}) {
    for (double smoothing : {0.0, 0.1, 1.0}) {
      checkCrossEntropy<float>(weighted, smoothing, 3, 2e-6);
      checkCrossEntropy<double>(weighted, smoothing, 3, 1e-14);
      checkCrossEntropy<float>(weighted, smoothing, 1e4, 2e-6);
    }
  }
}

TEST(softmax_cross_entropy_class_out_of_range) {
  std::vector<float> x(40, 0.5f), loss(4, 9), lse(4, 9), out(40, 9), g(4, 1);
  std::vector<int64_t> y{1, 2, -1, 12};
  const Buf none{nullptr, DType::f32};
  lastFailure = Fail::none;
  kernels().crossEntropy(ctx(), f32(loss), f32(lse), f32(x), i64(y), none, 4, 10, -1, 0);
  CHECK(lastFailure == Fail::indexOutOfRange);
  CHECK(lastMessage == "class 12 at row 3 is out of range for 10 classes");
  CHECK_NEAR(loss[0], std::log(10.0), 0, 1e-6);
  CHECK(loss[2] == 0 && loss[3] == 0);
  kernels().crossEntropyGrad(ctx(), f32(out), f32(g), f32(x), f32(lse), i64(y), none, 4, 10, -1, 0);
  for (int i = 20; i < 40; i++) CHECK(out[i] == 0);
  CHECK_NEAR(out[1], -0.9, 0, 1e-6);
}

TEST(softmax_same_bits_for_any_thread_count) {
  const int before = numThreads();
  const Shape s{513, 1030};
  auto x = logits<float>(s, 5);
  std::vector<float> first(x.size()), again(x.size());
  for (int threads : {1, 2, 4}) {
    setNumThreads(threads);
    kernels().softmax(ctx(), f32(threads == 1 ? first : again), f32(x), s.rows, s.cols, false);
    if (threads > 1) CHECK(std::memcmp(first.data(), again.data(), first.size() * 4) == 0);
  }
  setNumThreads(before);
}
