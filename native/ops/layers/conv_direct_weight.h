// The weights' gradient without packed patches: the source rows of one piece are copied once as [position, channel]
// with their zeros around them. For one tap, the positions of a piece then are rows of channels that the micro-kernel
// of the matrix product reads through a table of offsets (see conv_direct.h); the sum runs over positions.
#pragma once
#include "conv_geometry.h"
#include "gemm/patches.h"
#include "runtime/parallel.h"

namespace ng::NG_ISA {

template <class T>
class DirectWeight {
  static constexpr int L = Tile<T>::kLanes, R = Tile<T>::kRows;
  static constexpr int64_t kDepth = 512;            // positions of a piece, about: a panel of gradients stays in L1
  static constexpr int64_t kMostWeights = 1 << 18;  // more of them make packing cheap, and the parts' sums large
  static constexpr int64_t kParts = 16;             // sums that are added at the end; a fixed number, for equal bits

 public:
  explicit DirectWeight(const ConvGeometry& geometry)
      : g_(geometry),
        padded_((g_.groupChannels() + L - 1) / L * L),
        weights_(g_.groupOutputs() * padded_ * g_.tapCount()) {
    const int64_t per = g_.positions();
    images_ = per == 0 || per > kDepth / 2 ? 1 : kDepth / per;
    if (images_ > g_.batch) images_ = g_.batch;
    rows_ = per <= 3 * kDepth / 2 ? g_.grid[1] : kDepth / g_.grid[2];
    if (rows_ < 1) rows_ = 1;
    perImage_ = (g_.grid[1] + rows_ - 1) / rows_;
    pieces_ = images_ == 0 ? 0 : (g_.batch + images_ - 1) / images_ * perImage_;
    for (int a = 1; a < 3; a++) extent_[a] = (g_.taps[a] - 1) * g_.dilation[a] + 1;
    pitch_ = (g_.grid[2] - 1) * g_.stride[2] + extent_[2];
  }

  // Worth it for several taps, channels that fill vectors, and weights that are few beside the positions.
  bool suits() const {
    const bool planar = g_.taps[0] == 1 && g_.grid[0] == 1 && g_.padding[0] == 0;
    return planar && g_.tapCount() > 1 && g_.groupOutputs() >= 8 && 4 * g_.groupChannels() >= 3 * padded_ &&
           weights_ <= kMostWeights && pieces_ * g_.groups >= kEnoughTasks && g_.grid[2] <= kDepth;
  }

  // grad: [batch, outputs, positions]; x: the input; out: [outputs, channels of a group, taps]
  void run(T* out, const T* grad, const T* x) const {
    const int64_t parts = pieces_ < kParts ? pieces_ : kParts;
    const Scratch<T> sums(parts * g_.groups * weights_);
    parallelFor(parts * g_.groups, 1, [&](int64_t begin, int64_t end) {
      for (int64_t task = begin; task < end; task++) {
        const int64_t part = task / g_.groups, group = task % g_.groups;
        const int64_t first = part * pieces_ / parts, last = (part + 1) * pieces_ / parts;
        for (int64_t p = first; p < last; p++) piece(sums + task * weights_, grad, x, group, p, p == first);
      }
    });
    const int64_t og = g_.groupOutputs(), cg = g_.groupChannels(), taps = g_.tapCount();
    parallelFor(g_.outputs, 1 + 16384 / (parts * cg * taps), [&](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; o++) {
        for (int64_t t = 0; t < taps; t++) {
          const T* from = sums + (o / og * taps + t) * og * padded_ + o % og * padded_;
          for (int64_t c = 0; c < cg; c++) {
            T s = from[c];
            for (int64_t p = 1; p < parts; p++) s += from[p * g_.groups * weights_ + c];
            out[(o * cg + c) * taps + t] = s;
          }
        }
      }
    });
  }

