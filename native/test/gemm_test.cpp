// The matrix product against sums in double: every layout of A and B, sizes around the tiles and blocks, batches,
// broadcast, bias and beta, and the same bits for any number of threads.
#include <cstring>

#include "check.h"

using namespace ng;
using namespace ng::test;

namespace {

template <class T>
constexpr DType kType = sizeof(T) == 4 ? DType::f32 : DType::f64;

// rows x cols inside a larger block, laid out by rows, by columns, or with gaps in both directions.
enum Layout { kRows, kCols, kGaps };
struct Steps {
  int64_t row, col, size;
};
Steps stepsOf(Layout l, int64_t rows, int64_t cols) {
  if (l == kRows) return {cols, 1, rows * cols};
  if (l == kCols) return {1, rows, rows * cols};
  return {2 * cols + 3, 2, rows * (2 * cols + 3)};
}

template <class T>
void check(int64_t m, int64_t n, int64_t k, Layout la, Layout lb, bool bias, double beta) {
  const Steps sa = stepsOf(la, m, k), sb = stepsOf(lb, k, n);
  std::vector<T> a = filled<T>(sa.size, 1), b = filled<T>(sb.size, 2), c = filled<T>(m * n, 3), extra = filled<T>(n, 4);
  const std::vector<T> before = c;
  kernels().matmul(ctx(), {c.data(), kType<T>}, {a.data(), kType<T>}, {b.data(), kType<T>},
                   {bias ? extra.data() : nullptr, kType<T>}, dims({}), dims({}), dims({}), m, n, k, sa.row, sa.col,
                   sb.row, sb.col, beta);
  const double eps = sizeof(T) == 4 ? 6e-8 : 1.2e-16;
  for (int64_t i = 0; i < m; i++) {
    for (int64_t j = 0; j < n; j++) {
      double want = (bias ? static_cast<double>(extra[j]) : 0) + (beta != 0 ? beta * before[i * n + j] : 0);
      double size = 1 + std::fabs(want);
      for (int64_t p = 0; p < k; p++) {
        const double v = static_cast<double>(a[i * sa.row + p * sa.col]) * b[p * sb.row + j * sb.col];
        want += v;
        size += std::fabs(v);
      }
      CHECK_NEAR(c[i * n + j], want, eps * size * (4 + static_cast<double>(k) / 32), 0);
    }
  }
}

}  // namespace

TEST(gemm_layouts_and_edges) {
  const int64_t sizes[] = {1, 2, 5, 6, 7, 13, 14, 15, 16, 17, 31, 33, 65};
  const Layout all[] = {kRows, kCols, kGaps};
  int turn = 0;
  for (int64_t m : sizes) {
    for (int64_t n : sizes) {
      for (int64_t k : {1, 3, 8, 17, 40}) {
        const Layout la = all[turn % 3], lb = all[turn / 3 % 3];
        check<float>(m, n, k, la, lb, turn % 2 == 0, turn % 5 == 0 ? 0.5 : 0);
        if (turn % 4 == 0) check<double>(m, n, k, lb, la, turn % 3 == 0, turn % 5 == 1 ? 1 : 0);
        turn++;
      }
    }
  }
}

// Beyond one block of k, of m (with few columns) and of n (with few rows).
TEST(gemm_blocks) {
  for (const Layout la : {kRows, kCols}) {
    for (const Layout lb : {kRows, kCols}) {
      check<float>(37, 45, 800, la, lb, true, 0);
      check<float>(2100, 5, 9, la, lb, false, 1);
      check<float>(3, 3200, 7, la, lb, true, 0.5);
      check<double>(29, 31, 390, la, lb, true, 0.25);
    }
  }
}

TEST(gemm_few_rows_of_a_large_matrix) {  // B is read where it lies
  for (const int64_t m : {2, 6, 12, 15, 28}) {
    for (const int64_t n : {64, 259, 1031}) {
      const int64_t k = 66000 / n + 1;
      check<float>(m, n, k, kRows, kRows, true, m == 6 ? 0.5 : 0);
      check<float>(m, n, k, kGaps, kRows, false, 1);
    }
    check<double>(m, 263, 260, kCols, kRows, true, -1);
  }
}

TEST(gemm_without_k) {  // bias and beta only
  std::vector<float> c = {1, 2, 3, 4}, bias = {10, 20};
  kernels().matmul(ctx(), f32(c), {nullptr, DType::f32}, {nullptr, DType::f32}, f32(bias), dims({}), dims({}), dims({}),
                   2, 2, 0, 0, 1, 2, 1, 0.5);
  const float want[] = {10.5f, 21, 11.5f, 22};
  for (int i = 0; i < 4; i++) CHECK(c[i] == want[i]);
}

TEST(gemm_batches_and_broadcast) {
  // [4, 1, 3, 5] x [2, 5, 7] -> [4, 2, 3, 7]
  std::vector<float> a = filled<float>(4 * 15, 1), b = filled<float>(2 * 35, 2), c(4 * 2 * 21);
  kernels().matmul(ctx(), f32(c), f32(a), f32(b), {nullptr, DType::f32}, dims({4, 2}), dims({15, 0}), dims({0, 35}), 3,
                   7, 5, 5, 1, 7, 1, 0);
  for (int64_t x = 0; x < 4; x++) {
    for (int64_t y = 0; y < 2; y++) {
      for (int64_t i = 0; i < 3; i++) {
        for (int64_t j = 0; j < 7; j++) {
          double want = 0;
          for (int64_t p = 0; p < 5; p++) want += static_cast<double>(a[x * 15 + i * 5 + p]) * b[y * 35 + p * 7 + j];
          CHECK_NEAR(c[((x * 2 + y) * 3 + i) * 7 + j], want, 1e-5, 0);
        }
      }
    }
  }
}

TEST(gemm_integers_wrap) {
  std::vector<int32_t> a = {1 << 30, 3, -5, 7}, b = {4, 1, 2, -6}, c(4);
  kernels().matmul(ctx(), {c.data(), DType::i32}, {a.data(), DType::i32}, {b.data(), DType::i32}, {nullptr, DType::i32},
                   dims({}), dims({}), dims({}), 2, 2, 2, 2, 1, 2, 1, 0);
  const int32_t want[] = {6, (1 << 30) - 18, -6, -47};
  for (int i = 0; i < 4; i++) CHECK(c[i] == want[i]);
}

TEST(gemm_same_bits_for_any_threads) {
  const int64_t m = 150, n = 210, k = 500;
  const std::vector<float> a = filled<float>(m * k, 1), b = filled<float>(k * n, 2);
  std::vector<std::vector<float>> results;
  for (int threads : {1, 2, 4}) {
    setNumThreads(threads);
    std::vector<float> c(m * n);
    kernels().matmul(ctx(), f32(c), {const_cast<float*>(a.data()), DType::f32},
                     {const_cast<float*>(b.data()), DType::f32}, {nullptr, DType::f32}, dims({}), dims({}), dims({}), m,
                     n, k, k, 1, n, 1, 0);
    results.push_back(c);
  }
  setNumThreads(2);
  for (const auto& r : results) CHECK(std::memcmp(r.data(), results[0].data(), r.size() * sizeof(float)) == 0);
}
