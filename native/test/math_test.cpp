// Accuracy of the float32 functions over the whole range of float, denormals, infinities and NaN included, against the
// C library in double. Run with NG_VERBOSE=1 to see the worst error of each.
#include <cstdlib>
#include <cstring>

#include "check.h"
#include "ops/kit/opcodes.h"

using namespace ng;
using namespace ng::test;

static const char* const unaryNames[] = {
#define X(name, ...) #name,
#include "ops/elementwise/unary.def"
};
static const char* const binaryNames[] = {
#define X(name, ...) #name,
#include "ops/elementwise/binary.def"
};

template <size_t N>
static int64_t find(const char* const (&names)[N], const char* name) {
  for (size_t i = 0; i < N; i++) {
    if (std::strcmp(names[i], name) == 0) return static_cast<int64_t>(i);
  }
  std::printf("  no op %s\n", name);
  failures++;
  return 0;
}

// |got - want| in units of the last place of want; results that round to infinity or zero count as such.
static double ulps(float got, double want) {
  const float w = static_cast<float>(want);
  if (std::isnan(want)) return std::isnan(got) ? 0 : INFINITY;
  if (got == w) return 0;
  if (std::isnan(got)) return INFINITY;
  if (std::isinf(w) && std::fabs(want) < 3.5e38 && std::fabs(got) > 3.4e38)
    return 1;  // overflow is a matter of rounding
  if (std::isinf(w) || std::isinf(got)) return INFINITY;
  const float a = std::fabs(w), up = std::nextafter(a, INFINITY);
  const double unit = std::isinf(up) ? static_cast<double>(a) - std::nextafter(a, 0.0f) : static_cast<double>(up) - a;
  return std::fabs(static_cast<double>(got) - want) / unit;
}

static std::vector<float> wholeRange() {
  std::vector<float> v;
  for (uint64_t bits = 0; bits < (uint64_t(1) << 32); bits += 9973)
    v.push_back(__builtin_bit_cast(float, uint32_t(bits)));
  for (double e = -10; e <= 2; e += 0.00003) {  // where the functions have their shape
    v.push_back(static_cast<float>(std::pow(10.0, e)));
    v.push_back(-v.back());
  }
  for (float x : {0.0f,           -0.0f,    1.0f,      -1.0f, 1e-45f,    -1e-45f,   3.4028234e38f,
                  -3.4028234e38f, INFINITY, -INFINITY, NAN,   88.72283f, 88.72284f, -87.33655f,
                  -103.97f,       -103.98f, 0.5f,      2.0f,  1000.0f,   1e6f,      1.00001e6f})
    v.push_back(x);
  return v;
}

struct Unary {
  const char* name;
  double (*want)(double);
  double bound;  // ulps
};
static double sigmoidOf(double x) { return 1 / (1 + std::exp(-x)); }
static double rsqrtOf(double x) { return 1 / std::sqrt(x); }
static double siluOf(double x) { return x / (1 + std::exp(-x)); }
static double softplusOf(double x) { return x > 20 ? x : std::log1p(std::exp(x)); }
static double logSigmoidOf(double x) { return x < 0 ? x - std::log1p(std::exp(x)) : -std::log1p(std::exp(-x)); }
static double geluOf(double x) { return 0.5 * x * std::erfc(-x * std::sqrt(0.5)); }
static double mishOf(double x) { return x * std::tanh(x > 30 ? x : std::log1p(std::exp(x))); }
#define STD(name) #name, [](double x) { return std::name(x); }

TEST(math_float32) {
  const Unary table[] = {
      {STD(exp), 2},
      {STD(exp2), 2},
      {STD(expm1), 3},
      {STD(log), 2},
      {STD(log2), 3},
      {STD(log10), 3},
      {STD(log1p), 3},
      {STD(sin), 2},
      {STD(cos), 2},
      {STD(tanh), 4},
      {STD(erf), 2},
      {STD(erfc), 20},
      {STD(sqrt), 0.5001},
      {STD(tan), 2},
      {STD(lgamma), 1},
      {"rsqrt", rsqrtOf, 2},
      {"sigmoid", sigmoidOf, 3},
      {"silu", siluOf, 4},
      {"softplus", softplusOf, 4},
      {"logSigmoid", logSigmoidOf, 4},
  };
  const std::vector<float> x = wholeRange();
  std::vector<float> y(x.size());
  const auto n = static_cast<int64_t>(x.size());
  for (const Unary& f : table) {
    Buf in{const_cast<float*>(x.data()), DType::f32};
    kernels().unary(ctx(), find(unaryNames, f.name), f32(y), in, dims({n}), dims({1}), dims({1}), 1, 20);
    double worst = 0;
    float at = 0;
    for (size_t i = 0; i < x.size(); i++) {
      const double want = f.want(x[i]), e = ulps(y[i], want);
      if (std::fabs(want) < 1e-36 && e < 128) continue;  // products of denormal factors have few bits
      if (e > worst) worst = e, at = x[i];
    }
    if (std::getenv("NG_VERBOSE")) std::printf("  %-11s %6.2f ulp at %.9g\n", f.name, worst, at);
    CHECK(worst <= f.bound);
  }
}

