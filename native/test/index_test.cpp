#include <algorithm>
#include <cstring>

#include "check.h"

using namespace ng;
using namespace ng::test;

namespace {

uint32_t hash(int64_t i) { return static_cast<uint32_t>(i * 2654435761u) >> 8; }

Buf i32(std::vector<int32_t>& v) { return {v.data(), DType::i32}; }

std::vector<float> ramp(int64_t n) {
  std::vector<float> v(n);
  for (int64_t i = 0; i < n; i++) v[i] = static_cast<float>(i % 1000) - 300;
  return v;
}

std::vector<int64_t> indices(int64_t n, int64_t size) {
  std::vector<int64_t> v(n);
  for (int64_t i = 0; i < n; i++) v[i] = hash(i) % size;
  return v;
}

// Runs body and checks that it failed with this message.
template <class F>
void expectFailure(const char* message, F&& body) {
  lastFailure = Fail::none;
  lastMessage.clear();
  body();
  CHECK(lastFailure == Fail::indexOutOfRange);
  CHECK(lastMessage == message);
  if (lastMessage != message) std::printf("  got: %s\n", lastMessage.c_str());
}

}  // namespace

TEST(index_gather) {
  // a is [5, 6, 7] and also read transposed; the index is [4, n, 7] along axis 1.
  const auto a = ramp(5 * 6 * 7);
  for (int64_t n : {1, 6, 3001}) {
    auto index = indices(4 * n * 7, 6);
    std::vector<int32_t> narrow(index.begin(), index.end());
    std::vector<float> out(4 * n * 7), same(4 * n * 7);
    Buf in{const_cast<float*>(a.data()), DType::f32};
    kernels().gather(ctx(), f32(out), in, i64(index), dims({4, n, 7}), dims({n * 7, 7, 1}), dims({42, 7, 1}), 1, 6);
    kernels().gather(ctx(), f32(same), in, i32(narrow), dims({4, n, 7}), dims({n * 7, 7, 1}), dims({42, 7, 1}), 1, 6);
    CHECK(out == same);
    for (int64_t i = 0; i < 4 * n * 7; i++) CHECK(out[i] == a[i / (n * 7) * 42 + index[i] * 7 + i % 7]);
    // Last axis of a transposed view: a.transpose -> [7, 6, 5], strides [1, 7, 42]; index [7, 6, 2], broadcast over 0.
    auto last = indices(6 * 2, 5);
    std::vector<float> out2(7 * 6 * 2);
    kernels().gather(ctx(), f32(out2), in, i64(last), dims({7, 6, 2}), dims({0, 2, 1}), dims({1, 7, 42}), 2, 5);
    for (int64_t i = 0; i < 84; i++) CHECK(out2[i] == a[i / 12 + i % 12 / 2 * 7 + last[i % 12] * 42]);
  }
}

TEST(index_out_of_range_is_reported_and_harmless) {
  std::vector<float> a{1, 2, 3, 4}, out(3, 9);
  std::vector<int64_t> index{0, 4, -1};
  expectFailure("index 4 is out of range for size 4",
                [&] { kernels().gather(ctx(), f32(out), f32(a), i64(index), dims({3}), dims({1}), dims({1}), 0, 4); });
  CHECK((out == std::vector<float>{1, 0, 0}));
  out = {9, 9, 9};
  expectFailure("index 4 is out of range for size 4",
                [&] { kernels().indexSelect(ctx(), f32(out), f32(a), i64(index), 1, 4, 3, 1); });
  CHECK((out == std::vector<float>{1, 0, 0}));
  std::vector<float> src{10, 20, 30};
  expectFailure("index 4 is out of range for size 4", [&] {
    kernels().scatter(ctx(), 1, f32(a), f32(src), i64(index), dims({3}), dims({1}), dims({1}), dims({1}), 0, 4);
  });
  CHECK((a == std::vector<float>{11, 2, 3, 4}));
  expectFailure("index 4 is out of range for size 4",
                [&] { kernels().indexAdd(ctx(), f32(a), f32(src), i64(index), 1, 4, 3, 1); });
  CHECK((a == std::vector<float>{21, 2, 3, 4}));
  std::vector<int64_t> rows{1, -2, -3}, linear(3);
  const Buf list[] = {i64(rows)};
  expectFailure("index -3 is out of range for size 2", [&] {
    kernels().linearIndex(ctx(), i64(linear), {1, list}, dims({2}), dims({5}), 3);
  });
  CHECK((linear == std::vector<int64_t>{5, 0, 0}));
  // The first bad index in order is the one reported, for any number of threads.
  std::vector<int64_t> many(200000, 0);
  std::vector<float> big(200000);
  for (int64_t i = 100000; i < 200000; i++) many[i] = i;
  for (int threads : {1, 4}) {
    const int before = numThreads();
    setNumThreads(threads);
    expectFailure("index 100000 is out of range for size 4", [&] {
      kernels().gather(ctx(), f32(big), f32(a), i64(many), dims({200000}), dims({1}), dims({1}), 0, 4);
    });
    setNumThreads(before);
  }
}

