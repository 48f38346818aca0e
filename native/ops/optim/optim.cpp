// Optimizer steps: one pass over all parameters of a group. The segments count as one long vector, so that many small
// parameters cost one loop and a large one is spread over the threads.
#include "kernels.h"
#include "ops/reduce/reduce_kernels.h"
#include "optim_steps.h"
#include "runtime/parallel.h"
#include "runtime/scratch.h"

namespace ng::NG_ISA {
namespace {

constexpr int64_t kGrain = 16384;  // elements per task

int64_t totalOf(const IntList& sizes) {
  int64_t total = 0;
  for (int64_t s = 0; s < sizes.n; s++) total += sizes[s];
  return total;
}

// body(segment, from, to, piece): the parts of segments that lie in each task. Pieces are numbered such that those of
// one segment follow each other: walking on, either the task or the segment changes.
template <class F>
void forSegments(const IntList& sizes, F&& body) {
  parallelFor(totalOf(sizes), kGrain, [&](int64_t b, int64_t e) {
    int64_t start = 0;
    for (int64_t s = 0; s < sizes.n && start < e; start += sizes[s], s++) {
      const int64_t from = b > start ? b - start : 0, to = e - start < sizes[s] ? e - start : sizes[s];
      if (from < to) body(s, from, to, b / kGrain + s);
    }
  });
}

// The formula by value: stores through p cannot change its constants.
template <class T, class Step>
void stepRange(const Step step, int64_t n, T* __restrict p, const T* __restrict x, T* __restrict a, T* __restrict b,
               T* __restrict c) {
  for (int64_t i = 0; i < n; i++) step(i, p, x, a, b, c);
}

template <class T>
double sumOfSquares(const T* x, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; i += kRowBlock)
    sum += static_cast<double>(reduceBlock<SumOp<T, true>>(x + i, n - i < kRowBlock ? n - i : kRowBlock));
  return sum;
}

}  // namespace

void optimStep(Ctx&, int64_t op, StateList<Real> param, InList<Real> grad, StateList<Real> state, IntList sizes,
               PerStepList constants, In<Float64> rates, In<Any>) {
  forSegments(sizes, [&](int64_t s, int64_t from, int64_t to, int64_t) {
    withDtype<Real>(param[s].t, [&]<class T>(Tag<T>) {
      const auto at = [&](const BufList& list, int64_t k) {
        return k < list.n ? list[k].as<T>() + from : static_cast<T*>(nullptr);
      };
      withStep<T>(op, [&]<class Step>(Tag<Step>) {
        const auto step = withConstants<Step, T>(constants.data());
        stepRange<T>(atRate(step, rates.as<double>(), s), to - from, at(param, s), at(grad, s), at(state, s),
                     at(state, s + param.n), at(state, s + 2 * param.n));
      });
    });
  });
}

void scaleAll(Ctx& c, InOutList<Real> list, IntList sizes, In<Float64> rates) {
  const double one = 1;
  const BufList none{0, nullptr};
  optimStep(c, static_cast<int64_t>(OptimStep::scale), BufList(list), none, none, sizes, {1, &one}, rates, {});
}

void together(Ctx&, Out<Any>, InList<Any>) {}

void sumSquares(Ctx& c, Out<Float64> out, InList<Real> list, IntList sizes) {
  const Scratch<double> parts(totalOf(sizes) / kGrain + 1 + sizes.n);
  forSegments(sizes, [&](int64_t s, int64_t from, int64_t to, int64_t piece) {
    withDtype<Real>(list[s].t,
                    [&]<class T>(Tag<T>) { parts[piece] = sumOfSquares(list[s].as<T>() + from, to - from); });
  });
  int64_t start = 0;
  for (int64_t s = 0; s < sizes.n; start += sizes[s], s++) {
    double sum = 0;
    if (sizes[s] > 0)
      for (int64_t task = start / kGrain; task <= (start + sizes[s] - 1) / kGrain; task++) sum += parts[task + s];
    out.as<double>()[s] = sum;
  }
}

}  // namespace ng::NG_ISA
