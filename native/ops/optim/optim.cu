// Optimizer steps on the GPU: one launch for up to kSegments parameters.
#include "cuda/kit/device.h"
#include "optim_steps.h"

namespace ng::NG_ISA {
namespace {

constexpr int kSegments = 32;
constexpr int64_t kLaneBlock = 32;  // elements that a thread adds before float64 (Note [Accuracy of sums])
constexpr int64_t kMostParts = 512;

// What one launch works on: parameters, each with its gradient and states.
template <class T>
struct Segments {
  struct {
    T* list[5];
    int64_t n, number;  // its place in the call's lists
  } s[kSegments];
  int count;
};

// The constants of a call, on their way to the device: PerStepList.
template <int N>
struct Constants {
  double own[N];
  const double* from;
};

template <class T, class Step>
__global__ void stepKernel(Segments<T> all, Constants<kConstants<Step, T>> constants, const double* rates,
                           const cuda::Failure* failure) {
  if (failure != nullptr && failure->launch != 0) return;  // no step with what a failed call left behind
  const auto step = withConstants<Step, T>(constants.from != nullptr ? constants.from : constants.own);
  for (int k = 0; k < all.count; k++) {
    const auto& s = all.s[k];
    const Step own = atRate(step, rates, s.number);
    for (int64_t i = threadOfGrid(); i < s.n; i += threadsOfGrid())
      own(i, s.list[0], s.list[1], s.list[2], s.list[3], s.list[4]);
  }
}

// parts[segment, block]: each block's share of each segment's sum of squares.
template <class T>
__global__ void squaresKernel(Segments<T> all, double* parts) {
  for (int k = 0; k < all.count; k++) {
    const auto& s = all.s[k];
    double sum = 0;
    for (int64_t i = threadOfGrid(); i < s.n;) {
      T block = 0;
      for (int64_t j = 0; j < kLaneBlock && i < s.n; j++, i += threadsOfGrid()) block += s.list[0][i] * s.list[0][i];
      sum += static_cast<double>(block);
    }
    sum = blockMerge(sum, [](double a, double b) { return a + b; });
    if (threadIdx.x == 0) parts[static_cast<int64_t>(k) * gridDim.x + blockIdx.x] = sum;
  }
}

template <class T>
__global__ void joinKernel(Segments<T> all, const double* parts, int64_t perSegment, double* out) {
  const int64_t k = threadOfGrid();
  if (k >= all.count) return;
  double sum = 0;
  for (int64_t i = 0; i < perSegment; i++) sum += parts[k * perSegment + i];
  out[all.s[k].number] = sum;
}

// body(segments, longest) for groups of parameters of each dtype. The states are lists behind each other.
template <class F>
void forSegments(const BufList& param, const BufList& grad, const BufList& state, const IntList& sizes, F&& body) {
  const auto ofType = [&](auto zero, DType t) {
    using T = decltype(zero);
    for (int64_t i = 0; i < param.n;) {
      Segments<T> group{};
      int64_t longest = 0;
      for (; i < param.n && group.count < kSegments; i++) {
        if (param[i].t != t) continue;
        const auto at = [&](const BufList& list, int64_t k) {
          return k < list.n ? list[k].as<T>() : static_cast<T*>(nullptr);
        };
        group.s[group.count++] = {
            {at(param, i), at(grad, i), at(state, i), at(state, i + param.n), at(state, i + 2 * param.n)}, sizes[i], i};
        if (sizes[i] > longest) longest = sizes[i];
      }
      if (group.count > 0) body(group, longest);
    }
  };
  ofType(float{}, DType::f32);
  ofType(double{}, DType::f64);
}

}  // namespace

void optimStep(Ctx& c, int64_t op, StateList<Real> param, InList<Real> grad, StateList<Real> state, IntList sizes,
               PerStepList constants, In<Float64> rates, In<Any>) {
  forSegments(param, grad, state, sizes, [&]<class T>(const Segments<T>& group, int64_t longest) {
    withStep<T>(op, [&]<class Step>(Tag<Step>) {
      Constants<kConstants<Step, T>> values{{}, constants.from};
      if (constants.from == nullptr)
        for (int i = 0; i < kConstants<Step, T>; i++) values.own[i] = constants.own[i];
      launch(c, "optimStep", cover(longest), stepKernel<T, Step>, group, values, rates.as<const double>(),
             streamOf(c).failure());
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
  const BufList none{0, nullptr};
  forSegments(list, none, none, sizes, [&]<class T>(const Segments<T>& group, int64_t longest) {
    Launch l = cover(longest, kLaneBlock);
    l.blocks = l.blocks < 1 ? 1 : l.blocks < kMostParts ? l.blocks : kMostParts;
    l.meet = true;
    auto* parts =
        static_cast<double*>(streamOf(c).workspace(static_cast<size_t>(group.count * l.blocks) * sizeof(double)));
    if (parts == nullptr) return;  // the stream has recorded it
    launch(c, "sumSquares", l, squaresKernel<T>, group, parts);
    launch(c, "sumSquares", cover(group.count), joinKernel<T>, group, parts, l.blocks, out.as<double>());
  });
}

}  // namespace ng::NG_ISA
