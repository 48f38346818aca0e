#include <array>
#include <cstring>
#include <limits>

#include "check.h"

using namespace ng;
using namespace ng::test;

namespace {

const DType kAll[] = {DType::f32, DType::f64,     DType::i32,  DType::i64,
                      DType::u8,  DType::boolean, DType::bf16, DType::f16};

// Storage for any element type, read and written as double.
struct AnyArray {
  DType t;
  std::vector<uint64_t> store;
  AnyArray(DType type, size_t n) : t(type), store(n + 1, 0) {}
  Buf buf() { return {store.data(), t}; }
};

// Plain decoding of the 16-bit formats (value = mantissa * 2^exponent).
double half(uint16_t h, int mantissa, int bias) {
  const int e = (h & 0x7fff) >> mantissa, m = h & ((1 << mantissa) - 1), top = (0x7fff >> mantissa);
  const double sign = h & 0x8000 ? -1 : 1;
  if (e == top) return m ? NAN : sign * INFINITY;
  return sign * (e == 0 ? std::ldexp(m, 1 - bias - mantissa) : std::ldexp(m + (1 << mantissa), e - bias - mantissa));
}

double get(const Buf& b, int64_t i) {
  switch (b.t) {
    case DType::f32:
      return b.as<float>()[i];
    case DType::f64:
      return b.as<double>()[i];
    case DType::i32:
      return b.as<int32_t>()[i];
    case DType::i64:
      return static_cast<double>(b.as<int64_t>()[i]);
    case DType::u8:
    case DType::boolean:
      return b.as<uint8_t>()[i];
    case DType::bf16:
      return half(b.as<uint16_t>()[i], 7, 127);
    case DType::f16:
      return half(b.as<uint16_t>()[i], 10, 15);
  }
  return 0;
}

// What a value becomes in type t, for the small integers used below.
double as(DType t, double v) { return t == DType::boolean ? v != 0 : v; }

}  // namespace

TEST(memory_copy_every_pair_strided) {
  const int64_t n0 = 5, n1 = 67;
  for (DType from : kAll) {
    for (DType to : kAll) {
      for (int64_t step : {1, 2, 0, -1}) {
        AnyArray a(from, 2 * n0 * n1), out(to, 2 * n0 * n1);
        Dims d = dims({n0, n1}), row = dims({n1, 1});
        for (int64_t i = 0; i < 2 * n0 * n1; i++) {
          kernels().fill(ctx(), {static_cast<char*>(a.buf().p) + i * sizeOf(from), from}, dims({}), dims({}),
                         i % 3 * 40.0);
        }
        Dims sa = dims({2 * n1, step});
        Buf in = a.buf();
        if (step < 0) in.p = static_cast<char*>(in.p) + (n1 - 1) * sizeOf(from);
        kernels().copy(ctx(), out.buf(), in, d, row, sa);
        for (int64_t i = 0; i < n0; i++) {
          for (int64_t j = 0; j < n1; j++) {
            const int64_t at = i * 2 * n1 + (step < 0 ? n1 - 1 - j : j * step);
            CHECK_NEAR(get(out.buf(), i * n1 + j), as(to, as(from, at % 3 * 40.0)), 0, 0);
          }
        }
      }
    }
  }
}

TEST(memory_copy_transposed) {
  for (DType from : {DType::f32, DType::f64, DType::u8}) {
    for (DType to : {DType::f32, DType::f64, DType::i64, DType::u8, DType::bf16}) {
      for (auto [b, m, n] : {std::array<int64_t, 3>{1, 64, 64}, {2, 33, 71}, {3, 100, 3}, {2, 3, 50}, {1, 1, 9}}) {
        AnyArray a(from, b * m * n), out(to, b * m * n);
        for (int64_t i = 0; i < b * m * n; i++) {
          kernels().fill(ctx(), {static_cast<char*>(a.buf().p) + i * sizeOf(from), from}, dims({}), dims({}), i % 127);
        }
        // out[b, n, m] = a[b, m, n] transposed; written once as an out view, once as an a view.
        for (int view = 0; view < 2; view++) {
          std::memset(out.store.data(), 0, out.store.size() * 8);
          if (view) {
            kernels().copy(ctx(), out.buf(), a.buf(), dims({b, n, m}), dims({n * m, m, 1}), dims({n * m, 1, n}));
          } else {
            kernels().copy(ctx(), out.buf(), a.buf(), dims({b, m, n}), dims({n * m, 1, m}), dims({n * m, n, 1}));
          }
          for (int64_t i = 0; i < b * m * n; i++) {
            const int64_t k = i / (m * n), r = i % (m * n) / m, c = i % m;
            CHECK_NEAR(get(out.buf(), i), (k * m * n + c * n + r) % 127, 0, 0);
          }
        }
      }
    }
  }
}

