// Philox known answers, moments of the distributions, and that nothing depends on the number of threads.
#include <algorithm>
#include <cstring>
#include <functional>

#include "check.h"
#include "runtime/philox.h"

using namespace ng;
using namespace ng::test;

// The known-answer vectors of Random123 (kat_vectors, philox4x32 10).
TEST(random_philoxKnownAnswers) {
  struct {
    uint32_t c[4], k[2], want[4];
  } const kat[] = {
      {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
       {0xffffffff, 0xffffffff},
       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (const auto& t : kat) {
    const Philox4 r = philox({{t.c[0], t.c[1], t.c[2], t.c[3]}}, t.k[0], t.k[1]);
    for (int i = 0; i < 4; i++) CHECK(r.w[i] == t.want[i]);
  }
}

// Element i of a float32 call is word i % 4 of counter offset + i / 4, its top 24 bits.
TEST(random_uniformFollowsCounters) {
  const int64_t seed = 0x123456789abcdef, offset = 0xfffffffe;  // the counter carries into its second word
  std::vector<float> v(1003);
  kernels().uniform(ctx(), f32(v), 1003, 0, 1, seed, offset);
  for (int64_t i = 0; i < 1003; i++) {
    const Philox4 r = philoxAt(seed, offset + i / 4);
    CHECK(v[i] == static_cast<float>(r.w[i % 4] >> 8) / 16777216.0f);
  }
  std::vector<double> d(501);
  kernels().uniform(ctx(), f64(d), 501, 0, 1, seed, offset);
  for (int64_t i = 0; i < 501; i++) {
    const Philox4 r = philoxAt(seed, offset + i / 2);
    const int k = i % 2 * 2;
    CHECK(d[i] == static_cast<double>((static_cast<uint64_t>(r.w[k]) << 32 | r.w[k + 1]) >> 11) / 9007199254740992.0);
  }
}

// A recorded step is given its seeds through memory.
TEST(random_seedsThroughMemory) {
  const int64_t n = 1000;
  std::vector<float> p(n, 0.5f), rates(n, 20.0f);
  const auto run = [&](int which, PerStep<int64_t> seed, PerStep<int64_t> offset) {
    std::vector<double> out(n);
    std::vector<int64_t> whole(n);
    std::vector<float> single(n);
    switch (which) {
      case 0:
        kernels().uniform(ctx(), f64(out), n, 0, 1, seed, offset);
        break;
      case 1:
        kernels().normal(ctx(), f64(out), n, 0, 1, seed, offset);
        break;
      case 2:
        kernels().randint(ctx(), f64(out), n, 0, 1000, seed, offset);
        break;
      case 3:
        kernels().bernoulli(ctx(), f64(out), f32(p), n, seed, offset);
        break;
      case 4:
        kernels().dropout(ctx(), f32(single), f32(p), n, 0.5, seed, offset);
        break;
      case 5:
        kernels().randperm(ctx(), i64(whole), n, seed, offset);
        break;
      case 6:
        kernels().multinomial(ctx(), i64(whole), f32(p), 1, n, n, true, seed, offset);
        break;
      default:
        kernels().poisson(ctx(), f32(single), f32(rates), n, seed, offset);
    }
    for (int64_t i = 0; i < n; i++) out[i] += static_cast<double>(whole[i]) + static_cast<double>(single[i]);
    return out;
  };
  int64_t memory[] = {0, 0};
  PerStep<int64_t> seed, offset;
  seed.from = memory, offset.from = memory + 1;
  for (int which = 0; which < 8; which++) {
    std::vector<double> before;
    for (int64_t step : {3, 4}) {
      memory[0] = step, memory[1] = 10 * step;
      const auto got = run(which, seed, offset);
      CHECK(got == run(which, step, 10 * step));
      CHECK(got != before);
      before = got;
    }
  }
}

static void moments(const std::vector<double>& v, double& mean, double& var, double& skew, double& kurt) {
  const double n = static_cast<double>(v.size());
  mean = var = skew = kurt = 0;
  for (double x : v) mean += x / n;
  for (double x : v) var += (x - mean) * (x - mean) / n;
  for (double x : v) {
    const double z = (x - mean) / std::sqrt(var);
    skew += z * z * z / n, kurt += z * z * z * z / n;
  }
}

TEST(random_moments) {
  const int64_t n = 200000;
  double mean, var, skew, kurt;
  for (bool wide : {false, true}) {
    std::vector<float> f(n);
    std::vector<double> d(n);
    const Buf out = wide ? f64(d) : f32(f);
    const auto fetch = [&] {
      if (!wide) std::copy(f.begin(), f.end(), d.begin());
    };
    kernels().uniform(ctx(), out, n, -2, 3, 5, 0);
    fetch();
    moments(d, mean, var, skew, kurt);
    CHECK_NEAR(mean, 0.5, 0.02, 0);
    CHECK_NEAR(var, 25.0 / 12, 0.03, 0);
    CHECK_NEAR(kurt, 1.8, 0.03, 0);
    CHECK(*std::min_element(d.begin(), d.end()) >= -2 && *std::max_element(d.begin(), d.end()) < 3);
    kernels().normal(ctx(), out, n, 1.5, 2, 6, 0);
    fetch();
    moments(d, mean, var, skew, kurt);
    CHECK_NEAR(mean, 1.5, 0.025, 0);
    CHECK_NEAR(var, 4, 0.06, 0);
    CHECK_NEAR(skew, 0, 0.03, 0);
    CHECK_NEAR(kurt, 3, 0.06, 0);
    // Neighbours come from one Box-Muller pair: they must not be correlated, nor their squares.
    double cov = 0, cov2 = 0;
    for (int64_t i = 0; i < n; i += 2) {
      const double a = (d[i] - 1.5) / 2, b = (d[i + 1] - 1.5) / 2;
      cov += a * b / (n / 2), cov2 += (a * a - 1) * (b * b - 1) / (n / 2);
    }
    CHECK_NEAR(cov, 0, 0.015, 0);
    CHECK_NEAR(cov2, 0, 0.03, 0);
  }
}

TEST(random_randint) {
  const int64_t n = 60000;
  std::vector<int64_t> v(n);
  kernels().randint(ctx(), i64(v), n, -3, 4, 9, 100);
  int64_t counts[7] = {};
  for (int64_t x : v) {
    CHECK(x >= -3 && x < 4);
    if (x >= -3 && x < 4) counts[x + 3]++;
  }
  for (int64_t c : counts) CHECK_NEAR(static_cast<double>(c), n / 7.0, 450, 0);
  std::vector<float> f(n);
  kernels().randint(ctx(), f32(f), n, -3, 4, 9, 100);
  for (int64_t i = 0; i < n; i++) CHECK(f[i] == static_cast<float>(v[i]));
  // A range beyond 32 bits reaches its ends.
  const int64_t lo = -(int64_t(1) << 62), hi = int64_t(1) << 62;
  kernels().randint(ctx(), i64(v), n, lo, hi, 9, 0);
  const auto [a, b] = std::minmax_element(v.begin(), v.end());
  CHECK(*a >= lo && *a < lo + lo / -1000 && *b<hi&& * b> hi - hi / 1000);
  // The narrow and the wide form agree where both apply.
  std::vector<int64_t> w(8);
  kernels().randint(ctx(), i64(v), 8, 0, 0xffffffff, 9, 0);
  kernels().randint(ctx(), i64(w), 8, 0, 0x100000000, 9, 0);
  for (int i = 0; i < 8; i++) CHECK(w[i] - v[i] == 0 || w[i] - v[i] == 1);
}

TEST(random_probabilities) {
  std::vector<float> p{0, 0.25f, 1}, out(3);
  kernels().probabilities(ctx(), f32(out), f32(p), 3);
  CHECK(out == p);
  for (float wrong : {-0.1f, 1.1f, NAN}) {
    lastFailure = Fail::none;
    p[2] = wrong;
    kernels().probabilities(ctx(), f32(out), f32(p), 3);
    CHECK(lastFailure == Fail::numeric);
  }
}

TEST(random_bernoulliAndDropout) {
  const int64_t n = 100000;
  std::vector<float> p(n, 0.3f), out(n), x(n, 2.0f), back(n);
  std::vector<uint8_t> bits(n);
  kernels().bernoulli(ctx(), buf(bits, DType::boolean), f32(p), n, 1, 0);
  double sum = 0;
  for (uint8_t b : bits) sum += b;
  CHECK_NEAR(sum / n, 0.3, 0.006, 0);
  p[0] = 0, p[1] = 1;
  for (int64_t seed = 0; seed < 50; seed++) {
    kernels().bernoulli(ctx(), f32(out), f32(p), 2, seed, 0);
    CHECK(out[0] == 0 && out[1] == 1);
  }
  for (float wrong : {-0.1f, 1.1f, NAN}) {
    lastFailure = Fail::none;
    p[0] = wrong;
    kernels().bernoulli(ctx(), f32(out), f32(p), 10, 1, 0);
    CHECK(lastFailure == Fail::numeric);
  }
  kernels().dropout(ctx(), f32(out), f32(x), n, 0.25, 3, 7);
  sum = 0;
  for (float v : out) {
    CHECK(v == 0 || v == 2.0f * static_cast<float>(1 / 0.75));
    sum += v != 0;
  }
  CHECK_NEAR(sum / n, 0.75, 0.006, 0);
  // Backward applies the same mask; the same call in place gives the same.
  std::vector<float> g(n, 1.0f);
  kernels().dropout(ctx(), f32(back), f32(g), n, 0.25, 3, 7);
  kernels().dropout(ctx(), f32(x), f32(x), n, 0.25, 3, 7);
  for (int64_t i = 0; i < n; i++) CHECK((back[i] != 0) == (out[i] != 0) && x[i] == out[i]);
  // p = 1 drops even what is not finite, p = 0 keeps all.
  std::vector<float> odd = {1, NAN, INFINITY, -4};
  kernels().dropout(ctx(), f32(out), f32(odd), 4, 1, 3, 7);
  for (int i = 0; i < 4; i++) CHECK(out[i] == 0);
  kernels().dropout(ctx(), f32(out), f32(odd), 4, 0, 3, 7);
  CHECK(out[0] == 1 && std::isnan(out[1]) && out[2] == INFINITY && out[3] == -4);
}

TEST(random_randperm) {
  for (int64_t n : {0, 1, 2, 1000}) {
    std::vector<int64_t> v(n), sorted;
    kernels().randperm(ctx(), i64(v), n, 3, 0);
    sorted = v;
    std::sort(sorted.begin(), sorted.end());
    for (int64_t i = 0; i < n; i++) CHECK(sorted[i] == i);
  }
  int64_t at[4][4] = {};
  std::vector<int64_t> v(4);
  for (int64_t s = 0; s < 20000; s++) {
    kernels().randperm(ctx(), i64(v), 4, s, 0);
    for (int i = 0; i < 4; i++) at[i][v[i]]++;
  }
  for (auto& row : at) {
    for (int64_t c : row) CHECK_NEAR(static_cast<double>(c), 5000, 250, 0);
  }
}

TEST(random_multinomial) {
  const int64_t draws = 40000;
  std::vector<float> p = {1, 0, 3, 6, 0, 0, 2, 0, 0, 0};
  std::vector<int64_t> out(2 * draws);
  kernels().multinomial(ctx(), i64(out), f32(p), 2, 5, draws, true, 4, 0);
  double count[5] = {};
  for (int64_t i = 0; i < draws; i++) count[out[i]]++;
  for (int k = 0; k < 5; k++) CHECK_NEAR(count[k] / draws, p[k] / 10, p[k] == 0 ? 0 : 0.01, 0);
  for (int64_t i = 0; i < draws; i++) CHECK(out[draws + i] == 1);

  // Without replacement: P(first = k) is proportional to p[k], and P(first = 3, second = 2) = 0.6 x 3 / 4.
  double first[5] = {}, both = 0;
  for (int64_t s = 0; s < 20000; s++) {
    kernels().multinomial(ctx(), i64(out), f32(p), 1, 5, 3, false, s, 0);
    CHECK(out[0] != out[1] && out[1] != out[2] && out[0] != out[2]);
    first[out[0]]++;
    both += out[0] == 3 && out[1] == 2;
  }
  for (int k = 0; k < 5; k++) CHECK_NEAR(first[k] / 20000, p[k] / 10, p[k] == 0 ? 0 : 0.015, 0);
  CHECK_NEAR(both / 20000, 0.45, 0.015, 0);

  const auto fails = [&](std::vector<float> w, int64_t n, bool replacement) {
    lastFailure = Fail::none;
    kernels().multinomial(ctx(), i64(out), f32(w), 1, static_cast<int64_t>(w.size()), n, replacement, 1, 0);
    return lastFailure == Fail::numeric && out[0] == 0;
  };
  CHECK(fails({0, 0}, 1, true));
  CHECK(fails({1, -1}, 1, true));
  CHECK(fails({1, NAN}, 1, true));
  CHECK(fails({1, INFINITY}, 1, true));
  CHECK(fails({1, 0, 1}, 3, false));
  CHECK(!fails({1, 0, 1}, 2, false));
}

TEST(random_sameForAnyThreads) {
  const int64_t n = 100001;
  const int before = numThreads();
  std::vector<float> p(n, 0.5f);
  const std::vector<std::function<void(std::vector<float>&)>> calls = {
      [&](auto& v) { kernels().uniform(ctx(), f32(v), n, 0, 1, 1, 2); },
      [&](auto& v) { kernels().normal(ctx(), f32(v), n, 0, 1, 1, 2); },
      [&](auto& v) { kernels().randint(ctx(), f32(v), n, 0, 100, 1, 2); },
      [&](auto& v) { kernels().bernoulli(ctx(), f32(v), f32(p), n, 1, 2); },
      [&](auto& v) { kernels().dropout(ctx(), f32(v), f32(p), n, 0.5, 1, 2); },
      [&](auto& v) {
        std::vector<int64_t> o(n);
        kernels().multinomial(ctx(), i64(o), f32(p), n / 7, 7, 5, false, 1, 2);
        std::copy(o.begin(), o.end(), v.begin());
      },
  };
  for (const auto& call : calls) {
    std::vector<float> one(n), many(n), prefix(n);
    setNumThreads(1);
    call(one);
    setNumThreads(3);
    call(many);
    CHECK(std::memcmp(one.data(), many.data(), n * sizeof(float)) == 0);
  }
  setNumThreads(before);
  // A shorter call is a prefix of a longer one, wherever it ends.
  std::vector<float> whole(1000), part(1000);
  kernels().normal(ctx(), f32(whole), 1000, 0, 1, 1, 2);
  for (int64_t k : {1, 3, 255, 256, 257, 999}) {
    kernels().normal(ctx(), f32(part), k, 0, 1, 1, 2);
    CHECK(std::memcmp(whole.data(), part.data(), k * sizeof(float)) == 0);
  }
}
