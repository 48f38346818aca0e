// Random choices: permutations and draws of classes by weight.
#include "kernels.h"
#include "ops/kit/bounds.h"
#include "ops/kit/cast.h"
#include "random_words.h"
#include "runtime/parallel.h"
#include "runtime/philox.h"
#include "runtime/scratch.h"

namespace ng::NG_ISA {
namespace {

// Element `i` of a call that takes two words each: Note [Random words].
NG_FN Pair<uint32_t> twoWords(int64_t seed, int64_t offset, int64_t i) {
  const Philox4 r = philoxAt(static_cast<uint64_t>(seed), static_cast<uint64_t>(offset + i / 2));
  return i % 2 ? Pair<uint32_t>{r.w[2], r.w[3]} : Pair<uint32_t>{r.w[0], r.w[1]};
}

// A drawn class with its arrival time; the heap keeps the earliest ones, the latest of them at [0].
struct Arrival {
  double time;
  int64_t index;
};
// Equal times (possible only for tiny weights) go to the lower class, so that the order is total.
bool later(const Arrival& a, const Arrival& b) { return a.time > b.time || (a.time == b.time && a.index > b.index); }

void siftDown(Arrival* heap, int64_t n, int64_t i) {
  const Arrival x = heap[i];
  for (int64_t child; (child = 2 * i + 1) < n; i = child) {
    if (child + 1 < n && later(heap[child + 1], heap[child])) child++;
    if (!later(heap[child], x)) break;
    heap[i] = heap[child];
  }
  heap[i] = x;
}

// Exponential race (Efraimidis & Spirakis 2006): class k arrives at time E / p[k] with E exponential; the first `draws`
// arrivals are a sample without replacement, in order. Returns how many classes have a positive weight.
int64_t race(int64_t* out, const double* p, int64_t cols, int64_t draws, int64_t seed, int64_t offset, int64_t first) {
  const Scratch<Arrival> heap(draws);
  int64_t held = 0, positive = 0;
  for (int64_t k = 0; k < cols; k++) {
    if (p[k] == 0) continue;
    positive++;
    const Pair<uint32_t> w = twoWords(seed, offset, first + k);
    const Arrival a{-m::log(unit(w.a, w.b) + 0x1p-54) / p[k], k};
    if (held < draws) {
      heap[held++] = a;
      if (held == draws) {
        for (int64_t i = draws / 2 - 1; i >= 0; i--) siftDown(heap, held, i);
      }
    } else if (later(heap[0], a)) {
      heap[0] = a;
      siftDown(heap, held, 0);
    }
  }
  if (positive < draws) return positive;
  for (int64_t n = draws - 1; n >= 0; n--) {
    out[n] = heap[0].index;
    heap[0] = heap[n];
    siftDown(heap, n, 0);
  }
  return positive;
}

// The first class whose cumulative weight is above u; u < the total, which is cdf[cols - 1].
int64_t firstAbove(const double* cdf, int64_t cols, double u) {
  int64_t lo = 0, hi = cols - 1;
  while (lo < hi) {
    const int64_t mid = (lo + hi) / 2;
    if (cdf[mid] > u) {
      hi = mid;
    } else {
      lo = mid + 1;
    }
  }
  return lo;
}

enum class Wrong : int { none, weight, empty, few };

// One row of weights -> one row of draws, or what is wrong with it.
Wrong drawRow(int64_t* out, double* p, int64_t row, int64_t cols, int64_t draws, bool replacement, int64_t seed,
              int64_t offset) {
  double total = 0;
  int64_t last = -1;
  for (int64_t k = 0; k < cols; k++) {
    if (!(p[k] >= 0 && p[k] < m::infinity<double>())) return Wrong::weight;
    if (p[k] > 0) last = k;
    total += p[k];
  }
  if (last < 0) return Wrong::empty;
  if (!(total < m::infinity<double>())) return Wrong::weight;
  if (!replacement) {
    return race(out, p, cols, draws, seed, offset, row * cols) < draws ? Wrong::few : Wrong::none;
  }
  for (int64_t k = 1; k < cols; k++) p[k] += p[k - 1];
  for (int64_t d = 0; d < draws; d++) {
    const Pair<uint32_t> w = twoWords(seed, offset, row * draws + d);
    out[d] = firstAbove(p, last + 1, unit(w.a, w.b) * p[last]);
  }
  return Wrong::none;
}

}  // namespace

// Fisher and Yates' shuffle, from the top down.
void randperm(Ctx&, Out<Int64> out, int64_t n, PerStep<int64_t> seed, PerStep<int64_t> offset) {
  int64_t* o = out.as<int64_t>();
  for (int64_t i = 0; i < n; i++) o[i] = i;
  for (int64_t i = n - 1; i > 0; i--) {
    const Pair<uint32_t> w = twoWords(*seed, *offset, i);
    const auto j = static_cast<int64_t>(belowWide(w.a, w.b, static_cast<uint64_t>(i) + 1));
    const int64_t t = o[i];
    o[i] = o[j], o[j] = t;
  }
}

void multinomial(Ctx& c, Out<Int64> out, In<Floating> p, int64_t rows, int64_t cols, int64_t draws, bool replacement,
                 PerStep<int64_t> seed, PerStep<int64_t> offset) {
  if (draws == 0) return;
  FirstBad bad[4];
  const int64_t work = cols + draws;
  parallelFor(rows, work < 4096 ? 4096 / work : 1, [&](int64_t begin, int64_t end) {
    const Scratch<double> weights(cols);
    for (int64_t r = begin; r < end; r++) {
      withDtype(p, [&]<class T>(Tag<T>) {
        const T* x = p.as<T>() + r * cols;
        for (int64_t k = 0; k < cols; k++) weights[k] = castTo<double>(x[k]);
      });
      int64_t* o = out.as<int64_t>() + r * draws;
      const Wrong w = drawRow(o, weights, r, cols, draws, replacement, *seed, *offset);
      if (w == Wrong::none) continue;
      __builtin_memset(o, 0, static_cast<size_t>(draws) * sizeof(int64_t));
      bad[static_cast<int>(w)].note(r);
    }
  });
  if (bad[static_cast<int>(Wrong::weight)].any()) {
    c.fail(Why::badWeight);
  } else if (bad[static_cast<int>(Wrong::empty)].any()) {
    c.fail(Why::noWeight);
  } else if (bad[static_cast<int>(Wrong::few)].any()) {
    c.fail(Why::fewWeights);
  }
}

}  // namespace ng::NG_ISA
