// Reductions on the GPU. A block of threads is a grid of outputs times lanes; a lane merges its share of an output's
// elements, lanes meet in a fixed order in shared memory, and where there are few outputs, several blocks share one and
// a second kernel merges their parts. All cuts depend on the shape only, so the result does not depend on the GPU.
// Sums follow Note [Accuracy of sums] in reduce_ops.h: float32 within a block of 32 elements, float64 beyond.
#include "cuda/kit/device.h"
#include "reduce_ops.h"

namespace ng::NG_ISA {
namespace {

constexpr int64_t kTargetBlocks = 512;  // enough for every GPU
constexpr int64_t kLaneBlock = 32;      // elements that a lane adds before float64

// How the threads of a block are laid out, and where the elements are.
struct Plan {
  Strided<1> keep;  // of a; outputs count in the order of `out`, which is contiguous
  Strided<1> red;
  int lanes;     // per output
  bool columns;  // neighbouring threads: neighbouring outputs, or neighbouring lanes of one
  int64_t parts, perPart;

  __device__ int outputsOfBlock() const { return kThreads / lanes; }
  __device__ int lane() const { return columns ? threadIdx.x / outputsOfBlock() : threadIdx.x % lanes; }
  __device__ int output() const { return columns ? threadIdx.x % outputsOfBlock() : threadIdx.x / lanes; }
  __device__ int64_t offset(const Strided<1>& s, int64_t at) const {
    int64_t off[1];
    s.offsets(at, off);
    return off[0];
  }
};

template <class T, class Op>
struct Values {
  using In = T;
  using Total = typename Op::Total;
  static __device__ Total identity() { return Op::kId; }
  static __device__ Total merge(const Total& a, const Total& b) { return Op::merge(a, b); }

  static __device__ typename Op::Lane enter(T x) {
    return static_cast<typename Op::Lane>(Op::map(static_cast<typename Op::Arg>(load(x))));
  }
  static __device__ Total share(const Plan& p, const T* x, int64_t from, int64_t to) {
    Total total = Op::kId;
    // Whole blocks along one dimension: loads that do not wait for each other.
    const int64_t step = p.lanes * p.red.s[0][0];
    for (; p.red.n == 1 && from + (kLaneBlock - 1) * p.lanes < to; from += kLaneBlock * p.lanes) {
      const T* at = x + from * p.red.s[0][0];
      typename Op::Lane block = Op::kId;
      for (int k = 0; k < kLaneBlock; k++) block = Op::merge(block, enter(at[k * step]));
      total = Op::merge(total, static_cast<Total>(block));
    }
    while (from < to) {
      typename Op::Lane block = Op::kId;
      for (int k = 0; k < kLaneBlock && from < to; k++, from += p.lanes)
        block = Op::merge(block, enter(x[p.offset(p.red, from)]));
      total = Op::merge(total, static_cast<Total>(block));
    }
    return total;
  }

