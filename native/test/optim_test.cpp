#include <algorithm>
#include <cstring>

#include "check.h"
#include "ops/kit/opcodes.h"

using namespace ng;
using namespace ng::test;

namespace {

// A parameter group: several segments of odd sizes, an empty one and one longer than two tasks.
const std::vector<int64_t> kSizes = {1, 0, 7, 40001, 130};
const IntList kSizeList{static_cast<int64_t>(kSizes.size()), kSizes.data()};
const BufList kNone{0, nullptr};
const Buf kNull{nullptr, DType::f64};

// `lists` tensors per parameter, behind each other as in a call.
template <class T>
struct Group {
  std::vector<std::vector<T>> data;
  std::vector<Buf> bufs;
  Group(int64_t salt, double scale, bool positive = false, size_t lists = 1) {
    for (size_t s = 0; s < lists * kSizes.size(); s++) {
      std::vector<T> v = filled<T>(kSizes[s % kSizes.size()] + 1, salt + static_cast<int64_t>(s), scale);
      if (positive) {
        for (T& x : v) x = std::fabs(x);
      }
      data.push_back(v);
    }
    for (auto& v : data) bufs.push_back(any(v));
  }
  BufList list() const { return {static_cast<int64_t>(bufs.size()), bufs.data()}; }
};

struct Step {
  OptimStep op;
  int states;
  std::vector<double> (*constants)(double t);
  // The same from the hyperparameters, as in the papers: the parameter, its gradient, its states, the step from 1.
  void (*formula)(double& p, double g, double* s, double t);
};

// Hyperparameters: lr 0.02, beta 0.9 and 0.99, eps 1e-6, weight decay 0.1.
const double lr = 0.02, b1 = 0.9, b2 = 0.99, eps = 1e-6, wd = 0.1;
double lerp(double a, double b, double w) { return (1 - w) * a + w * b; }
double signOf(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }
double biasRoot(double t) { return 1 / std::sqrt(1 - std::pow(b2, t)); }

const Step kSteps[] = {
    {OptimStep::sgd, 0,
     [](double) {
       return std::vector<double>{-1, wd, lr};
     },
     [](double& p, double g, double*, double) { p -= lr * (-g + wd * p); }},
    {OptimStep::momentum, 1,
     [](double t) { return std::vector<double>{1, wd, t == 1 ? 0 : b1, t == 1 ? 1 : 0.8, 0, 1, lr}; },
     [](double& p, double g, double* s, double t) {
       g += wd * p;
       s[0] = t == 1 ? g : b1 * s[0] + 0.8 * g;
       p -= lr * s[0];
     }},
    {OptimStep::momentum, 1, [](double) { return std::vector<double>{1, 0, b1, 1, 1, b1, lr}; },
     [](double& p, double g, double* s, double) {
       s[0] = b1 * s[0] + g;
       p -= lr * (g + b1 * s[0]);
     }},
    // Adam with an L2 penalty, AdamW with the largest squares, NAdam.
    {OptimStep::adam, 2,
     [](double t) {
       return std::vector<double>{-1, wd, 1, 1 - b1, b2, 1 - b2, 0, 1, eps, biasRoot(t), lr / (1 - std::pow(b1, t))};
     },
     [](double& p, double g, double* s, double t) {
       g = -g + wd * p;
       s[0] = lerp(g, s[0], b1), s[1] = lerp(g * g, s[1], b2);
       const double m = s[0] / (1 - std::pow(b1, t)), v = s[1] / (1 - std::pow(b2, t));
       p -= lr * m / (std::sqrt(v) + eps);
     }},
    {OptimStep::amsgrad, 3,
     [](double t) {
       return std::vector<double>{
           1, 0, 1 - lr * wd, 1 - b1, b2, 1 - b2, 0, 1, eps, biasRoot(t), lr / (1 - std::pow(b1, t))};
     },
     [](double& p, double g, double* s, double t) {
       p *= 1 - lr * wd;
       s[0] = lerp(g, s[0], b1), s[1] = lerp(g * g, s[1], b2), s[2] = std::max(s[1], s[2]);
       p -= lr / (1 - std::pow(b1, t)) * s[0] / (std::sqrt(s[2] / (1 - std::pow(b2, t))) + eps);
     }},
    {OptimStep::adam, 2,
     [](double t) { return std::vector<double>{1, 0, 1, 1 - b1, b2, 1 - b2, 0.25, 1.5, eps, biasRoot(t), lr}; },
     [](double& p, double g, double* s, double t) {
       s[0] = lerp(g, s[0], b1), s[1] = lerp(g * g, s[1], b2);
       p -= lr * (0.25 * g + 1.5 * s[0]) / (std::sqrt(s[1] / (1 - std::pow(b2, t))) + eps);
     }},
    {OptimStep::adamax, 2,
     [](double t) { return std::vector<double>{-1, wd, 1 - b1, b2, eps, lr / (1 - std::pow(b1, t))}; },
     [](double& p, double g, double* s, double t) {
       g = -g + wd * p;
       s[0] = lerp(g, s[0], b1), s[1] = std::max(b2 * s[1], std::fabs(g) + eps);
       p -= lr / (1 - std::pow(b1, t)) * s[0] / s[1];
     }},
    {OptimStep::lamb, 3,
     [](double t) {
       return std::vector<double>{-1, 1 - b1, b2, 1 - b2, 1 / (1 - std::pow(b1, t)), biasRoot(t), eps, wd};
     },
     [](double& p, double g, double* s, double t) {
       s[0] = lerp(-g, s[0], b1), s[1] = lerp(g * g, s[1], b2);
       const double m = s[0] / (1 - std::pow(b1, t)), v = s[1] / (1 - std::pow(b2, t));
       s[2] = m / (std::sqrt(v) + eps) + wd * p;
     }},
    {OptimStep::rmsprop, 1, [](double) { return std::vector<double>{-1, wd, b2, 1 - b2, eps, 0, lr}; },
     [](double& p, double g, double* s, double) {
       g = -g + wd * p;
       s[0] = lerp(g * g, s[0], b2);
       p -= lr * g / (std::sqrt(s[0]) + eps);
     }},
    {OptimStep::rmspropMomentum, 2, [](double) { return std::vector<double>{1, wd, b2, 1 - b2, eps, b1, lr}; },
     [](double& p, double g, double* s, double) {
       g += wd * p;
       s[0] = lerp(g * g, s[0], b2), s[1] = b1 * s[1] + g / (std::sqrt(s[0]) + eps);
       p -= lr * s[1];
     }},
    // eps 0.1: the variance may come near 0, where the steps of float32 and float64 would differ at will.
    {OptimStep::rmspropCentered, 2, [](double) { return std::vector<double>{1, wd, 0.5, 0.5, 0.1, 0, lr}; },
     [](double& p, double g, double* s, double) {
       g += wd * p;
       s[0] = lerp(g * g, s[0], 0.5), s[1] = lerp(g, s[1], 0.5);
       p -= lr * g / (std::sqrt(s[0] - s[1] * s[1]) + 0.1);
     }},
    {OptimStep::rmspropMomentumCentered, 3, [](double) { return std::vector<double>{1, wd, 0.5, 0.5, 0.1, b1, lr}; },
     [](double& p, double g, double* s, double) {
       g += wd * p;
       s[0] = lerp(g * g, s[0], 0.5), s[2] = lerp(g, s[2], 0.5);
       s[1] = b1 * s[1] + g / (std::sqrt(s[0] - s[2] * s[2]) + 0.1);
       p -= lr * s[1];
     }},
    {OptimStep::adagrad, 1,
     [](double) {
       return std::vector<double>{-1, wd, eps, lr};
     },
     [](double& p, double g, double* s, double) {
       g = -g + wd * p;
       s[0] += g * g;
       p -= lr * g / (std::sqrt(s[0]) + eps);
     }},
    {OptimStep::adadelta, 2, [](double) { return std::vector<double>{-1, wd, b1, 1 - b1, eps, 0.5}; },
     [](double& p, double g, double* s, double) {
       g = -g + wd * p;
       s[0] = lerp(g * g, s[0], b1);
       const double d = std::sqrt((s[1] + eps) / (s[0] + eps)) * g;
       s[1] = lerp(d * d, s[1], b1);
       p -= 0.5 * d;
     }},
    {OptimStep::lion, 1, [](double) { return std::vector<double>{-1, 1 - lr * wd, b1, 1 - b1, 1 - b2, lr}; },
     [](double& p, double g, double* s, double) {
       p -= lr * (signOf(b1 * s[0] - (1 - b1) * g) + wd * p);
       s[0] = lerp(-g, s[0], b2);
     }},
    {OptimStep::rprop, 2,
     [](double) {
       return std::vector<double>{-1, 0.5, 1.2, 0.01, 0.05};
     },
     [](double& p, double g, double* s, double) {
       g = -g;
       if (g * s[0] > 0) s[1] *= 1.2;
       if (g * s[0] < 0) s[1] *= 0.5, g = 0;
       s[1] = std::min(std::max(s[1], 0.01), 0.05);
       p -= signOf(g) * s[1];
       s[0] = g;
     }},
    {OptimStep::asgd, 1,
     [](double t) {
       return std::vector<double>{-1, wd, 1 - wd * lr, 1 / t, lr};
     },
     [](double& p, double g, double* s, double t) {
       g = -g + wd * p;
       p -= lr * (wd * p + g);
       s[0] = lerp(s[0], p, 1 / t);
     }},
    {OptimStep::lerp, 0, [](double) { return std::vector<double>{lr}; },
     [](double& p, double g, double*, double) { p = lerp(p, g, lr); }},
    {OptimStep::scale, 0, [](double) { return std::vector<double>{0.7}; },
     [](double& p, double, double*, double) { p *= 0.7; }},
    {OptimStep::assign, 0, [](double) { return std::vector<double>{0}; },
     [](double& p, double g, double*, double) { p = g; }},
};

template <class T>
void checkStep(const Step& step, double rtol) {
  const auto states = static_cast<size_t>(step.states), n = kSizes.size();
  Group<T> p(1, 1), state(20, 0, false, states);
  auto want = p.data, wantState = state.data;
  for (int t = 1; t <= 4; t++) {
    Group<T> g(3 + 100 * t, t == 1 ? 2 : 0.3);
    const std::vector<double> c = step.constants(t);
    // The call's own constants, and those that a replay of a recorded step is given.
    const auto count = static_cast<int64_t>(c.size());
    const PerStepList constants = t % 2 ? PerStepList{count, c.data()} : PerStepList{count, nullptr, c.data()};
    kernels().optimStep(ctx(), static_cast<int64_t>(step.op), p.list(), g.list(), state.list(), kSizeList, constants,
                        kNull, kNull);
    const int before = failures;
    for (size_t s = 0; s < n; s++) {
      for (int64_t i = 0; i < kSizes[s]; i++) {
        double x = want[s][i], of[3];
        for (size_t k = 0; k < states; k++) of[k] = wantState[k * n + s][i];
        step.formula(x, g.data[s][i], of, t);
        CHECK_NEAR(p.data[s][i], x, rtol, rtol);
        for (size_t k = 0; k < states; k++) CHECK_NEAR(state.data[k * n + s][i], of[k], rtol, rtol);
      }
      CHECK(p.data[s][kSizes[s]] == want[s][kSizes[s]]);  // one past the end
    }
    for (size_t k = 0; k < states * n; k++) CHECK(state.data[k][kSizes[k % n]] == wantState[k][kSizes[k % n]]);
    if (failures != before) std::printf("  in step %d of optimizer %d\n", t, static_cast<int>(step.op));
    want = p.data, wantState = state.data;
  }
}

}  // namespace

