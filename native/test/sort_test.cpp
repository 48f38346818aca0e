#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include "check.h"

using namespace ng;
using namespace ng::test;

namespace {

uint32_t hash(int64_t i) { return static_cast<uint32_t>(i * 2654435761u) >> 6; }

// NaN is the largest; -0 equals +0.
template <class T>
bool less(T a, T b) {
  if (a != a) return false;
  return b != b || a < b;
}

template <class T>
bool identical(const T& a, const T& b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0;
}

template <class T, class F>
void checkSort(DType t, F&& element) {
  struct Shape {
    int64_t outer, len, inner;
  };
  for (const Shape& s : {Shape{0, 4, 3},
                         {2, 0, 3},
                         {5, 1, 1},
                         {40, 7, 3},
                         {3, 24, 2},
                         {3, 25, 2},
                         {2, 300, 5},
                         {1, 20011, 1},
                         {1, 4097, 3}}) {
    const int64_t n = s.outer * s.len * s.inner;
    std::vector<T> a(n), values(n);
    std::vector<int64_t> indices(n);
    for (int64_t i = 0; i < n; i++) a[i] = element(i);
    for (bool descending : {false, true}) {
      std::vector<std::vector<int64_t>> orders;
      for (int64_t line = 0; line < s.outer * s.inner; line++) {
        const T* x = a.data() + line / s.inner * s.len * s.inner + line % s.inner;
        std::vector<int64_t> order(s.len);
        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(), [&](int64_t p, int64_t q) {
          return descending ? less(x[q * s.inner], x[p * s.inner]) : less(x[p * s.inner], x[q * s.inner]);
        });
        orders.push_back(order);
      }
      kernels().sort(ctx(), buf(values, t), i64(indices), buf(a, t), s.outer, s.len, s.inner, descending);
      for (int64_t k : {int64_t(0), int64_t(1), int64_t(5), s.len / 20, s.len / 2, s.len}) {
        if (k > s.len) continue;
        const int64_t m = s.outer * k * s.inner;
        std::vector<T> top(m);
        std::vector<int64_t> topIndices(m);
        kernels().topk(ctx(), buf(top, t), i64(topIndices), buf(a, t), s.outer, s.len, s.inner, k, descending);
        for (int64_t line = 0; line < s.outer * s.inner; line++) {
          const int64_t base = line / s.inner * s.len * s.inner + line % s.inner;
          const int64_t topBase = line / s.inner * k * s.inner + line % s.inner;
          for (int64_t i = 0; i < k; i++) {
            const int64_t want = orders[line][i];
            CHECK(topIndices[topBase + i * s.inner] == want);
            CHECK(identical(top[topBase + i * s.inner], a[base + want * s.inner]));
            CHECK(k < s.len || indices[base + i * s.inner] == want);
            CHECK(k < s.len || identical(values[base + i * s.inner], a[base + want * s.inner]));
          }
        }
      }
    }
  }
}

// Duplicates, both zeros, both infinities, NaN of both signs, subnormals and ordinary numbers.
template <class T>
T awkward(int64_t i) {
  const uint32_t h = hash(i);
  switch (h % 16) {
    case 0:
      return std::numeric_limits<T>::quiet_NaN();
    case 1:
      return -std::numeric_limits<T>::quiet_NaN();
    case 2:
      return -std::numeric_limits<T>::infinity();
    case 3:
      return std::numeric_limits<T>::infinity();
    case 4:
      return T(0);
    case 5:
      return -T(0);
    case 6:
      return std::numeric_limits<T>::denorm_min();
    case 7:
      return static_cast<T>(h / 16 % 4);
    default:
      return (static_cast<T>(h / 16 % 100003) - 50000) / 7;
  }
}

}  // namespace

TEST(sort_floats) {
  checkSort<float>(DType::f32, awkward<float>);
  checkSort<double>(DType::f64, awkward<double>);
}

TEST(sort_integers) {
  checkSort<int32_t>(DType::i32, [](int64_t i) { return static_cast<int32_t>(hash(i) * 64); });
  checkSort<int64_t>(DType::i64, [](int64_t i) {
    return static_cast<int64_t>((static_cast<uint64_t>(hash(i)) - 30000000) << 38);  // both signs, all bits
  });
  checkSort<uint8_t>(DType::u8, [](int64_t i) { return static_cast<uint8_t>(hash(i)); });
  checkSort<uint8_t>(DType::boolean, [](int64_t i) { return static_cast<uint8_t>(hash(i) & 1); });
}

TEST(sort_bf16) {
  std::vector<uint16_t> a{0x3f80, 0xbf80, 0x7fc0, 0x0000, 0x4000}, values(5);  // 1 -1 NaN 0 2
  std::vector<int64_t> indices(5);
  kernels().sort(ctx(), buf(values, DType::bf16), i64(indices), buf(a, DType::bf16), 1, 5, 1, false);
  CHECK((indices == std::vector<int64_t>{1, 3, 0, 4, 2}));
  CHECK(values[0] == 0xbf80 && values[4] == 0x7fc0);
}
