#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <limits>

#include "check.h"
#include "ops/kit/opcodes.h"

using namespace ng;
using namespace ng::test;

namespace {

// A layout of some tensor: which dimensions are kept and which are reduced.
struct Layout {
  std::vector<int64_t> keep, sKeep, red, sRed;
};

Dims toDims(const std::vector<int64_t>& v) {
  Dims d{};
  for (int64_t x : v) d.d[d.n++] = x;
  return d;
}

int64_t product(const std::vector<int64_t>& v) {
  int64_t n = 1;
  for (int64_t x : v) n *= x;
  return n;
}

int64_t offsetOf(int64_t i, const std::vector<int64_t>& d, const std::vector<int64_t>& s) {
  int64_t off = 0;
  for (int k = static_cast<int>(d.size()) - 1; k >= 0; k--) {
    off += i % d[k] * s[k];
    i /= d[k];
  }
  return off;
}

const std::vector<Layout> kLayouts = {
    {{}, {}, {1}, {1}},                     // one element
    {{}, {}, {7}, {1}},                     // short row
    {{}, {}, {5003}, {1}},                  // all, contiguous
    {{}, {}, {200003}, {1}},                // all, cut into parts
    {{3, 5}, {5, 1}, {}, {}},               // nothing to reduce
    {{9}, {301}, {301}, {1}},               // inner rows
    {{100}, {1000}, {1000}, {1}},           // many inner rows
    {{4000}, {3}, {3}, {1}},                // short inner rows
    {{301}, {1}, {77}, {301}},              // columns
    {{1111}, {1}, {300}, {1111}},           // several column blocks, cut into parts
    {{10}, {1}, {20001}, {10}},             // narrow columns, cut into parts
    {{3}, {1}, {50}, {3}},                  // narrow columns, few rows
    {{6}, {50}, {8, 50}, {300, 1}},         // batch norm: [8, 6, 50] over 0 and 2
    {{4, 5}, {30, 1}, {6}, {5}},            // middle dimension
    {{3, 4}, {8, 2}, {5}, {24}},            // gaps
    {{13}, {2}, {9}, {0}},                  // broadcast input
    {{0, 3}, {3, 1}, {5}, {0}},             // no output
    {{3}, {1}, {0}, {3}},                   // nothing to reduce over
    {{2, 2}, {1, 900}, {30, 15}, {2, 60}},  // permuted
};

template <class T>
long double expected(ReduceOp op, const T* a, const Layout& l, int64_t out, double scale) {
  const int64_t n = product(l.red), base = offsetOf(out, l.keep, l.sKeep);
  long double r = op == ReduceOp::prod || op == ReduceOp::all ? 1 : 0;
  double best = 0;
  for (int64_t i = 0; i < n; i++) {
    const double x = static_cast<double>(a[base + offsetOf(i, l.red, l.sRed)]);
    switch (op) {
      case ReduceOp::sum:
        r += x;
        break;
      case ReduceOp::sumsq:
        r += x * x;
        break;
      case ReduceOp::prod:
        r *= x;
        break;
      case ReduceOp::any:
        r = r != 0 || x != 0;
        break;
      case ReduceOp::all:
        r = r != 0 && x != 0;
        break;
      case ReduceOp::max:
        r = i == 0 || std::isnan(x) || x > r ? (i && std::isnan(r) ? r : x) : r;
        break;
      case ReduceOp::min:
        r = i == 0 || std::isnan(x) || x < r ? (i && std::isnan(r) ? r : x) : r;
        break;
      case ReduceOp::argmax:
      case ReduceOp::argmin:
        if (i == 0 || (!std::isnan(best) && (std::isnan(x) || (op == ReduceOp::argmax ? x > best : x < best)))) {
          best = x;
          r = static_cast<double>(i);
        }
        break;
      case ReduceOp::count:
        break;
    }
  }
  return op == ReduceOp::sum || op == ReduceOp::sumsq || op == ReduceOp::prod ? r * scale : r;
}

bool arg(ReduceOp op) { return op == ReduceOp::argmax || op == ReduceOp::argmin; }

template <class T>
void checkAll(DType t, const std::function<T(int64_t)>& element, double rtol) {
  std::vector<T> a(340000);
  for (size_t i = 0; i < a.size(); i++) a[i] = element(static_cast<int64_t>(i));
  constexpr bool floating = !std::numeric_limits<T>::is_integer;
  for (int64_t o = 0; o < static_cast<int64_t>(ReduceOp::count); o++) {
    const ReduceOp op = static_cast<ReduceOp>(o);
    for (const Layout& l : kLayouts) {
      if (product(l.red) == 0 && (op == ReduceOp::max || op == ReduceOp::min || arg(op))) continue;
      // Products of many numbers leave every range: keep to those that can be compared.
      if (op == ReduceOp::prod && product(l.red) > 5) continue;
      const int64_t n = product(l.keep);
      const double atol = rtol * 0.1 * static_cast<double>(product(l.red));  // for sums that cancel
      const double scale = floating && op == ReduceOp::sum ? 0.5 : 1;
      DType to = t;
      if (op == ReduceOp::any || op == ReduceOp::all)
        to = DType::boolean;
      else if (arg(op) || (!floating && op != ReduceOp::max && op != ReduceOp::min))
        to = DType::i64;
      std::vector<double> raw(n + 1, -7);
      const Buf out{raw.data(), to};
      kernels().reduce(ctx(), o, out, {a.data(), t}, toDims(l.keep), toDims(l.sKeep), toDims(l.red), toDims(l.sRed),
                       scale);
      for (int64_t i = 0; i < n; i++) {
        const double got = to == DType::i64       ? static_cast<double>(out.as<int64_t>()[i])
                           : to == DType::boolean ? out.as<uint8_t>()[i]
                                                  : static_cast<double>(out.as<T>()[i]);
        const long double want = expected(op, a.data(), l, i, scale);
        CHECK_NEAR(got, static_cast<double>(floating ? static_cast<T>(want) : want), atol, rtol);
      }
      if (n == 0) CHECK(raw[0] == -7);
    }
  }
}

}  // namespace