TEST(optim_formulas) {
  std::vector<bool> seen(static_cast<size_t>(OptimStep::count));
  for (const Step& step : kSteps) {
    checkStep<float>(step, 4e-6);
    checkStep<double>(step, 1e-14);
    seen[static_cast<size_t>(step.op)] = true;
  }
  for (bool s : seen) CHECK(s);
}

TEST(optim_rates_of_parameters) {
  Group<float> p(1, 1), g(2, 1);
  const auto before = p.data;
  std::vector<double> rates{0, 1, 2, 0.5, -1};
  const std::vector<double> c{1, 0, 0.25};
  kernels().optimStep(ctx(), static_cast<int64_t>(OptimStep::sgd), p.list(), g.list(), kNone, kSizeList, {3, c.data()},
                      f64(rates), kNull);
  for (size_t s = 0; s < kSizes.size(); s++) {
    for (int64_t i = 0; i < kSizes[s]; i++)
      CHECK_NEAR(p.data[s][i], before[s][i] - 0.25 * rates[s] * g.data[s][i], 1e-6, 0);
  }
}

TEST(optim_sum_squares) {
  for (double scale : {1.0, 1e15}) {
    Group<float> a(1, scale);
    Group<double> b(1, scale);
    std::vector<double> got(kSizes.size() + 1, -1), precise(got);
    kernels().sumSquares(ctx(), f64(got), a.list(), kSizeList);
    kernels().sumSquares(ctx(), f64(precise), b.list(), kSizeList);
    for (size_t s = 0; s < kSizes.size(); s++) {
      double sum = 0;
      for (int64_t i = 0; i < kSizes[s]; i++) sum += b.data[s][i] * b.data[s][i];
      CHECK_NEAR(got[s], sum, 0, 1e-6);
      CHECK_NEAR(precise[s], sum, 0, 1e-13);
    }
    CHECK(got.back() == -1);
  }
}

