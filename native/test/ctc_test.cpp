// CTC against the sum over all paths, written out.
#include <cmath>
#include <vector>

#include "check.h"

using namespace ng;
using namespace ng::test;

namespace {

// The labels a path stands for: repetitions merged, blanks dropped.
std::vector<int64_t> collapse(const std::vector<int64_t>& path, int64_t blank) {
  std::vector<int64_t> out;
  for (size_t t = 0; t < path.size(); t++) {
    if (path[t] != blank && (t == 0 || path[t] != path[t - 1])) out.push_back(path[t]);
  }
  return out;
}

// -log of the total probability of all paths over `steps` steps that stand for the target; x is [steps][classes].
double lossOf(const std::vector<double>& x, int64_t steps, int64_t classes, const std::vector<int64_t>& target,
              int64_t blank) {
  int64_t count = 1;
  for (int64_t t = 0; t < steps; t++) count *= classes;
  double total = 0;
  for (int64_t n = 0; n < count; n++) {
    std::vector<int64_t> path(steps);
    double p = 1;
    for (int64_t t = 0, k = n; t < steps; t++, k /= classes) {
      path[t] = k % classes;
      p *= std::exp(x[t * classes + path[t]]);
    }
    if (collapse(path, blank) == target) total += p;
  }
  return -std::log(total);
}

// Log-softmax of rows.
std::vector<double> normalized(std::vector<double> z, int64_t classes) {
  for (size_t r = 0; r < z.size(); r += classes) {
    double total = 0;
    for (int64_t c = 0; c < classes; c++) total += std::exp(z[r + c]);
    for (int64_t c = 0; c < classes; c++) z[r + c] -= std::log(total);
  }
  return z;
}

}  // namespace

TEST(ctc_sums_over_all_paths) {
  const int64_t steps = 5, classes = 3, most = 2, blank = 2;
  const std::vector<std::vector<int64_t>> targets = {{0, 1}, {1, 1}, {0}, {}};
  const int64_t batch = static_cast<int64_t>(targets.size());
  std::vector<double> z(steps * batch * classes);
  for (size_t i = 0; i < z.size(); i++) z[i] = std::sin(static_cast<double>(3 * i + 1));
  const std::vector<double> x = normalized(z, classes);
  std::vector<int64_t> labels(batch * most, 0), lengths(batch), inputs(batch, steps);
  for (int64_t i = 0; i < batch; i++) {
    lengths[i] = static_cast<int64_t>(targets[i].size());
    for (int64_t k = 0; k < lengths[i]; k++) labels[i * most + k] = targets[i][k];
  }
  std::vector<double> loss(batch), grad(x.size()), work(batch * (steps + 2) * (2 * most + 1));
  std::vector<double> in = x;
  kernels().ctc(ctx(), buf(loss, DType::f64), buf(grad, DType::f64), buf(in, DType::f64), buf(labels, DType::i64),
                buf(work, DType::f64), {batch, inputs.data()}, {batch, lengths.data()}, batch, classes, steps, most,
                blank, false);
  const auto example = [&](const std::vector<double>& from, int64_t i) {
    std::vector<double> rows;
    for (int64_t t = 0; t < steps; t++)
      for (int64_t c = 0; c < classes; c++) rows.push_back(from[(t * batch + i) * classes + c]);
    return rows;
  };
  for (int64_t i = 0; i < batch; i++) {
    CHECK_NEAR(loss[i], lossOf(example(x, i), steps, classes, targets[i], blank), 1e-12, 1e-12);
    // The gradient is that with respect to the logits: by central differences.
    std::vector<double> logits = example(z, i);
    for (int64_t at = 0; at < steps * classes; at++) {
      const double h = 1e-5, old = logits[at];
      logits[at] = old + h;
      const double up = lossOf(normalized(logits, classes), steps, classes, targets[i], blank);
      logits[at] = old - h;
      const double down = lossOf(normalized(logits, classes), steps, classes, targets[i], blank);
      logits[at] = old;
      CHECK_NEAR(grad[(at / classes * batch + i) * classes + at % classes], (up - down) / (2 * h), 1e-7, 1e-7);
    }
  }
}

TEST(ctc_without_an_alignment_is_infinite_or_zero) {
  const int64_t steps = 2, classes = 3;
  std::vector<float> x(steps * classes, -1.0986123f), loss(1), grad(x.size(), 7);
  std::vector<int64_t> labels = {1, 1}, lengths = {2}, inputs = {steps};  // 1 1 needs a blank between: 3 steps
  std::vector<double> work((steps + 2) * 5);
  const auto run = [&](bool zeroInfinity) {
    kernels().ctc(ctx(), {loss.data(), DType::f32}, {grad.data(), DType::f32}, {x.data(), DType::f32},
                  {labels.data(), DType::i64}, {work.data(), DType::f64}, {1, inputs.data()}, {1, lengths.data()}, 1,
                  classes, steps, 2, 0, zeroInfinity);
  };
  run(false);
  CHECK(std::isinf(loss[0]) && loss[0] > 0);
  run(true);
  CHECK(loss[0] == 0);
  for (float g : grad) CHECK(g == 0);
}
