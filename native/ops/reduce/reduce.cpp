// Reductions over arbitrary dimensions: the shape is brought to "rows" (each output reads a long run) or "columns" (a
// block of outputs is updated row by row), cut into tasks by size only (see Note [Determinism]), and partial totals of
// one output meet in order.
#include "kernels.h"
#include "reduce_kernels.h"
#include "runtime/parallel.h"
#include "runtime/scratch.h"

namespace ng::NG_ISA {
namespace {

constexpr int64_t kGrain = 32768;  // elements per task
constexpr int64_t kTasks = 64;     // an output is cut into parts only while there are fewer tasks than this
constexpr int64_t kLongRow = 64;   // shorter contiguous rows are faster as strided columns

const ReduceFns* choose(ReduceOp op, DType t) {
  const ReduceFns* f = nullptr;
  withDtype<Plain>(plain(t), [&]<class T>(Tag<T>) {
    switch (op) {
      case ReduceOp::sum:
        f = &ValueReduction<T, SumOp<T, false>>::fns;
        break;
      case ReduceOp::prod:
        f = &ValueReduction<T, ProdOp<T>>::fns;
        break;
      case ReduceOp::max:
        f = &ValueReduction<T, ExtremeOp<T, true>>::fns;
        break;
      case ReduceOp::min:
        f = &ValueReduction<T, ExtremeOp<T, false>>::fns;
        break;
      case ReduceOp::sumsq:
        f = &ValueReduction<T, SumOp<T, true>>::fns;
        break;
      case ReduceOp::any:
        f = &ValueReduction<T, LogicOp<T, false>>::fns;
        break;
      case ReduceOp::all:
        f = &ValueReduction<T, LogicOp<T, true>>::fns;
        break;
      case ReduceOp::argmax:
        f = &ArgReduction<T, true>::fns;
        break;
      case ReduceOp::argmin:
        f = &ArgReduction<T, false>::fns;
        break;
      case ReduceOp::count:
        break;
    }
  });
  return f;
}

struct Problem {
  const ReduceFns* f;
  Buf out, a;
  Loop<2> keep;  // operand 0 is a, operand 1 is out
  Loop<1> red;
  double scale;
  int64_t partBytes;  // size of one unit's totals

