// Convolution without packed patches, for planes that are wide enough: the images of one task are copied once with
// their zeros around them, and the matrix product's micro-kernel then reads the patches where they lie, through a table
// of the offsets of (channel, tap). Packing would copy each element once per tap. The idea of the table is from Dukhan
// 2019, "The indirect convolution algorithm".
#pragma once
#include "conv_geometry.h"
#include "gemm/patches.h"
#include "runtime/parallel.h"

namespace ng::NG_ISA {

// Where the columns of a product lie in an output plane: position (d, h, w) at start + d * step[0] + ...
struct Target {
  int64_t plane, start, step[3];
  bool dense;  // positions are the plane, in order
};

// out[image, group, row, target(position)] = a[group, row, :] . patches[group] + bias[group, row]
template <class T>
struct PatchProduct {
  int64_t batch, groups, rows, channels;  // rows and channels of one group
  const T* a;                             // [group, row, (channel, tap)]
  Patches<T> patches;                     // of the first group
  int64_t groupStep;                      // from group to group in the images
  T* out;
  Target target;
  const T* bias;  // or null

  int64_t k() const { return channels * patches.taps(); }
};

template <class T>
class DirectConv {
  static constexpr int L = Tile<T>::kLanes, R = Tile<T>::kRows;
  static constexpr int64_t kColumns = 1024;    // of a task, about
  static constexpr int64_t kBlockDepth = 576;  // (channel, tap) per pass
  // What packing costs, measured: as much time as this many rows of the product.
  static constexpr int64_t kPackingRows = 34;

 public:
  explicit DirectConv(const PatchProduct<T>& product) : g_(product) {
    const PatchAxis &h = g_.patches.h, &w = g_.patches.w;
    least_[0] = *smallest(h), least_[1] = *smallest(w);
    segments_ = w.positions % L == 0;
    pitch_ = w.positions + (largest(w) - least_[1]) / w.step;
    pieceRows_ = h.positions * w.positions <= 3 * kColumns / 2 ? h.positions : kColumns / w.positions;
    if (pieceRows_ < 1) pieceRows_ = 1;
    pieces_ = (h.positions + pieceRows_ - 1) / pieceRows_;
    block_ = kBlockDepth / (h.taps * w.taps);
    if (block_ < 1) block_ = 1;
  }

  // Whether it is worth it: planes of some width, several taps, enough to share out, and less waste than packing.
  bool suits() const {
    const Patches<T>& v = g_.patches;
    if (v.d.positions != 1 || v.d.taps != 1 || v.d.shift[0] != 0) return false;
    if (v.h.taps * v.w.taps < 2 || v.w.positions < 12 || g_.channels * v.h.taps * v.w.taps < 32) return false;
    if (g_.batch * g_.groups * pieces_ < kEnoughTasks) return false;
    if (segments_) return true;
    const int64_t waste = pitch_ - v.w.positions;  // columns per row that are computed in vain
    return v.w.step == 1 && v.h.step == 1 && waste * g_.rows < kPackingRows * v.w.positions;
  }

