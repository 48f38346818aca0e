// Convolution as a matrix product without a matrix of patches: packers that gather the patches of an image while the
// product packs its panels (implicit im2col; Chetlur et al. 2014, "cuDNN: Efficient primitives for deep learning").
#pragma once
#include "gemm.h"
#include "runs.h"

namespace ng::NG_ISA {

// One spatial dimension: tap t of position i reads source index i * step + shift[t]; outside [0, size) it reads 0.
struct PatchAxis {
  int64_t size, positions, step, taps;
  const int64_t* shift;
};

// Images [image, channel, d, h, w] seen as patches: a row per (channel, tap), a column per (image, position).
template <class T>
struct Patches {
  const T* x;
  int64_t image, plane;  // strides, in elements
  PatchAxis d, h, w;

  int64_t positions() const { return d.positions * h.positions * w.positions; }
  int64_t taps() const { return d.taps * h.taps * w.taps; }

  // Consecutive columns within one row of positions.
  struct Run {
    const T* image;
    int64_t d, h, w;  // source index of the first position, before the tap's shift
    int64_t length;
  };
  Run runAt(int64_t column, int64_t most) const {
    const int64_t per = positions(), p = column % per, row = p / w.positions, i = p % w.positions;
    const int64_t left = w.positions - i;
    return {x + column / per * image, row / h.positions * d.step, row % h.positions * h.step, i * w.step,
            left < most ? left : most};
  }
  // The source row of a run under a tap, or null outside the image.
  const T* rowOf(const Run& r, int64_t offset, int64_t shiftD, int64_t shiftH) const {
    const int64_t sd = r.d + shiftD, sh = r.h + shiftH;
    if (static_cast<uint64_t>(sd) >= static_cast<uint64_t>(d.size)) return nullptr;
    if (static_cast<uint64_t>(sh) >= static_cast<uint64_t>(h.size)) return nullptr;
    return r.image + offset + (sd * h.size + sh) * w.size;
  }
};

// B of the forward product: lines are columns of the patches, k runs over (channel, tap).
template <class T>
struct PatchColumns {
  const Patches<T>& v;
  int64_t first;

  void operator()(T* panel, int width, int64_t line, int lines, int64_t k0, int64_t k) const {
    typename Patches<T>::Run runs[64];
    int count = 0;
    for (int64_t at = 0; at < lines; count++) {
      runs[count] = v.runAt(first + line + at, lines - at);
      at += runs[count].length;
    }
    const int64_t taps = v.taps();
    int64_t channel = k0 / taps, tap = k0 % taps;
    int64_t tw = tap % v.w.taps, th = tap / v.w.taps % v.h.taps, td = tap / (v.w.taps * v.h.taps);
    const T* rows[64];  // of each run, for this channel and the taps along d and h
    const auto findRows = [&] {
      for (int r = 0; r < count; r++) rows[r] = v.rowOf(runs[r], channel * v.plane, v.d.shift[td], v.h.shift[th]);
    };
    findRows();
    for (int64_t p = 0; p < k; p++) {
      T* to = panel + p * width;
      for (int r = 0; r < count; r++) {
        oneRun(to, rows[r], runs[r].w + v.w.shift[tw], runs[r].length);
        to += runs[r].length;
      }
      for (int i = lines; i < width; i++) panel[p * width + i] = T(0);
      if (++tw == v.w.taps) {
        tw = 0;
        if (++th == v.h.taps) {
          th = 0;
          if (++td == v.d.taps) td = 0, channel++;
        }
        if (p + 1 < k) findRows();
      }
    }
  }