TEST(index_scatter_modes) {
  const int64_t rows = 9, len = 50, cols = 11, size = 13;  // out [9, 13, 11], index [9, 50, 11]
  auto index = indices(rows * len * cols, size);
  auto src = ramp(rows * len * cols);
  for (float& x : src) x = x / 300;
  src[500] = NAN;
  std::vector<double> src64(src.begin(), src.end());
  for (int64_t mode = 0; mode < 5; mode++) {
    std::vector<float> out(rows * size * cols, 0.5f);
    std::vector<double> out64(out.begin(), out.end()), want(out64);
    const Dims d = dims({rows, len, cols}), so = dims({size * cols, cols, 1}), si = dims({len * cols, cols, 1});
    kernels().scatter(ctx(), mode, f32(out), f32(src), i64(index), d, so, si, si, 1, size);
    kernels().scatter(ctx(), mode, f64(out64), f64(src64), i64(index), d, so, si, si, 1, size);
    for (int64_t i = 0; i < rows * len * cols; i++) {
      double& to = want[i / (len * cols) * size * cols + index[i] * cols + i % cols];
      const double x = src64[i];
      if (mode == 0) to = x;
      if (mode == 1) to += x;
      if (mode == 2) to *= x;
      if (mode == 3) to = std::isnan(to) || std::isnan(x) ? NAN : std::max(to, x);
      if (mode == 4) to = std::isnan(to) || std::isnan(x) ? NAN : std::min(to, x);
    }
    for (size_t i = 0; i < want.size(); i++) {
      CHECK_NEAR(out64[i], want[i], 0, 1e-12);
      CHECK_NEAR(out[i], want[i], 1e-5, 1e-5);
    }
  }
  // Innermost axis, a source broadcast along it, integers, and bool.
  std::vector<int64_t> counts(3 * 4, 0), ones{1};
  std::vector<int32_t> where{0, 1, 1, 3, 3, 3, 2, 2, 2, 2, 0, 0};
  kernels().scatter(ctx(), 1, i64(counts), i64(ones), i32(where), dims({3, 4}), dims({4, 1}), dims({4, 1}),
                    dims({0, 0}), 1, 4);
  CHECK((counts == std::vector<int64_t>{1, 2, 0, 1, 0, 0, 2, 2, 2, 0, 2, 0}));
  std::vector<uint8_t> flags(4, 0), yes{1, 1, 1};
  std::vector<int64_t> at{2, 2, 0};
  kernels().scatter(ctx(), 1, {flags.data(), DType::boolean}, {yes.data(), DType::boolean}, i64(at), dims({3}),
                    dims({1}), dims({1}), dims({1}), 0, 4);
  CHECK((flags == std::vector<uint8_t>{1, 0, 1, 0}));
}

TEST(index_select_and_add) {
  for (int64_t inner : {1, 3, 300}) {
    for (int64_t count : {0, 1, 257}) {
      const int64_t outer = 3, len = 20;
      auto a = ramp(outer * len * inner);
      auto index = indices(count, len);
      std::vector<float> out(outer * count * inner);
      kernels().indexSelect(ctx(), f32(out), f32(a), i64(index), outer, len, count, inner);
      std::vector<float> sum(outer * len * inner, 1), want(sum);
      kernels().indexAdd(ctx(), f32(sum), f32(out), i64(index), outer, len, count, inner);
      for (int64_t i = 0; i < outer * count * inner; i++) {
        const int64_t from = (i / (count * inner) * len + index[i / inner % count]) * inner + i % inner;
        CHECK(out[i] == a[from]);
        want[from] += out[i];
      }
      CHECK(sum == want);
    }
  }
  std::vector<uint8_t> bytes{1, 2, 3, 4, 5, 6}, picked(4);
  std::vector<int32_t> rows{2, 0};
  kernels().indexSelect(ctx(), {picked.data(), DType::u8}, {bytes.data(), DType::u8}, i32(rows), 1, 3, 2, 2);
  CHECK((picked == std::vector<uint8_t>{5, 6, 1, 2}));
}

TEST(index_linear) {
  const int64_t n = 40000;
  auto a = indices(n, 7);
  std::vector<int32_t> b(n);
  std::vector<int64_t> out(n);
  for (int64_t i = 0; i < n; i++) b[i] = static_cast<int32_t>(hash(i + 5) % 10) - 5;  // size 5, half of them negative
  const Buf list[] = {i64(a), i32(b)};
  kernels().linearIndex(ctx(), i64(out), {2, list}, dims({7, 5}), dims({100, 3}), n);
  for (int64_t i = 0; i < n; i++) CHECK(out[i] == a[i] * 100 + (b[i] < 0 ? b[i] + 5 : b[i]) * 3);
}

TEST(index_nonzero) {
  for (int64_t n : {0, 1, 17, 16384, 50001}) {
    std::vector<float> a(n);
    std::vector<uint8_t> flags(n);
    std::vector<int64_t> want, out(n + 1), outB(n + 1), count(1, -1), countB(1, -1);
    for (int64_t i = 0; i < n; i++) {
      a[i] = hash(i) % 3 ? (hash(i) % 5 ? 1.5f : NAN) : -0.0f;
      flags[i] = a[i] != 0;
      if (flags[i]) want.push_back(i);
    }
    kernels().nonzero(ctx(), i64(out), i64(count), f32(a), n);
    kernels().nonzero(ctx(), i64(outB), i64(countB), {flags.data(), DType::boolean}, n);
    CHECK(count[0] == static_cast<int64_t>(want.size()) && countB[0] == count[0]);
    CHECK(std::equal(want.begin(), want.end(), out.begin()) && std::equal(want.begin(), want.end(), outB.begin()));
  }
}