  void run() {
    const int64_t rows = (g_.rows + R - 1) / R * R;
    const Scratch<T> packed(g_.groups * rows * g_.k());
    packed_ = packed;
    packWeights();
    parallelFor(g_.batch * g_.groups * pieces_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t task = begin; task < end; task++) piece(task / pieces_, task % pieces_ * pieceRows_);
    });
  }

 private:
  static const int64_t* smallest(const PatchAxis& axis) {
    const int64_t* best = axis.shift;
    for (int64_t t = 1; t < axis.taps; t++) best = axis.shift[t] < *best ? axis.shift + t : best;
    return best;
  }
  static int64_t largest(const PatchAxis& axis) {
    int64_t best = axis.shift[0];
    for (int64_t t = 1; t < axis.taps; t++) best = axis.shift[t] > best ? axis.shift[t] : best;
    return best;
  }

  // The weights as panels of rows for every block of channels: [group][block][panel][k][R], in the caller's scratch.
  void packWeights() {
    const int64_t k = g_.k(), depth = block_ * g_.patches.taps(), rows = (g_.rows + R - 1) / R * R;
    parallelFor(g_.groups * (rows / R), 4, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        const int64_t group = i / (rows / R), row = i % (rows / R) * R;
        const int lines = static_cast<int>(g_.rows - row < R ? g_.rows - row : R);
        for (int64_t k0 = 0; k0 < k; k0 += depth) {
          const int64_t n = k - k0 < depth ? k - k0 : depth;
          packPanel(packed_ + group * rows * k + k0 * rows + row * n, lines, g_.a + (group * g_.rows + row) * k + k0, k,
                    int64_t(1), lines, n);
        }
      }
    });
  }

  // Rows `h0` and on of the positions of one image and group.
  void piece(int64_t imageGroup, int64_t h0) const {
    const PatchAxis &h = g_.patches.h, &w = g_.patches.w;
    const int64_t group = imageGroup % g_.groups, rows = h.positions - h0 < pieceRows_ ? h.positions - h0 : pieceRows_;
    const T* image = g_.patches.x + imageGroup / g_.groups * g_.patches.image + group * g_.groupStep;
    T* plane = g_.out + imageGroup * g_.rows * g_.target.plane;
    const bool inPlace = segments_ && g_.target.dense;
    const int64_t columns = segments_ ? rows * w.positions : (rows - 1) * pitch_ + w.positions;
    const int64_t ldc = inPlace ? g_.target.plane : (columns + 2 * L - 1) / (2 * L) * (2 * L);
    const Scratch<T> own(inPlace ? 0 : g_.rows * ldc);
    T* c = inPlace ? plane + h0 * w.positions : own.get();

    // The copy: [channel][source row][phase of the stride][pitch], with room for a tile that reads beyond the end.
    const int64_t sourceRows = (rows - 1) * h.step + largest(h) - least_[0] + 1;
    const int64_t rowSize = pitch_ * w.step;
    int64_t channelSize = sourceRows * rowSize;
    if (channelSize * sizeof(T) % 512 == 0) channelSize += 16;  // or channels would share the sets of the cache
    const Scratch<T> copy(block_ * channelSize + 2 * L);
    const int64_t taps = h.taps * w.taps, paddedRows = (g_.rows + R - 1) / R * R;
    const Scratch<int32_t> offsets(block_ * taps);
    for (int64_t i = 0; i < block_ * taps; i++) {
      const int64_t dx = w.shift[i % w.taps] - least_[1], dy = h.shift[i / w.taps % h.taps] - least_[0];
      offsets[i] = static_cast<int32_t>(i / taps * channelSize + dy * rowSize + dx % w.step * pitch_ + dx / w.step);
    }

    for (int64_t c0 = 0; c0 < g_.channels; c0 += block_) {
      const int64_t channels = g_.channels - c0 < block_ ? g_.channels - c0 : block_;
      for (int64_t i = 0; i < channels; i++) {
        const T* from = image + (c0 + i) * g_.patches.plane;
        T* to = copy + i * channelSize;
        for (int64_t y = 0; y < sourceRows; y++) copyRow(to + y * rowSize, from, h0 * h.step + least_[0] + y);
      }
      zeroRun(copy + channels * channelSize, 2 * L);
      const T* a = packed_ + (group * paddedRows) * g_.k() + c0 * taps * paddedRows;
      tiles(a, channels * taps, copy, h.step * rowSize, offsets, c, ldc, columns, c0 == 0, group);
    }
    if (!inPlace) deliver(plane, c, ldc, h0, rows);
  }

  // One row of a channel, split by the phases of the stride, zeros outside.
  void copyRow(T* to, const T* plane, int64_t y) const {
    const PatchAxis &h = g_.patches.h, &w = g_.patches.w;
    if (y < 0 || y >= h.size) return zeroRun(to, pitch_ * w.step);
    const T* from = plane + y * w.size;
    for (int64_t phase = 0; phase < w.step; phase++, to += pitch_) {
      int64_t lo = 0, hi = 0;
      const int64_t first = least_[1] + phase;
      insideRange(first, w.step, w.size, pitch_, lo, hi);
      zeroRun(to, lo);
      if (w.step == 1) {
        copyRun(to + lo, from + first + lo, hi - lo);
      } else {
        for (int64_t i = lo; i < hi; i++) to[i] = from[first + i * w.step];
      }
      zeroRun(to + hi, pitch_ - hi);
    }
  }

  // All rows times all columns for one block of channels.
  void tiles(const T* a, int64_t k, const T* copy, int64_t rowStep, const int32_t* offsets, T* c, int64_t ldc,
             int64_t columns, bool first, int64_t group) const {
    const int64_t perRow = g_.patches.w.positions / L;
    // Columns L v and on: of whole rows, or of rows that follow each other with their padding.
    const auto start = [&](int64_t v) {
      return segments_ ? copy + v / perRow * rowStep + v % perRow * L : copy + v * L;
    };
    for (int64_t row = 0; row < g_.rows; row += R) {
      const int lines = static_cast<int>(g_.rows - row < R ? g_.rows - row : R);
      const auto wide = microFor<T, TableRows<T>>(lines, false), narrow = microFor<T, TableRows<T>>(lines, true);
      const Epilogue<T> e{nullptr, first ? T(0) : T(1), first && g_.bias ? g_.bias + group * g_.rows + row : nullptr};
      for (int64_t v = 0; v * L < columns; v += 2) {
        const bool two = !segments_ || (v + 1) * L < columns;  // without segments C has room for whole tiles
        const TableRows<T> b{{start(v), start(two ? v + 1 : v)}, offsets};
        (two ? wide : narrow)(k, a + row * k, b, c + row * ldc + v * L, ldc, two ? 2 * L : L, e);
      }
    }
  }

  // From the columns of a piece to their places in the output.
  void deliver(T* plane, const T* c, int64_t ldc, int64_t h0, int64_t rows) const {
    const int64_t width = g_.patches.w.positions, pitch = segments_ ? width : pitch_;
    const Target& t = g_.target;
    for (int64_t r = 0; r < g_.rows; r++) {
      for (int64_t y = 0; y < rows; y++) {
        T* to = plane + r * t.plane + t.start + (h0 + y) * t.step[1];
        const T* from = c + r * ldc + y * pitch;
        if (t.step[2] == 1) {
          copyRun(to, from, width);
        } else {
          for (int64_t i = 0; i < width; i++) to[i * t.step[2]] = from[i];
        }
      }
    }
  }

  const PatchProduct<T>& g_;
  int64_t least_[2];  // smallest shift along h and w
  bool segments_;     // rows are whole vectors; otherwise rows run on into their padding
  int64_t pitch_;     // of a row of the copy, per phase
  int64_t pieceRows_, pieces_, block_;
  T* packed_ = nullptr;
};

}  // namespace ng::NG_ISA
