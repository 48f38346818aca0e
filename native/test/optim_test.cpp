#include <algorithm>
#include <cstring>

#include "check.h"

using namespace ng;
using namespace ng::test;

namespace {

// A parameter group: several segments of odd sizes, an empty one and one longer than a task.
const std::vector<int64_t> kSizes = {1, 0, 7, 40001, 130};

template <class T>
struct Group {
  std::vector<std::vector<T>> data;
  std::vector<Buf> bufs;
  Group(int64_t salt, double scale, bool positive = false) {
    for (size_t s = 0; s < kSizes.size(); s++) {
      std::vector<T> v(kSizes[s] + 1);
      for (size_t i = 0; i < v.size(); i++) {
        const double x = noise(static_cast<int64_t>(i + s * 1000) + salt) * scale;
        v[i] = static_cast<T>(positive ? std::fabs(x) : x);
      }
      data.push_back(v);
    }
    for (auto& v : data) bufs.push_back({v.data(), sizeof(T) == 4 ? DType::f32 : DType::f64});
  }
  BufList list() const { return {static_cast<int64_t>(bufs.size()), bufs.data()}; }
};
const BufList kNone{0, nullptr};
const IntList kSizeList{static_cast<int64_t>(kSizes.size()), kSizes.data()};

template <class T>
void checkSgd(double mu, double dampening, double wd, bool nesterov, bool maximize, double rtol) {
  Group<T> p(1, 1), buffer(2, 0);
  for (auto& v : buffer.data) {
    for (T& x : v) x = NAN;  // the first step must not read it
  }
  auto want = p.data;
  auto wantBuffer = buffer.data;
  for (int step = 0; step < 3; step++) {
    Group<T> g(3 + step, 1);
    const double lr = 0.1 / (step + 1);
    kernels().sgd(ctx(), p.list(), g.list(), mu != 0 ? buffer.list() : kNone, kSizeList, lr, mu, dampening, wd,
                  nesterov, maximize, step == 0);
    for (size_t s = 0; s < kSizes.size(); s++) {
      for (int64_t i = 0; i < kSizes[s]; i++) {
        double d = maximize ? -g.data[s][i] : g.data[s][i];
        if (wd != 0) d += wd * want[s][i];
        if (mu != 0) {
          const double b = step == 0 ? d : mu * wantBuffer[s][i] + (1 - dampening) * d;
          wantBuffer[s][i] = static_cast<T>(b);
          d = nesterov ? d + mu * b : b;
        }
        want[s][i] = static_cast<T>(want[s][i] - lr * d);
        CHECK_NEAR(p.data[s][i], want[s][i], rtol, rtol);
      }
      CHECK(p.data[s][kSizes[s]] == want[s][kSizes[s]]);  // one past the end
    }
  }
}

template <class T>
void checkAdam(double wd, bool decoupled, bool maximize, bool amsgrad, double rtol) {
  Group<T> p(1, 1), m(2, 0), v(2, 0), vMax(2, 0);
  auto want = p.data, wm = m.data, wv = v.data, wx = vMax.data;
  for (int step = 1; step <= 4; step++) {
    Group<T> g(3 + step, step == 1 ? 2 : 0.3);
    const double lr = 0.02, b1 = 0.9, b2 = 0.99, eps = 1e-8;
    kernels().adam(ctx(), p.list(), g.list(), m.list(), v.list(), amsgrad ? vMax.list() : kNone, kSizeList, lr, b1, b2,
                   eps, wd, decoupled, maximize, step);
    const double c1 = 1 - std::pow(b1, step), c2 = 1 - std::pow(b2, step);
    for (size_t s = 0; s < kSizes.size(); s++) {
      for (int64_t i = 0; i < kSizes[s]; i++) {
        double d = maximize ? -g.data[s][i] : g.data[s][i], x = want[s][i];
        if (wd != 0 && decoupled) x *= 1 - lr * wd;
        if (wd != 0 && !decoupled) d += wd * x;
        const double mi = b1 * wm[s][i] + (1 - b1) * d, vi = b2 * wv[s][i] + (1 - b2) * d * d;
        wm[s][i] = static_cast<T>(mi), wv[s][i] = static_cast<T>(vi);
        double top = vi;
        if (amsgrad) wx[s][i] = static_cast<T>(top = std::max<double>(wx[s][i], vi));
        x -= lr / c1 * mi / (std::sqrt(top) / std::sqrt(c2) + eps);
        want[s][i] = static_cast<T>(x);
        CHECK_NEAR(p.data[s][i], want[s][i], rtol, rtol);
      }
      CHECK(p.data[s][kSizes[s]] == want[s][kSizes[s]]);
    }
  }
}

}  // namespace

TEST(optim_sgd) {
  for (bool maximize : {false, true}) {
    for (double wd : {0.0, 0.1}) {
      checkSgd<float>(0, 0, wd, false, maximize, 1e-6);
      checkSgd<float>(0.9, 0, wd, false, maximize, 1e-6);
      checkSgd<double>(0.9, 0.25, wd, false, maximize, 1e-14);
      checkSgd<double>(0.9, 0, wd, true, maximize, 1e-14);
    }
  }
}

TEST(optim_adam) {
  for (bool maximize : {false, true}) {
    for (bool amsgrad : {false, true}) {
      checkAdam<float>(0, false, maximize, amsgrad, 5e-6);
      checkAdam<double>(0.1, false, maximize, amsgrad, 1e-12);
      checkAdam<double>(0.1, true, maximize, amsgrad, 1e-12);
    }
  }
}

TEST(optim_adam_long_run_bias_correction) {
  // After many steps with a constant gradient, each step is lr in size: beta2^step must not be rounded to float first.
  std::vector<double> p{0}, g{1e-3}, m{0}, v{0};
  const int64_t one = 1;
  const Buf bp = f64(p), bg = f64(g), bm = f64(m), bv = f64(v);
  for (int step = 1; step <= 2000; step++) {
    kernels().adam(ctx(), {1, &bp}, {1, &bg}, {1, &bm}, {1, &bv}, kNone, {1, &one}, 1e-3, 0.9, 0.999, 1e-12, 0, false,
                   false, step);
  }
  CHECK_NEAR(p[0], -2, 1e-6, 0);
}

TEST(optim_same_bits_for_any_thread_count) {
  const int before = numThreads();
  std::vector<std::vector<float>> first;
  for (int threads : {1, 2, 4}) {
    setNumThreads(threads);
    Group<float> p(1, 1), g(2, 1), m(3, 1), v(4, 1, true);
    kernels().adam(ctx(), p.list(), g.list(), m.list(), v.list(), kNone, kSizeList, 1e-3, 0.9, 0.999, 1e-8, 0.01, true,
                   false, 7);
    if (threads == 1) first = p.data;
    for (size_t s = 0; s < kSizes.size(); s++)
      CHECK(std::memcmp(first[s].data(), p.data[s].data(), kSizes[s] * 4) == 0);
  }
  setNumThreads(before);
}
