// Softmax, log-softmax and cross-entropy of the rows of a contiguous [rows, cols].
//
// A row is handled in blocks that fit L1. A block is padded with -inf to whole vectors (exp gives 0 there), so that a
// row of 10 classes is one vector and no scalar tail. Sums follow Note [Accuracy of sums].
#include <cmath>
#include <cstdio>

#include "../kernels.h"
#include "../runtime/parallel.h"
#include "bounds.h"
#include "exp.h"
#include "reduce_kernels.h"

namespace ng::NG_ISA {
namespace {

constexpr int64_t kGrain = 8192;  // elements per task
constexpr int64_t kPad = 16;

template <class F>
void withFloating(DType t, F&& f) {
  withType(t, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (kFloating<T> || kHalf<T>) f(tag);
  });
}

double read(const Buf& b, int64_t i) {
  double v = 0;
  withType(b.t, [&](auto tag) { v = castTo<double>(b.as<typename decltype(tag)::type>()[i]); });
  return v;
}

void write(const Buf& b, int64_t i, double v) {
  withType(b.t, [&](auto tag) {
    using T = typename decltype(tag)::type;
    b.as<T>()[i] = castTo<T>(v);
  });
}

int64_t readClass(const Buf& b, int64_t i) {
  return b.t == DType::i64 ? b.as<int64_t>()[i] : b.t == DType::i32 ? b.as<int32_t>()[i] : b.as<uint8_t>()[i];
}

template <class T>
struct Block {
  using In = InOf<T>;
  alignas(64) In v[kRowBlock];
  int64_t n, padded;

  void load(const T* x, int64_t count, In pad) {
    n = count, padded = (count + kPad - 1) / kPad * kPad;
    for (int64_t i = 0; i < n; i++) v[i] = NG_ISA::load(x[i]);
    for (int64_t i = n; i < padded; i++) v[i] = pad;
  }
  void expMinus(In shift) {
    for (int64_t i = 0; i < padded; i++) v[i] = expOf(v[i] - shift);
  }
  In max() const { return reduceBlock<ExtremeOp<In, true>>(v, padded); }
  double sum() const { return static_cast<double>(reduceBlock<SumOp<In, false>>(v, padded)); }
};

template <class F>
void forBlocksOf(int64_t cols, F&& body) {
  for (int64_t c = 0; c < cols; c += kRowBlock) body(c, cols - c < kRowBlock ? cols - c : kRowBlock);
}

// The maximum of a row (NaN if it has one) and sum exp(x - max). When the row is one block, the block holds the
// exponentials afterwards.
template <class T>
struct RowStats {
  InOf<T> max;
  double sum;
  RowStats(Block<T>& block, const T* x, int64_t cols) {
    using In = InOf<T>;
    const In pad = lowest<In>();
    max = pad;
    sum = 0;
    forBlocksOf(cols, [&](int64_t c, int64_t n) {
      block.load(x + c, n, pad);
      max = ExtremeOp<In, true>::merge(max, block.max());
    });
    forBlocksOf(cols, [&](int64_t c, int64_t n) {
      if (cols > kRowBlock) block.load(x + c, n, pad);
      block.expMinus(max);
      sum += block.sum();
    });
  }
};

template <class T>
void softmaxRow(Block<T>& block, T* out, const T* x, int64_t cols, bool log) {
  using In = InOf<T>;
  const RowStats<T> row(block, x, cols);
  if (log) {
    const In shift = static_cast<In>(std::log(row.sum));
    for (int64_t i = 0; i < cols; i++) out[i] = castTo<T>((load(x[i]) - row.max) - shift);
    return;
  }
  const In scale = static_cast<In>(1 / row.sum);
  forBlocksOf(cols, [&](int64_t c, int64_t n) {
    if (cols > kRowBlock) {
      block.load(x + c, n, 0);
      block.expMinus(row.max);
    }
    for (int64_t i = 0; i < n; i++) out[c + i] = castTo<T>(block.v[i] * scale);
  });
}

template <class T>
void softmaxGradRow(Block<T>& block, T* out, const T* g, const T* y, int64_t cols, bool log) {
  using In = InOf<T>;
  double total = 0;
  forBlocksOf(cols, [&](int64_t c, int64_t n) {
    block.load(g + c, n, 0);
    if (!log) {
      for (int64_t i = 0; i < n; i++) block.v[i] *= load(y[c + i]);
    }
    total += block.sum();
  });
  const In sum = static_cast<In>(total);
  forBlocksOf(cols, [&](int64_t c, int64_t n) {
    const T *gc = g + c, *yc = y + c;
    if (log) {
      block.load(yc, n, 0);
      block.expMinus(0);
      for (int64_t i = 0; i < n; i++) out[c + i] = castTo<T>(load(gc[i]) - block.v[i] * sum);
    } else {
      for (int64_t i = 0; i < n; i++) out[c + i] = castTo<T>(load(yc[i]) * (load(gc[i]) - sum));
    }
  });
}

// What both halves of cross-entropy know about the classes. loss = (1 - s) w[y] nll(y) + s / C sum_c w[c] nll(c).
template <class T>
struct Classes {
  Buf labels;
  const T* weight;  // or null
  int64_t cols, ignoreIndex;
  double smoothing, totalWeight;