 private:
  void oneRun(T* to, const T* row, int64_t first, int64_t length) const {
    if (row == nullptr) return zeroRun(to, length);
    int64_t lo = 0, hi = 0;
    insideRange(first, v.w.step, v.w.size, length, lo, hi);
    zeroRun(to, lo);
    if (v.w.step == 1) {
      copyRun(to + lo, row + first + lo, hi - lo);
      // The next panel wants what follows; the processor does not guess it, since every channel is another page.
      __builtin_prefetch(row + first + hi, 0, 2);
      __builtin_prefetch(row + first + hi + 64 / sizeof(T), 0, 2);
    } else if (v.w.step == 2) {
      for (int64_t i = lo; i < hi; i++) to[i] = row[first + 2 * i];
    } else {
      for (int64_t i = lo; i < hi; i++) to[i] = row[first + i * v.w.step];
    }
    zeroRun(to + hi, length - hi);
  }
};

// B of the weights' gradient: lines are (channel, tap), k runs over the columns of the patches.
template <class T>
struct PatchRows {
  const Patches<T>& v;
  int64_t first;

  struct Line {
    int64_t offset, d, h, w;
  };

  void operator()(T* to, int width, int64_t line, int lines, int64_t k0, int64_t k) const {
    Line at[64];
    const int64_t taps = v.taps();
    for (int i = 0; i < width; i++) {
      const int64_t l = line + i, tap = l % taps;
      if (i < lines)
        at[i] = {l / taps * v.plane, v.d.shift[tap / (v.w.taps * v.h.taps)], v.h.shift[tap / v.w.taps % v.h.taps],
                 v.w.shift[tap % v.w.taps]};
    }
    for (int64_t p = 0; p < k;) {
      const auto run = v.runAt(first + k0 + p, k - p);
      T* block = to + p * width;
      int i = 0;
      if (v.w.step == 1) {
        for (; i + kTransposed<T> <= lines; i += kTransposed<T>) several<kTransposed<T>>(block + i, width, run, at + i);
        for (; i + 4 <= lines; i += 4) several<4>(block + i, width, run, at + i);
      }
      for (; i < lines; i++) one(block + i, width, run, at[i]);
      for (; i < width; i++) {
        for (int64_t j = 0; j < run.length; j++) block[j * width + i] = T(0);
      }
      p += run.length;
    }
  }

 private:
  using Run = typename Patches<T>::Run;

  void one(T* to, int width, const Run& run, const Line& l) const {
    const T* src = v.rowOf(run, l.offset, l.d, l.h);
    int64_t lo = 0, hi = 0;
    if (src) insideRange(run.w + l.w, v.w.step, v.w.size, run.length, lo, hi);
    for (int64_t j = 0; j < lo; j++) to[j * width] = T(0);
    for (int64_t j = lo; j < hi; j++) to[j * width] = src[run.w + l.w + j * v.w.step];
    for (int64_t j = hi; j < run.length; j++) to[j * width] = T(0);
  }

  // N lines: where all are inside the image, transposed in registers.
  template <int N>
  void several(T* to, int width, const Run& run, const Line* l) const {
    const T* src[N];
    int64_t lo[N], hi[N], from = 0, end = run.length;
    for (int r = 0; r < N; r++) {
      src[r] = v.rowOf(run, l[r].offset, l[r].d, l[r].h);
      if (!src[r]) {
        for (int q = 0; q < N; q++) one(to + q, width, run, l[q]);
        return;
      }
      src[r] += run.w + l[r].w;
      insideRange(run.w + l[r].w, 1, v.w.size, run.length, lo[r], hi[r]);
      if (lo[r] > from) from = lo[r];
      if (hi[r] < end) end = hi[r];
    }
    if constexpr (N > 4) {
      if (end - from < N) {
        several<4>(to, width, run, l);
        return several<4>(to + 4, width, run, l + 4);
      }
    }
    const auto edge = [&](int64_t a, int64_t b) {
      for (int64_t j = a; j < b; j++) {
        for (int r = 0; r < N; r++) to[j * width + r] = j >= lo[r] && j < hi[r] ? src[r][j] : T(0);
      }
    };
    if (end - from < N) return edge(0, run.length);
    const auto block = [&](int64_t j) {
      const T* at[N];
      for (int r = 0; r < N; r++) at[r] = src[r] + j;
      transposeBlock<N>(at, to + j * width, width);
    };
    edge(0, from);
    for (int64_t j = from; j + N <= end; j += N) block(j);
    if ((end - from) % N != 0) block(end - N);  // overlaps the one before
    edge(end, run.length);
  }
};

}  // namespace ng::NG_ISA