  const char* at(int64_t offset) const { return a.as<const char>() + offset * static_cast<int64_t>(sizeOf(a.t)); }
};

// Runs compute(unit, totals, b, e) over [b, e) of the reduced shape, in `parts` pieces per unit, then finish(unit,
// totals). `work` is the number of elements of one unit.
template <class Compute, class Finish>
void runUnits(const Problem& p, int64_t units, int64_t work, Compute&& compute, Finish&& finish) {
  constexpr int64_t kTotalsBytes = kCols * 16;
  const int64_t redN = p.red.numel;
  int64_t parts = units >= kTasks ? 1 : work / kGrain;
  if (parts > kTasks / units) parts = kTasks / units;
  if (parts > redN) parts = redN;
  if (parts <= 1) {
    parallelFor(units, kGrain / (work + 1), [&](int64_t b, int64_t e) {
      alignas(64) char totals[kTotalsBytes];
      for (int64_t u = b; u < e; u++) {
        compute(u, totals, 0, redN);
        finish(u, totals);
      }
    });
    return;
  }
  const Scratch<char> partials(units * parts * p.partBytes);
  // Whole column blocks of rows, so that cutting costs no accuracy and no ragged ends.
  const int64_t per = ((redN + parts - 1) / parts + kColRows - 1) / kColRows * kColRows;
  parts = (redN + per - 1) / per;
  parallelFor(units * parts, 1, [&](int64_t b, int64_t e) {
    for (int64_t t = b; t < e; t++) {
      const int64_t from = t % parts * per, to = from + per < redN ? from + per : redN;
      compute(t / parts, partials + t * p.partBytes, from, to);
    }
  });
  for (int64_t u = 0; u < units; u++) {
    char* first = partials + u * parts * p.partBytes;
    for (int64_t k = 1; k < parts; k++) p.f->join(first, first + k * p.partBytes, p.partBytes / p.f->totalBytes);
    finish(u, first);
  }
}

// Narrow contiguous columns ([rows, n] with n < 64) are read as wider ones: `fold` rows side by side, whose totals are
// joined at the end.
void narrowColumns(const Problem& p, char* totals, const char* x, int64_t n, int64_t b, int64_t e) {
  const int64_t fold = (kLongRow + n - 1) / n, wide = (e - b) / fold;
  const int64_t size = static_cast<int64_t>(sizeOf(p.a.t));
  if (wide < kColRows) {
    p.f->cols(totals, x, n, 1, p.red, b, e);
    return;
  }
  alignas(64) char sums[kLongRow * 2 * 16];
  p.f->init(sums, fold * n);
  Loop<1> rows;
  rows.n = 1, rows.d[0] = rows.numel = wide, rows.s[0][0] = fold * n;
  p.f->cols(sums, x + b * n * size, fold * n, 1, rows, 0, wide);
  for (int64_t k = 0; k < fold; k++) p.f->join(totals, sums + k * n * p.f->totalBytes, n);
  p.f->cols(totals, x, n, 1, p.red, b + wide * fold, e);
}

enum class Way { rows, columns, narrow };

// A unit is a block of up to `width` outputs along the innermost kept dimension.
void reduceBlocks(Problem& p, Way way) {
  const int last = p.keep.n - 1;
  const int64_t n = p.keep.d[last], step = p.keep.s[0][last], outStep = p.keep.s[1][last];
  int64_t width = kCols;
  if (way == Way::rows) width = kGrain / (p.red.numel + 1) + 1;
  if (width > kCols) width = kCols;
  if (width > n) width = n;
  const int64_t blocks = (n + width - 1) / width;
  p.partBytes = width * p.f->totalBytes;
  const int64_t units = p.keep.numel / n * blocks;
  const auto where = [&](int64_t u, auto&& body) {
    const int64_t c = u % blocks * width, count = n - c < width ? n - c : width;
    forRuns(p.keep, u / blocks * n + c, u / blocks * n + c + 1, [&](const int64_t* off, int64_t) { body(off, count); });
  };
  const auto compute = [&](int64_t u, char* totals, int64_t b, int64_t e) {
    p.f->init(totals, width);
    where(u, [&](const int64_t* off, int64_t count) {
      if (way == Way::narrow) {
        narrowColumns(p, totals, p.at(off[0]), count, b, e);
      } else {
        (way == Way::rows ? p.f->rows : p.f->cols)(totals, p.at(off[0]), count, step, p.red, b, e);
      }
    });
  };
  const auto finish = [&](int64_t u, const char* totals) {
    where(u, [&](const int64_t* off, int64_t count) { p.f->store(p.out, off[1], outStep, totals, count, p.scale); });
  };
  runUnits(p, units, p.red.numel * width, compute, finish);
}

}  // namespace

void reduce(Ctx& c, int64_t op, Out<Any> out, In<Any> a, Dims keep, Dims sKeep, Dims red, Dims sRed, double scale) {
  const ReduceOp which = static_cast<ReduceOp>(op);
  const bool arg = which == ReduceOp::argmax || which == ReduceOp::argmin;
  Problem p{choose(which, a.t), out, a, {}, {}, scale, 0};

  Dims sOut = keep;
  for (int64_t i = keep.n - 1, s = 1; i >= 0; s *= keep[static_cast<int>(i)], i--) sOut.d[i] = s;
  p.keep = makeLoop<2>(keep, {&sKeep, &sOut});
  sortByStride(p.keep);
  p.keep = coalesce(p.keep);
  p.red = makeLoop<1>(red, {&sRed});
  if (!arg) sortByStride(p.red);  // argmax counts positions in the given order
  p.red = coalesce(p.red);
  if (p.keep.numel == 0) return;

  const int k = p.keep.n - 1, r = p.red.n - 1;
  const int64_t n = p.keep.d[k];
  const bool contiguousRows = p.red.s[0][r] == 1 && p.red.d[r] >= kLongRow;
  const bool narrow = !arg && p.keep.s[0][k] == 1 && n > 1 && n < kLongRow && p.red.n == 1 && p.red.s[0][0] == n;
  const bool columns = !contiguousRows && (n >= 8 || narrow);
  reduceBlocks(p, !columns ? Way::rows : narrow ? Way::narrow : Way::columns);
}

}  // namespace ng::NG_ISA