// Products with a small factor lose relative, not absolute, accuracy.
TEST(math_activations) {
  const Unary table[] = {{"gelu", geluOf, 0}, {"mish", mishOf, 0}};
  for (const Unary& f : table) {
    for (double d = -40; d < 40; d += 0.001) {
      float x = static_cast<float>(d), y;
      kernels().unary(ctx(), find(unaryNames, f.name), {&y, DType::f32}, {&x, DType::f32}, dims({1}), dims({1}),
                      dims({1}), 0, 0);
      CHECK_NEAR(y, f.want(x), 1e-18, 5e-6);
    }
  }
}

TEST(math_pow) {
  std::vector<float> x, y;
  const float edge[] = {0.0f,   -0.0f,      1.0f,        -1.0f,  0.5f,        -0.5f,      2.0f,    -2.0f,
                        3.0f,   -3.0f,      1e-45f,      1e-40f, INFINITY,    -INFINITY,  NAN,     1e30f,
                        -1e30f, 8388609.0f, 16777217.0f, 1.5f,   0.99999994f, 1.0000001f, 3.4e38f, -7.25f};
  for (float a : edge) {
    for (float b : edge) x.push_back(a), y.push_back(b);
  }
  uint32_t s = 1;
  for (int i = 0; i < 300000; i++) {
    const auto random = [&] { return static_cast<double>((s = s * 1664525u + 1013904223u) >> 8) / 16777216.0; };
    const double e = (random() - 0.5) * 80;
    x.push_back(static_cast<float>(std::exp(e)));
    y.push_back(static_cast<float>((random() - 0.5) * 180 / std::fabs(e)));
  }
  std::vector<float> r(x.size());
  const auto n = static_cast<int64_t>(x.size());
  kernels().binary(ctx(), find(binaryNames, "pow"), f32(r), f32(x), f32(y), dims({n}), dims({1}), dims({1}), dims({1}),
                   0, 0);
  double worst = 0;
  for (size_t i = 0; i < x.size(); i++) {
    const double want = std::pow(static_cast<double>(x[i]), static_cast<double>(y[i])), e = ulps(r[i], want);
    if (e > 1) std::printf("  pow(%.9g, %.9g) = %.9g, want %.9g\n", x[i], y[i], r[i], want);
    if (r[i] == 0 && want == 0) CHECK(std::signbit(r[i]) == std::signbit(want));
    worst = e > worst ? e : worst;
  }
  if (std::getenv("NG_VERBOSE")) std::printf("  pow         %6.2f ulp\n", worst);
  CHECK(worst <= 1);
}

// float64 goes to the C library, composed functions included.
TEST(math_float64) {
  const Unary table[] = {{STD(exp), 1},       {STD(log), 1},
                         {STD(tanh), 1},      {"sigmoid", sigmoidOf, 0},
                         {"gelu", geluOf, 0}, {"logSigmoid", logSigmoidOf, 0}};
  for (const Unary& f : table) {
    for (double d = -30; d < 30; d += 0.01) {
      double y;
      kernels().unary(ctx(), find(unaryNames, f.name), {&y, DType::f64}, {&d, DType::f64}, dims({1}), dims({1}),
                      dims({1}), 0, 0);
      CHECK_NEAR(y, f.want(d), 0, 1e-14);
    }
  }
}

TEST(math_digamma) {
  const struct {
    double x, want;
  } known[] = {{1, -0.57721566490153286061},
               {0.5, -1.9635100260214234794},
               {10, 2.2517525890667211077},
               {-0.5, 0.036489973978576520559},
               {INFINITY, INFINITY},
               {-2, NAN},
               {0.0, -INFINITY},
               {NAN, NAN},
               {100, 4.6001618527380874002}};
  for (const auto& k : known) {
    double y;
    double x = k.x;
    kernels().unary(ctx(), find(unaryNames, "digamma"), {&y, DType::f64}, {&x, DType::f64}, dims({1}), dims({1}),
                    dims({1}), 0, 0);
    CHECK_NEAR(y, k.want, 0, 1e-13);
  }
  // digamma(x + 1) = digamma(x) + 1 / x
  for (double d = -7.7; d < 12; d += 0.173) {
    double v[2] = {d, d + 1}, y[2];
    kernels().unary(ctx(), find(unaryNames, "digamma"), {y, DType::f64}, {v, DType::f64}, dims({2}), dims({1}),
                    dims({1}), 0, 0);
    CHECK_NEAR(y[1], y[0] + 1 / d, 1e-11, 1e-11);
  }
}