  Classes(Buf labelsBuf, const Buf& w, int64_t c, int64_t ignore, double s)
      : labels(labelsBuf), weight(w.as<const T>()), cols(c), ignoreIndex(ignore), smoothing(s), totalWeight(0) {
    if (weight == nullptr) totalWeight = static_cast<double>(c);
    for (int64_t i = 0; weight && s != 0 && i < c; i++) totalWeight += static_cast<double>(load(weight[i]));
  }
  double weightOf(int64_t c) const { return weight ? static_cast<double>(load(weight[c])) : 1; }
  // False for a row without loss; a class out of range is noted.
  bool counts(int64_t row, int64_t& y, FirstBad& bad) const {
    y = readClass(labels, row);
    if (y == ignoreIndex) return false;
    if (inside(y, cols)) return true;
    bad.note(row);
    return false;
  }
  void report(Ctx& c, const FirstBad& bad) const {
    if (!bad.any()) return;
    char message[160];
    std::snprintf(message, sizeof(message), "[crossEntropy] class %lld at row %lld is out of range for %lld classes",
                  static_cast<long long>(readClass(labels, bad.position())), static_cast<long long>(bad.position()),
                  static_cast<long long>(cols));
    c.fail(Fail::indexOutOfRange, message);
  }
};

template <class T>
double rowLoss(Block<T>& block, const T* x, const Classes<T>& k, int64_t y, double& lse) {
  using In = InOf<T>;
  const RowStats<T> row(block, x, k.cols);
  const double max = static_cast<double>(row.max), log = std::log(row.sum);
  lse = max + log;
  // Differences from the maximum: the log-sum itself has lost its small digits when logits are large.
  const double nll = log - static_cast<double>(load(x[y]) - row.max);
  double loss = (1 - k.smoothing) * k.weightOf(y) * nll;
  if (k.smoothing != 0) {
    double away = 0;  // sum_c w[c] (x[c] - max)
    forBlocksOf(k.cols, [&](int64_t c, int64_t n) {
      block.load(x + c, n, row.max);
      for (int64_t i = 0; i < block.padded; i++) block.v[i] -= row.max;
      for (int64_t i = 0; k.weight && i < n; i++) block.v[i] *= static_cast<In>(load(k.weight[c + i]));
      away += block.sum();
    });
    loss += k.smoothing / static_cast<double>(k.cols) * (k.totalWeight * log - away);
  }
  return loss;
}

// out = g ((1 - s) w[y] + s / C sum w) softmax(x) - g s / C w - g (1 - s) w[y] [c = y]
template <class T>
void rowGrad(Block<T>& block, T* out, double g, const T* x, double lse, const Classes<T>& k, int64_t y) {
  using In = InOf<T>;
  const In pad = lowest<In>(), shift = static_cast<In>(lse);
  const double spread = g * k.smoothing / static_cast<double>(k.cols), hit = g * (1 - k.smoothing) * k.weightOf(y);
  double scale = hit + (k.smoothing != 0 ? spread * k.totalWeight : 0);
  // exp(x - lse) carries the rounding of lse. That is below 2 ulp for ordinary logits; for large ones sum again.
  if (!(std::fabs(lse) < 32)) {
    double sum = 0;
    forBlocksOf(k.cols, [&](int64_t c, int64_t n) {
      block.load(x + c, n, pad);
      block.expMinus(shift);
      sum += block.sum();
    });
    scale /= sum;
  }
  const In a = static_cast<In>(scale), b = static_cast<In>(spread);
  In atY = 0;
  forBlocksOf(k.cols, [&](int64_t c, int64_t n) {
    block.load(x + c, n, pad);
    block.expMinus(shift);
    if (k.smoothing == 0) {
      for (int64_t i = 0; i < n; i++) block.v[i] *= a;
    } else if (k.weight == nullptr) {
      for (int64_t i = 0; i < n; i++) block.v[i] = block.v[i] * a - b;
    } else {
      for (int64_t i = 0; i < n; i++) block.v[i] = block.v[i] * a - b * load(k.weight[c + i]);
    }
    if (y >= c && y < c + n) atY = block.v[y - c];
    for (int64_t i = 0; i < n; i++) out[c + i] = castTo<T>(block.v[i]);
  });
  out[y] = castTo<T>(static_cast<In>(atY - hit));
}

}  // namespace