TEST(reduce_f32) {
  checkAll<float>(
      DType::f32, [](int64_t i) { return noise(i) + 0.25f; }, 3e-7);
}
TEST(reduce_f64) {
  checkAll<double>(
      DType::f64, [](int64_t i) { return noise(i) + 0.25; }, 1e-13);
}
TEST(reduce_i32) {
  checkAll<int32_t>(
      DType::i32, [](int64_t i) { return static_cast<int32_t>(noise(i) * 1000); }, 0);
}
TEST(reduce_i64) {
  checkAll<int64_t>(
      DType::i64, [](int64_t i) { return static_cast<int64_t>(noise(i) * 5); }, 0);
}
TEST(reduce_u8) {
  checkAll<uint8_t>(
      DType::u8, [](int64_t i) { return static_cast<uint8_t>(i * 37 % 256); }, 0);
}
TEST(reduce_bool) {
  checkAll<uint8_t>(
      DType::boolean, [](int64_t i) { return i % 5 == 0; }, 0);
}
TEST(reduce_with_nan) {
  checkAll<float>(
      DType::f32, [](int64_t i) { return i % 1009 == 1008 ? NAN : noise(i); }, 3e-7);
}
TEST(reduce_with_ties_and_infinities) {
  checkAll<float>(
      DType::f32, [](int64_t i) { return i % 3 ? -INFINITY : -1e18f; }, 3e-7);
  checkAll<double>(
      DType::f64, [](int64_t i) { return i % 7 ? 1.0 : INFINITY; }, 1e-13);
}

TEST(reduce_bf16) {
  std::vector<uint16_t> a(3000), out(3);
  for (int i = 0; i < 3000; i++) a[i] = i % 2 ? 0x3f80 : 0x4000;  // 1 and 2
  kernels().reduce(ctx(), 0, buf(out, DType::bf16), buf(a, DType::bf16), dims({3}), dims({1000}), dims({1000}),
                   dims({1}), 1);
  for (uint16_t x : out) CHECK(x == 0x44bc);  // 1500 to 8 bits = 1504
  std::vector<float> f(3);
  kernels().reduce(ctx(), 0, f32(f), buf(a, DType::bf16), dims({3}), dims({1000}), dims({1000}), dims({1}), 1);
  for (float x : f) CHECK(x == 1500);
}

