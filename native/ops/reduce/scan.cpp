// Cumulative sum, product, maximum, minimum and log-sum-exp along the middle of contiguous [outer, len, inner].
#include "kernels.h"
#include "ops/kit/math.h"
#include "reduce_ops.h"
#include "runtime/parallel.h"

namespace ng::NG_ISA {
namespace {

constexpr int64_t kGrain = 32768, kCols = 128;

struct LogSumExpOp {
  using Total = double;
  static constexpr Total kId = -__builtin_inf();
  static Total merge(Total a, Total b) {
    if (a == b) return a + m::log1p(Total(1));  // infinities must not be subtracted
    return a > b ? a + m::log1p(m::exp(b - a)) : b + m::log1p(m::exp(a - b));
  }
};

// The running value is kept in the operation's wide type, and rounded only when written.
template <class T, class O, class Op>
void scanLines(O* out, const T* a, int64_t outer, int64_t len, int64_t inner) {
  using Total = typename Op::Total;
  const int64_t width = inner < kCols ? inner : kCols, blocks = (inner + kCols - 1) / kCols;
  parallelFor(outer * blocks, kGrain / (len * width + 1), [&](int64_t b, int64_t e) {
    Total t[kCols];
    for (int64_t u = b; u < e; u++) {
      const int64_t c0 = u % blocks * kCols, n = inner - c0 < kCols ? inner - c0 : kCols;
      for (int64_t c = 0; c < n; c++) t[c] = Op::kId;
      for (int64_t k = 0; k < len; k++) {
        const int64_t at = (u / blocks * len + k) * inner + c0;
        for (int64_t c = 0; c < n; c++) {
          t[c] = Op::merge(t[c], static_cast<Total>(load(a[at + c])));
          out[at + c] = castTo<O>(t[c]);
        }
      }
    }
  });
}

}  // namespace

void scan(Ctx&, int64_t op, Out<Any> out, In<Any> a, int64_t outer, int64_t len, int64_t inner) {
  if (outer * len * inner == 0) return;
  withDtype<Plain>(plain(a.t), [&]<class T>(Tag<T>) {
    using Wide = If<kFloating<T> || kHalf<T>, T, int64_t>;  // out's element type for sums and products
    switch (static_cast<ScanOp>(op)) {
      case ScanOp::sum:
        return scanLines<T, Wide, SumOp<T, false>>(out.as<Wide>(), a.as<T>(), outer, len, inner);
      case ScanOp::prod:
        return scanLines<T, Wide, ProdOp<T>>(out.as<Wide>(), a.as<T>(), outer, len, inner);
      case ScanOp::max:
        return scanLines<T, T, ExtremeOp<T, true>>(out.as<T>(), a.as<T>(), outer, len, inner);
      case ScanOp::min:
        return scanLines<T, T, ExtremeOp<T, false>>(out.as<T>(), a.as<T>(), outer, len, inner);
      case ScanOp::logsumexp:
        if constexpr (kFloating<T> || kHalf<T>) scanLines<T, T, LogSumExpOp>(out.as<T>(), a.as<T>(), outer, len, inner);
        return;
      case ScanOp::count:
        return;
    }
  });
}

}  // namespace ng::NG_ISA