void softmax(Ctx&, Buf out, Buf x, int64_t rows, int64_t cols, bool log) {
  withFloating(x.t, [&](auto tag) {
    using T = typename decltype(tag)::type;
    parallelFor(rows, kGrain / (cols + 1), [&](int64_t b, int64_t e) {
      Block<T> block;
      for (int64_t r = b; r < e; r++) softmaxRow(block, out.as<T>() + r * cols, x.as<const T>() + r * cols, cols, log);
    });
  });
}

void softmaxGrad(Ctx&, Buf out, Buf g, Buf y, int64_t rows, int64_t cols, bool log) {
  withFloating(y.t, [&](auto tag) {
    using T = typename decltype(tag)::type;
    parallelFor(rows, kGrain / (cols + 1), [&](int64_t b, int64_t e) {
      Block<T> block;
      for (int64_t r = b; r < e; r++) {
        const int64_t at = r * cols;
        softmaxGradRow(block, out.as<T>() + at, g.as<const T>() + at, y.as<const T>() + at, cols, log);
      }
    });
  });
}

void crossEntropy(Ctx& c, Buf loss, Buf lse, Buf x, Buf labels, Buf weight, int64_t rows, int64_t cols,
                  int64_t ignoreIndex, double smoothing) {
  withFloating(x.t, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const Classes<T> classes(labels, weight, cols, ignoreIndex, smoothing);
    FirstBad bad;
    parallelFor(rows, kGrain / (cols + 1), [&](int64_t b, int64_t e) {
      Block<T> block;
      for (int64_t r = b; r < e; r++) {
        int64_t y;
        double rowLse = 0, value = 0;
        if (classes.counts(r, y, bad)) value = rowLoss(block, x.as<const T>() + r * cols, classes, y, rowLse);
        write(loss, r, value);
        write(lse, r, rowLse);
      }
    });
    classes.report(c, bad);
  });
}

void crossEntropyGrad(Ctx& c, Buf out, Buf g, Buf x, Buf lse, Buf labels, Buf weight, int64_t rows, int64_t cols,
                      int64_t ignoreIndex, double smoothing) {
  withFloating(x.t, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const Classes<T> classes(labels, weight, cols, ignoreIndex, smoothing);
    FirstBad bad;
    parallelFor(rows, kGrain / (cols + 1), [&](int64_t b, int64_t e) {
      Block<T> block;
      for (int64_t r = b; r < e; r++) {
        int64_t y;
        T* o = out.as<T>() + r * cols;
        if (classes.counts(r, y, bad)) {
          rowGrad(block, o, read(g, r), x.as<const T>() + r * cols, read(lse, r), classes, y);
        } else {
          for (int64_t i = 0; i < cols; i++) o[i] = T{};
        }
      }
    });
    classes.report(c, bad);
  });
}

}  // namespace ng::NG_ISA
