// A test harness in one page: no dependency, so that it runs under any sanitizer and under valgrind.
//
//   TEST(name) { CHECK(condition); CHECK_NEAR(got, want, absolute, relative); }
//
// Tests call kernels through `kernels()`, the table of the instruction set that NODEGRAD_ISA names (default: the best).
#pragma once
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "kernels.h"
#include "runtime/parallel.h"

namespace ng::test {

struct Case {
  const char* name;
  void (*run)();
};
std::vector<Case>& cases();
extern int failures;
const KernelTable& kernels();
const char* isaName();
Ctx& ctx();               // records failures of kernels in lastFailure
extern Fail lastFailure;  // reset it yourself
extern std::string lastMessage;

struct Register {
  Register(const char* name, void (*run)()) { cases().push_back({name, run}); }
};

inline bool near(double got, double want, double atol, double rtol) {
  if (std::isnan(want)) return std::isnan(got);
  if (std::isinf(want)) return got == want;
  return std::fabs(got - want) <= atol + rtol * std::fabs(want);
}

// Numbers in [-1, 1] without order.
inline double noise(int64_t i) { return static_cast<double>((i * 2654435761u >> 7) % 20001) / 10000 - 1; }

template <class T>
Buf buf(std::vector<T>& v, DType t) {
  return Buf{v.data(), t};
}
inline Buf f32(std::vector<float>& v) { return {v.data(), DType::f32}; }
inline Buf f64(std::vector<double>& v) { return {v.data(), DType::f64}; }
inline Buf i64(std::vector<int64_t>& v) { return {v.data(), DType::i64}; }
// Either floating type, by the vector's.
template <class T>
Buf any(std::vector<T>& v) {
  return {v.data(), sizeof(T) == 4 ? DType::f32 : DType::f64};
}
// n values of noise times scale, another sequence for another seed.
template <class T>
std::vector<T> filled(int64_t n, int64_t seed, double scale = 1) {
  std::vector<T> v(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; i++) v[static_cast<size_t>(i)] = static_cast<T>(noise(i + 1000 * seed) * scale);
  return v;
}
inline Dims dims(std::initializer_list<int64_t> d) {
  Dims r{};
  for (int64_t x : d) r.d[r.n++] = x;
  return r;
}

}  // namespace ng::test

#define TEST(name)                                               \
  static void test_##name();                                     \
  static ng::test::Register register_##name(#name, test_##name); \
  static void test_##name()
#define CHECK(cond)                                                          \
  do {                                                                       \
    if (!(cond)) {                                                           \
      std::printf("  %s:%d: CHECK(%s) failed\n", __FILE__, __LINE__, #cond); \
      ng::test::failures++;                                                  \
    }                                                                        \
  } while (0)
#define CHECK_NEAR(got, want, atol, rtol)                                                                              \
  do {                                                                                                                 \
    const double g_ = (got), w_ = (want);                                                                              \
    if (!ng::test::near(g_, w_, (atol), (rtol))) {                                                                     \
      if (++ng::test::failures < 50) std::printf("  %s:%d: %s = %.9g, want %.9g\n", __FILE__, __LINE__, #got, g_, w_); \
    }                                                                                                                  \
  } while (0)