// A float32 sum that cancels must be right to the last bit of what float32 can hold, for rows and for columns.
TEST(reduce_sum_is_accurate) {
  const int64_t n = 1 << 20;
  std::vector<float> a(n), row(1), col(4);
  for (int64_t i = 0; i < n; i++) a[i] = 0.1f + noise(i) * 1e-3f;
  double want = 0, wantCol[4] = {};
  for (int64_t i = 0; i < n; i++) want += a[i], wantCol[i % 4] += a[i];
  kernels().reduce(ctx(), 0, f32(row), f32(a), dims({}), dims({}), dims({n}), dims({1}), 1);
  CHECK_NEAR(row[0], want, 0, 1.2e-7);
  kernels().reduce(ctx(), 0, f32(col), f32(a), dims({4}), dims({1}), dims({n / 4}), dims({4}), 1);
  for (int c = 0; c < 4; c++) CHECK_NEAR(col[c], wantCol[c], 0, 1.2e-7);
}

TEST(reduce_same_bits_for_any_thread_count) {
  std::vector<float> a(1 << 20);
  for (size_t i = 0; i < a.size(); i++) a[i] = noise(static_cast<int64_t>(i));
  const int before = numThreads();
  const int64_t n = static_cast<int64_t>(a.size());
  for (int64_t width : {1, 8, 1024}) {
    std::vector<float> first(width), again(width);
    for (int threads : {1, 2, 4}) {
      setNumThreads(threads);
      kernels().reduce(ctx(), 0, f32(threads == 1 ? first : again), f32(a), dims({width}), dims({1}), dims({n / width}),
                       dims({width}), 1);
      if (threads > 1) CHECK(std::memcmp(first.data(), again.data(), width * 4) == 0);
    }
  }
  setNumThreads(before);
}

TEST(scan_f32_and_i64) {
  const int64_t outer = 3, len = 41, inner = 7, n = outer * len * inner;
  std::vector<float> a(n), out(n);
  std::vector<int32_t> ai(n);
  std::vector<int64_t> outI(n);
  for (int64_t i = 0; i < n; i++)
    a[i] = i == 2 * inner + 3 ? NAN : 1 + noise(i) * 0.1f, ai[i] = static_cast<int32_t>(noise(i) * 3);
  for (int64_t op = 0; op < static_cast<int64_t>(ScanOp::count); op++) {
    for (auto [o, l, in] : {std::array<int64_t, 3>{outer, len, inner}, {1, n, 1}, {n, 1, 1}, {0, 5, 3}, {2, 0, 3}}) {
      kernels().scan(ctx(), op, f32(out), f32(a), o, l, in);
      const DType to = op < 2 ? DType::i64 : DType::i32;
      kernels().scan(ctx(), op, {outI.data(), to}, buf(ai, DType::i32), o, l, in);
      for (int64_t r = 0; r < o * in; r++) {
        double acc = 0;
        bool nan = false;
        int64_t accI = 0;
        for (int64_t k = 0; k < l; k++) {
          const int64_t at = (r / in * l + k) * in + r % in;
          const double x = a[at];
          const int64_t xi = ai[at];
          switch (static_cast<ScanOp>(op)) {
            case ScanOp::sum:
              acc += x, accI += xi;
              break;
            case ScanOp::prod:
              acc = k ? acc * x : x, accI = k ? accI * xi : xi;
              break;
            case ScanOp::max:
              acc = k && !(x > acc) && !std::isnan(x) ? acc : x, accI = k ? std::max(accI, xi) : xi;
              break;
            case ScanOp::min:
              acc = k && !(x < acc) && !std::isnan(x) ? acc : x, accI = k ? std::min(accI, xi) : xi;
              break;
            case ScanOp::logsumexp:
              acc = k ? std::log(std::exp(acc) + std::exp(x)) : x;
              break;
            case ScanOp::count:
              break;
          }
          if (op >= 2 && k && std::isnan(a[at - in])) nan = true;
          if (nan) acc = NAN;
          CHECK_NEAR(out[at], acc, 1e-6, 2e-6);
          if (op != static_cast<int64_t>(ScanOp::logsumexp))
            CHECK((to == DType::i64 ? outI[at] : reinterpret_cast<int32_t*>(outI.data())[at]) == accI);
        }
      }
    }
  }
}