TEST(memory_cast_extremes) {
  const double inf = INFINITY;
  std::vector<double> a{NAN, inf,  -inf,  1e300, -1e300, 2147483648.0, -2147483649.0,
                        2.9, -2.9, 255.9, 256,   -1,     -0.0,         0.3};
  const int64_t n = static_cast<int64_t>(a.size());
  std::vector<float> f(a.begin(), a.end());
  const int32_t i32max = std::numeric_limits<int32_t>::max(), i32min = std::numeric_limits<int32_t>::min();
  const std::vector<int32_t> want32{0, i32max, i32min, i32max, i32min, i32max, i32min, 2, -2, 255, 256, -1, 0, 0};
  const std::vector<uint8_t> want8{0, 255, 0, 255, 0, 255, 0, 2, 0, 255, 255, 0, 0, 0};
  const std::vector<uint8_t> wantBool{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1};
  for (Buf in : {f64(a), f32(f)}) {
    std::vector<int32_t> o32(n);
    std::vector<int64_t> o64(n);
    std::vector<uint8_t> o8(n), ob(n);
    kernels().copy(ctx(), buf(o32, DType::i32), in, dims({n}), dims({1}), dims({1}));
    kernels().copy(ctx(), i64(o64), in, dims({n}), dims({1}), dims({1}));
    kernels().copy(ctx(), buf(o8, DType::u8), in, dims({n}), dims({1}), dims({1}));
    kernels().copy(ctx(), buf(ob, DType::boolean), in, dims({n}), dims({1}), dims({1}));
    CHECK(o32 == want32);
    CHECK(o8 == want8);
    CHECK(ob == wantBool);
    CHECK(o64[0] == 0 && o64[1] == std::numeric_limits<int64_t>::max() &&
          o64[2] == std::numeric_limits<int64_t>::min());
    CHECK(o64[3] == o64[1] && o64[4] == o64[2] && o64[5] == 2147483648LL && o64[8] == -2);
  }
}

TEST(memory_half_round_trip_and_rounding) {
  // Every 16-bit pattern survives a trip through float32, and halfway values round to even.
  std::vector<uint16_t> bits(65536), back(65536);
  for (int i = 0; i < 65536; i++) bits[i] = static_cast<uint16_t>(i);
  for (DType t : {DType::bf16, DType::f16}) {
    const int mantissa = t == DType::bf16 ? 7 : 10, bias = t == DType::bf16 ? 127 : 15;
    std::vector<float> f(65536);
    kernels().copy(ctx(), f32(f), buf(bits, t), dims({65536}), dims({1}), dims({1}));
    kernels().copy(ctx(), buf(back, t), f32(f), dims({65536}), dims({1}), dims({1}));
    for (int i = 0; i < 65536; i++) {
      CHECK_NEAR(f[i], half(bits[i], mantissa, bias), 0, 0);
      CHECK(std::isnan(f[i]) ? std::isnan(half(back[i], mantissa, bias)) : back[i] == bits[i]);
    }
    // Midpoints between neighbours of positive finite values go to the even one; a little more goes up.
    std::vector<float> mid, up;
    std::vector<uint16_t> low;
    for (int i = 0; half(static_cast<uint16_t>(i + 1), mantissa, bias) < INFINITY; i++) {
      const double lo = half(static_cast<uint16_t>(i), mantissa, bias),
                   hi = half(static_cast<uint16_t>(i + 1), mantissa, bias);
      if (lo < 1e-37 && t == DType::bf16) continue;
      mid.push_back(static_cast<float>((lo + hi) / 2));
      up.push_back(std::nextafter(mid.back(), INFINITY));
      low.push_back(static_cast<uint16_t>(i));
    }
    const int64_t n = static_cast<int64_t>(mid.size());
    std::vector<uint16_t> o(n), u(n);
    kernels().copy(ctx(), buf(o, t), f32(mid), dims({n}), dims({1}), dims({1}));
    kernels().copy(ctx(), buf(u, t), f32(up), dims({n}), dims({1}), dims({1}));
    for (int64_t i = 0; i < n; i++) {
      CHECK(o[i] == low[i] + (low[i] & 1));
      CHECK(u[i] == low[i] + 1);
    }
  }
}

TEST(memory_fill_and_iota) {
  std::vector<float> f(70000, -1);
  kernels().fill(ctx(), f32(f), dims({35000}), dims({2}), 2.5);
  for (int i = 0; i < 70000; i++) CHECK(f[i] == (i % 2 ? -1.0f : 2.5f));
  kernels().fill(ctx(), f32(f), dims({0, 3}), dims({3, 1}), 9);
  CHECK(f[0] == 2.5f);
  std::vector<float> t(12, 0);
  kernels().fill(ctx(), f32(t), dims({2, 3}), dims({1, 4}), 1);
  for (int i = 0; i < 12; i++) CHECK(t[i] == (i % 4 < 2 ? 1.0f : 0.0f));
  kernels().iota(ctx(), f32(f), 70000, -3, 0.5);
  for (int i = 0; i < 70000; i++) CHECK(f[i] == -3 + 0.5f * static_cast<float>(i));
  std::vector<int64_t> l(1000);
  kernels().iota(ctx(), i64(l), 1000, 10, -3);
  for (int i = 0; i < 1000; i++) CHECK(l[i] == 10 - 3 * i);
}