 private:
  // Adds one piece to sum [tap, output, padded channel].
  void piece(T* sum, const T* grad, const T* x, int64_t group, int64_t index, bool first) const {
    const int64_t n0 = index / perImage_ * images_, h0 = index % perImage_ * rows_;
    const int64_t images = g_.batch - n0 < images_ ? g_.batch - n0 : images_;
    const int64_t rows = g_.grid[1] - h0 < rows_ ? g_.grid[1] - h0 : rows_;
    const int64_t sourceRows = (rows - 1) * g_.stride[1] + extent_[1], imageSize = sourceRows * pitch_ * padded_;
    const int64_t per = rows * g_.grid[2], k = images * per, og = g_.groupOutputs(), cg = g_.groupChannels();

    const Scratch<T> copy(images * imageSize);
    for (int64_t i = 0; i < images; i++) {
      const T* from = x + ((n0 + i) * g_.channels + group * cg) * g_.plane();
      for (int64_t y = 0; y < sourceRows; y++) {
        copyRow(copy + i * imageSize + y * pitch_ * padded_, from, h0 * g_.stride[1] + y - g_.padding[1]);
      }
    }
    const Scratch<int32_t> offsets(k);
    for (int64_t p = 0; p < k; p++) {
      const int64_t row = p % per / g_.grid[2], column = p % g_.grid[2];
      offsets[p] =
          static_cast<int32_t>(p / per * imageSize + (row * g_.stride[1] * pitch_ + column * g_.stride[2]) * padded_);
    }
    // Gradients as panels of outputs.
    const Scratch<T> a((og + R - 1) / R * R * k);
    for (int64_t o = 0; o < og; o += R) {
      const int lines = static_cast<int>(og - o < R ? og - o : R);
      for (int64_t i = 0; i < images; i++) {
        const T* from = grad + ((n0 + i) * g_.outputs + group * og + o) * g_.positions() + h0 * g_.grid[2];
        packPanel(a + o * k + i * per * lines, lines, from, g_.positions(), int64_t(1), lines, per);
      }
    }
    const Epilogue<T> e{nullptr, first ? T(0) : T(1)};
    for (int64_t t = 0; t < g_.tapCount(); t++) {
      const int64_t dy = t / g_.taps[2] % g_.taps[1] * g_.dilation[1], dx = t % g_.taps[2] * g_.dilation[2];
      const T* shifted = copy + (dy * pitch_ + dx) * padded_;
      for (int64_t c = 0; c < padded_; c += 2 * L) {
        const bool two = c + L < padded_;
        const TableRows<T> b{{shifted + c, shifted + c + L}, offsets};
        for (int64_t o = 0; o < og; o += R) {
          const int lines = static_cast<int>(og - o < R ? og - o : R);
          microFor<T, TableRows<T>>(lines, !two)(k, a + o * k, b, sum + (t * og + o) * padded_ + c, padded_,
                                                 two ? 2 * L : L, e);
        }
      }
    }
  }

  // One source row as [position, padded channel], zeros outside.
  void copyRow(T* to, const T* image, int64_t y) const {
    if (y < 0 || y >= g_.size[1]) return zeroRun(to, pitch_ * padded_);
    int64_t lo = 0, hi = 0;
    insideRange(-g_.padding[2], 1, g_.size[2], pitch_, lo, hi);
    zeroRun(to, lo * padded_);
    packPanel(to + lo * padded_, static_cast<int>(padded_), image + y * g_.size[2] + lo - g_.padding[2], g_.plane(),
              int64_t(1), static_cast<int>(g_.groupChannels()), hi - lo);
    zeroRun(to + hi * padded_, (pitch_ - hi) * padded_);
  }

  const ConvGeometry& g_;
  int64_t padded_, weights_;  // channels in whole vectors; elements of one sum
  int64_t images_, rows_;     // of a piece
  int64_t perImage_, pieces_, pitch_;
  int64_t extent_[3] = {};  // of the taps
};

}  // namespace ng::NG_ISA
