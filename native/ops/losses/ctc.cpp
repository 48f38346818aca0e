// Connectionist temporal classification, by forward and backward sums in log space (Graves et al. 2006, section 4).
//
// The states of a target l1 .. lS are blank, l1, blank, l2, ..., blank. alpha[t][s] and beta[t][s] are the logarithms
// of the total probability of all paths that are in state s at time t, up to and from that time; both count x[t].
#include <algorithm>

#include "kernels.h"
#include "ops/kit/cast.h"
#include "ops/kit/math.h"
#include "runtime/parallel.h"

namespace ng::NG_ISA {
namespace {

constexpr double kNever = -__builtin_inf();  // the logarithm of probability 0

double logAdd(double a, double b) {
  if (a == kNever) return b;
  if (b == kNever) return a;
  return a > b ? a + m::log1p(m::exp(b - a)) : b + m::log1p(m::exp(a - b));
}

// One example of the batch; rows of x and grad lie `stride` apart.
template <class T>
struct Example {
  const T* x;
  T* grad;  // null: loss only
  const int64_t* target;
  int64_t stride, steps, length, classes, blank;

  int64_t states() const { return 2 * length + 1; }
  int64_t label(int64_t s) const { return s % 2 ? target[s / 2] : blank; }
  double logProb(int64_t t, int64_t s) const { return static_cast<double>(x[t * stride + label(s)]); }
  // A blank may be left out between two labels that differ.
  bool skips(int64_t from, int64_t to) const { return from % 2 && to < states() && target[from / 2] != target[to / 2]; }

  // The negative log-likelihood. `work` has steps + 2 rows of `states`.
  double run(double* work) const {
    const int64_t n = states();
    if (steps == 0) return length == 0 ? 0 : -kNever;
    for (int64_t s = 0; s < n; s++) work[s] = s < 2 ? logProb(0, s) : kNever;
    for (int64_t t = 1; t < steps; t++) {
      const double* before = work + (t - 1) * n;
      for (int64_t s = 0; s < n; s++) {
        double sum = before[s];
        if (s >= 1) sum = logAdd(sum, before[s - 1]);
        if (s >= 2 && skips(s - 2, s)) sum = logAdd(sum, before[s - 2]);
        work[t * n + s] = sum + logProb(t, s);
      }
    }
    const double* last = work + (steps - 1) * n;
    const double loss = -(n > 1 ? logAdd(last[n - 1], last[n - 2]) : last[0]);
    if (grad) backward(work, loss);
    return loss;
  }

  // d loss / d x for x = log softmax(logits), already projected: exp(x) less the probability of being in the class.
  void backward(double* work, double loss) const {
    const int64_t n = states();
    double *beta = work + steps * n, *after = beta + n;
    for (int64_t t = steps - 1; t >= 0; t--) {
      T* g = grad + t * stride;
      for (int64_t c = 0; c < classes; c++) g[c] = static_cast<T>(m::exp(static_cast<double>(x[t * stride + c])));
      for (int64_t s = 0; s < n; s++) {
        double sum = s >= n - 2 ? 0 : kNever;
        if (t + 1 < steps) {
          sum = after[s];
          if (s + 1 < n) sum = logAdd(sum, after[s + 1]);
          if (skips(s, s + 2)) sum = logAdd(sum, after[s + 2]);
        }
        beta[s] = sum + logProb(t, s);
        g[label(s)] -= static_cast<T>(m::exp(work[t * n + s] + sum + loss));
      }
      double* const swap = beta;
      beta = after, after = swap;
    }
  }
};

}  // namespace

void ctc(Ctx& ctx, Out<Real> loss, Out<Real> grad, In<Real> x, In<Int64> targets, Out<Float64> work, IntList steps,
         IntList lengths, int64_t batch, int64_t classes, int64_t longest, int64_t most, int64_t blank,
         bool zeroInfinity) {
  const auto run = [&](auto tag) {
    using T = decltype(tag);
    const int64_t stride = batch * classes;
    parallelFor(batch, 1, [&](int64_t b, int64_t e) {
      for (int64_t i = b; i < e; i++) {
        T* const g = grad.p ? grad.as<T>() + i * classes : nullptr;
        const auto clear = [&] {
          for (int64_t t = 0; g && t < longest; t++)
            for (int64_t c = 0; c < classes; c++) g[t * stride + c] = 0;
        };
        clear();
        const Example<T> ex{
            x.as<T>() + i * classes, g, targets.as<int64_t>() + i * most, stride, steps[i], lengths[i], classes, blank};
        const int64_t* const stop = ex.target + ex.length;
        const int64_t* const bad = std::find_if(ex.target, stop, [&](int64_t t) { return t < 0 || t >= classes; });
        if (bad != stop) {
          ctx.fail(Why::badTarget, *bad, i);
          continue;
        }
        const double value = ex.run(work.as<double>() + i * (longest + 2) * (2 * most + 1));
        const bool dropped = zeroInfinity && value == -kNever;
        if (dropped) clear();
        loss.as<T>()[i] = dropped ? T(0) : static_cast<T>(value);
      }
    });
  };
  if (x.t == DType::f64) {
    run(double{});
  } else {
    run(float{});
  }
}

}  // namespace ng::NG_ISA
