// Convolution as a matrix product without a matrix of patches: packers that gather the patches of an image while the
// product packs its panels (implicit im2col; Chetlur et al. 2014, "cuDNN: Efficient primitives for deep learning").
#pragma once
#include "gemm.h"

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

// The i in [lo, hi) of 0 .. n - 1 for which first + i * step is within [0, size).
static inline void insideRange(int64_t first, int64_t step, int64_t size, int64_t n, int64_t& lo, int64_t& hi) {
  lo = first < 0 ? (-first + step - 1) / step : 0;
  if (lo > n) lo = n;
  const int64_t room = size - first;
  hi = room <= 0 ? 0 : (room + step - 1) / step;
  if (hi > n) hi = n;
  if (hi < lo) hi = lo;
}

// memcpy without a call for the short runs that patches are made of.
template <class T>
static inline void copyRun(T* to, const T* from, int64_t n) {
  constexpr int L = 32 / static_cast<int>(sizeof(T));
  int64_t i = 0;
  for (; i + L <= n; i += L) __builtin_memcpy(to + i, from + i, 32);
  for (; i < n; i++) to[i] = from[i];
}

// B of the forward product: lines are columns of the patches, k runs over (channel, tap).
template <class T>
struct PatchColumns {
  const Patches<T>& v;
  int64_t first;

  void operator()(T* to, int width, int64_t line, int lines, int64_t k0, int64_t k) const {
    typename Patches<T>::Run runs[64];
    int count = 0;
    for (int64_t at = 0; at < lines; count++) {
      runs[count] = v.runAt(first + line + at, lines - at);
      at += runs[count].length;
    }
    const int64_t taps = v.taps();
    int64_t channel = k0 / taps, tap = k0 % taps;
    int64_t tw = tap % v.w.taps, th = tap / v.w.taps % v.h.taps, td = tap / (v.w.taps * v.h.taps);
    for (int64_t p = 0; p < k; p++) {
      T* row = to + p * width;
      for (int r = 0; r < count; r++) {
        const auto& run = runs[r];
        const T* src = v.rowOf(run, channel * v.plane, v.d.shift[td], v.h.shift[th]);
        int64_t lo = 0, hi = 0;
        const int64_t w0 = run.w + v.w.shift[tw];
        if (src) insideRange(w0, v.w.step, v.w.size, run.length, lo, hi);
        for (int64_t i = 0; i < lo; i++) row[i] = T(0);
        if (v.w.step == 1) {
          copyRun(row + lo, src + w0 + lo, hi - lo);
        } else {
          for (int64_t i = lo; i < hi; i++) row[i] = src[w0 + i * v.w.step];
        }
        for (int64_t i = hi; i < run.length; i++) row[i] = T(0);
        row += run.length;
      }
      for (int i = lines; i < width; i++) to[p * width + i] = T(0);
      if (++tw == v.w.taps) {
        tw = 0;
        if (++th == v.h.taps) {
          th = 0;
          if (++td == v.d.taps) td = 0, channel++;
        }
      }
    }
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
        for (; i + 4 <= lines; i += 4) four(block + i, width, run, at + i);
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

  // Four lines: where all are inside the image, transposed in registers.
  void four(T* to, int width, const Run& run, const Line* l) const {
    const T* src[4];
    int64_t lo[4], hi[4], from = 0, end = run.length;
    for (int r = 0; r < 4; r++) {
      src[r] = v.rowOf(run, l[r].offset, l[r].d, l[r].h);
      if (!src[r]) {
        for (int q = 0; q < 4; q++) one(to + q, width, run, l[q]);
        return;
      }
      src[r] += run.w + l[r].w;
      insideRange(run.w + l[r].w, 1, v.w.size, run.length, lo[r], hi[r]);
      if (lo[r] > from) from = lo[r];
      if (hi[r] < end) end = hi[r];
    }
    const auto edge = [&](int64_t a, int64_t b) {
      for (int64_t j = a; j < b; j++) {
        for (int r = 0; r < 4; r++) to[j * width + r] = j >= lo[r] && j < hi[r] ? src[r][j] : T(0);
      }
    };
    if (end < from) end = from;
    edge(0, from);
    int64_t j = from;
    for (; j + 4 <= end; j += 4) transposeFour(src[0] + j, src[1] + j, src[2] + j, src[3] + j, to + j * width, width);
    edge(j, run.length);
  }
};

}  // namespace ng::NG_ISA