  template <class O>
  static __device__ O result(const Total& t, double scale) {
    if constexpr (Op::kScaled && (kFloating<O> || kHalf<O>)) {
      return castTo<O>(static_cast<double>(t) * scale);
    } else {
      return castTo<O>(t);
    }
  }
};

template <class T>
struct Found {
  InOf<T> v;
  int64_t i;  // -1: none yet
};

// Of equal extremes the one at the smallest position wins, whatever the order of merging.
template <class T, bool Max>
struct Positions {
  using In = T;
  using Total = Found<T>;
  static __device__ Total identity() { return {InOf<T>(0), -1}; }
  static __device__ Total merge(const Total& a, const Total& b) {
    if (a.i < 0) return b;
    if (b.i < 0 || better<Max>(a.v, b.v)) return a;
    if (better<Max>(b.v, a.v)) return b;
    return a.i < b.i ? a : b;
  }
  static __device__ Total share(const Plan& p, const T* x, int64_t from, int64_t to) {
    Total best = identity();
    for (; from < to; from += p.lanes) {
      const InOf<T> v = load(x[p.offset(p.red, from)]);
      if (best.i < 0 || better<Max>(v, best.v)) best = {v, from};
    }
    return best;
  }
  template <class O>
  static __device__ O result(const Total& t, double) {
    return castTo<O>(t.i);
  }
};

template <class R>
__device__ void store(const Buf& out, int64_t at, const typename R::Total& t, double scale) {
  withDtype<Any>(out.t, [&]<class O>(Tag<O>) { static_cast<O*>(out.p)[at] = R::template result<O>(t, scale); });
}

// One part of every output of the block; to `partials` [outputs, parts], or to the result if there is one part only.
template <class R>
__global__ void reduceKernel(Buf out, typename R::Total* partials, const typename R::In* a, Plan p, double scale) {
  using Total = typename R::Total;
  __shared__ Total totals[kThreads];
  const int lane = p.lane(), own = p.columns ? threadIdx.x : p.output() * p.lanes + lane;
  const int step = p.columns ? p.outputsOfBlock() : 1;  // from lane to lane in `totals`
  const int64_t groups = (p.keep.numel + p.outputsOfBlock() - 1) / p.outputsOfBlock();
  for (int64_t b = blockIdx.x; b < groups * p.parts; b += gridDim.x) {
    const int64_t output = b / p.parts * p.outputsOfBlock() + p.output(), part = b % p.parts;
    const int64_t from = part * p.perPart, to = from + p.perPart < p.red.numel ? from + p.perPart : p.red.numel;
    Total t = R::identity();
    if (output < p.keep.numel) t = R::share(p, a + p.offset(p.keep, output), from + lane, to);
    totals[own] = t;
    for (int half = p.lanes / 2; half > 0; half /= 2) {
      __syncthreads();
      if (lane < half) totals[own] = R::merge(totals[own], totals[own + half * step]);
    }
    if (lane == 0 && output < p.keep.numel) {
      if (p.parts == 1) {
        store<R>(out, output, totals[own], scale);
      } else {
        partials[output * p.parts + part] = totals[own];
      }
    }
    __syncthreads();
  }
}

template <class R>
__global__ void joinKernel(Buf out, const typename R::Total* partials, int64_t outputs, int64_t parts, double scale) {
  for (int64_t o = threadOfGrid(); o < outputs; o += threadsOfGrid()) {
    typename R::Total t = partials[o * parts];
    for (int64_t k = 1; k < parts; k++) t = R::merge(t, partials[o * parts + k]);
    store<R>(out, o, t, scale);
  }
}

template <class R>
void run(Ctx& c, const Buf& out, const Buf& a, const Plan& p, double scale) {
  using Total = typename R::Total;
  Total* partials = nullptr;
  if (p.parts > 1) {
    const auto bytes = static_cast<size_t>(p.keep.numel * p.parts) * sizeof(Total);
    partials = static_cast<Total*>(streamOf(c).workspace(bytes));
    if (partials == nullptr) return;  // the stream has recorded it
  }
  const int64_t perBlock = kThreads / p.lanes;
  int64_t blocks = (p.keep.numel + perBlock - 1) / perBlock * p.parts;
  if (blocks > kMaxBlocks) blocks = kMaxBlocks;
  launch(c, "reduce", {blocks, kThreads, true}, reduceKernel<R>, out, partials, a.as<const typename R::In>(), p, scale);
  if (p.parts == 1) return;
  launch(c, "reduce", cover(p.keep.numel), joinKernel<R>, out, partials, p.keep.numel, p.parts, scale);
}

template <class T>
void dispatch(Ctx& c, ReduceOp op, const Buf& out, const Buf& a, const Plan& p, double scale) {
  switch (op) {
    case ReduceOp::sum:
      return run<Values<T, SumOp<T, false>>>(c, out, a, p, scale);
    case ReduceOp::prod:
      return run<Values<T, ProdOp<T>>>(c, out, a, p, scale);
    case ReduceOp::max:
      return run<Values<T, ExtremeOp<T, true>>>(c, out, a, p, scale);
    case ReduceOp::min:
      return run<Values<T, ExtremeOp<T, false>>>(c, out, a, p, scale);
    case ReduceOp::sumsq:
      return run<Values<T, SumOp<T, true>>>(c, out, a, p, scale);
    case ReduceOp::any:
      return run<Values<T, LogicOp<T, false>>>(c, out, a, p, scale);
    case ReduceOp::all:
      return run<Values<T, LogicOp<T, true>>>(c, out, a, p, scale);
    case ReduceOp::argmax:
      return run<Positions<T, true>>(c, out, a, p, scale);
    case ReduceOp::argmin:
      return run<Positions<T, false>>(c, out, a, p, scale);
    case ReduceOp::count:
      return;
  }
}

Plan makePlan(const Loop<1>& keep, const Loop<1>& red) {
  const int64_t n = keep.numel, r = red.numel;
  const bool alongRows = red.s[0][red.n - 1] == 1 && r > 1;
  Plan p{Strided<1>(keep), Strided<1>(red), 1, false, 1, r};
  p.columns = n >= kWarp && !alongRows;
  p.lanes = p.columns ? (r < 64 ? 1 : 8) : r < 16 ? 1 : r < 1024 ? kWarp : kThreads;
  const int64_t blocks = (n * p.lanes + kThreads - 1) / kThreads;
  p.parts = kTargetBlocks / (blocks > 0 ? blocks : 1);
  const int64_t most = r / (p.lanes * 2 * kLaneBlock);  // each lane has something to do
  if (p.parts > most) p.parts = most;
  if (p.parts < 1) p.parts = 1;
  p.perPart = (r + p.parts - 1) / p.parts;
  p.parts = r > 0 ? (r + p.perPart - 1) / p.perPart : 1;
  return p;
}

}  // namespace

void reduce(Ctx& c, int64_t op, Out<Any> out, In<Any> a, Dims keep, Dims sKeep, Dims red, Dims sRed, double scale) {
  const auto which = static_cast<ReduceOp>(op);
  Loop<1> k = coalesce(makeLoop<1>(keep, {&sKeep})), r = makeLoop<1>(red, {&sRed});
  // Positions count in the given order; everything else may be read in the order of memory.
  if (which != ReduceOp::argmax && which != ReduceOp::argmin) sortByStride(r);
  r = coalesce(r);
  if (k.numel == 0) return;
  const Plan p = makePlan(k, r);
  withDtype<Plain>(plain(a.t), [&]<class T>(Tag<T>) { dispatch<T>(c, which, out, a, p, scale); });
}

}  // namespace ng::NG_ISA