TEST(optim_same_bits_for_any_thread_count) {
  const int before = numThreads();
  for (const Step& step : kSteps) {
    std::vector<std::vector<float>> first;
    std::vector<double> firstSums;
    for (int threads : {1, 2, 4}) {
      setNumThreads(threads);
      Group<float> p(1, 1), g(2, 1), state(3, 1, true, static_cast<size_t>(step.states));
      const std::vector<double> c = step.constants(2);
      kernels().optimStep(ctx(), static_cast<int64_t>(step.op), p.list(), g.list(), state.list(), kSizeList,
                          {static_cast<int64_t>(c.size()), c.data()}, kNull, kNull);
      std::vector<double> sums(kSizes.size());
      kernels().sumSquares(ctx(), f64(sums), p.list(), kSizeList);
      auto all = p.data;
      all.insert(all.end(), state.data.begin(), state.data.end());
      if (threads == 1) first = all, firstSums = sums;
      for (size_t s = 0; s < all.size(); s++)
        CHECK(std::memcmp(first[s].data(), all[s].data(), all[s].size() * sizeof(float)) == 0);
      CHECK(std::memcmp(firstSums.data(), sums.data(), sums.size() * sizeof(double)) == 0);  // some are NaN
    }
  }
  setNumThreads(before);
}
