// The weights' gradient of a convolution with 3 x 3 taps by Winograd's transforms (winograd.h): 16 products
// [output, tile] [tile, channel], summed over all tiles, then transformed back once.
#pragma once
#include "winograd.h"

namespace ng::NG_ISA {

template <class T>
class WinogradWeight {
  using W = Winograd<T>;
  using Vec = typename W::Vec;
  static constexpr int L = Tile<T>::kLanes, R = Tile<T>::kRows, N = Tile<T>::kCols;

 public:
  explicit WinogradWeight(const WinogradShape& shape)
      : s_(shape),
        tiles_(shape),
        rows_((s_.outputs + R - 1) / R),
        panels_((s_.channels + N - 1) / N),
        inputPitch_(panels_ * N + L),
        gradPitch_((rows_ * R + L - 1) / L * L + L) {
    const int64_t room = tiles_.mostTiles();
    inputSize_ = room * inputPitch_ + W::kSkew;
    gradSize_ = room * gradPitch_ + W::kSkew;
  }

  // grad: [batch, outputs, positions]; x: the input; out: [outputs, channels, 9]
  void run(T* out, const T* grad, const T* x) const {
    const Scratch<T> inputs(16 * inputSize_);
    const Scratch<T> grads(16 * gradSize_);
    const Scratch<T> sums(16 * rows_ * R * panels_ * N);
    const int64_t blocks = (s_.channels + L - 1) / L, both = blocks + (s_.outputs + L - 1) / L;
    tiles_.eachChunk([&](int64_t first, int64_t last) {
      const int64_t tile0 = tiles_.firstTile(first);
      parallelFor((last - first) * both, 2, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) {
          const int64_t strip = first + i / both, block = i % both;
          if (block < blocks) {
            inputStrip(inputs, x, strip, tile0, block);
          } else {
            gradStrip(grads, grad, strip, tile0, block - blocks);
          }
        }
      });
      multiply(sums, grads, inputs, tiles_.firstTile(last) - tile0, first == 0);
    });
    deliver(out, sums);
  }

 private:
  // Transformed inputs of one strip of the chunk that begins at tile0, and L channels: [16, tile, channel].
  void inputStrip(T* to, const T* x, int64_t strip, int64_t tile0, int64_t block) const {
    const Scratch<T> copy(W::inputRoom(tiles_, strip));
    W::inputCopy(copy, tiles_, s_, x, strip, block);
    const int64_t n = tiles_.tilesOf(strip), pitch = W::inputPitch(tiles_);
    T* at = to + (tiles_.firstTile(strip) - tile0) * inputPitch_ + block * L;
    for (int64_t i = 0; i < n; i++, at += inputPitch_) {
      W::input(copy + W::tileAt(tiles_, i, pitch), pitch, [&](int e, Vec v) { W::store(at + e * inputSize_, v); });
    }
  }

  // The same of the outputs' gradients: [16, tile, output].
  void gradStrip(T* to, const T* grad, int64_t strip, int64_t tile0, int64_t block) const {
    const int64_t columns = 2 * tiles_.columns, pitch = columns * L, n = tiles_.tilesOf(strip);
    const int lanes = static_cast<int>(s_.outputs - block * L < L ? s_.outputs - block * L : L);
    const Scratch<T> copy(4 * n * L);
    W::copyStrip(copy, grad + (strip / tiles_.perPlane * s_.outputs + block * L) * s_.positions(), lanes, s_.grid,
                 2 * tiles_.firstRow(strip), 2 * n / tiles_.columns, 0, columns);
    T* at = to + (tiles_.firstTile(strip) - tile0) * gradPitch_ + block * L;
    for (int64_t i = 0; i < n; i++, at += gradPitch_) {
      W::gradient(copy + W::tileAt(tiles_, i, pitch), pitch, [&](int e, Vec v) { W::store(at + e * gradSize_, v); });
    }
  }

  // Adds a chunk to the sums [16, output, channel].
  void multiply(T* sums, const T* grads, const T* inputs, int64_t tiles, bool first) const {
    const int64_t ld = panels_ * N, passes = (tiles + W::kDepth - 1) / W::kDepth, step = (tiles + passes - 1) / passes;
    parallelFor(16 * panels_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        const int64_t e = i / panels_, panel = i % panels_;
        for (int64_t k0 = 0; k0 < tiles; k0 += step) {
          const int64_t k = tiles - k0 < step ? tiles - k0 : step;
          const SteppedRows<T> b{inputs + e * inputSize_ + k0 * inputPitch_ + panel * N, inputPitch_};
          const Epilogue<T> sum{nullptr, first && k0 == 0 ? T(0) : T(1)};
          for (int64_t row = 0; row < rows_; row++) {
            const SteppedLines<T> a{grads + e * gradSize_ + k0 * gradPitch_ + row * R, gradPitch_};
            microTile<T, SteppedLines<T>, SteppedRows<T>, R, 2>(k, a, b, sums + (e * rows_ + row) * R * ld + panel * N,
                                                                ld, N, sum);
          }
        }
      }
    });
  }

  // The sums, transformed back, to [output, channel, 9].
  void deliver(T* out, const T* sums) const {
    const int64_t ld = panels_ * N, size = rows_ * R * ld;
    parallelFor(s_.outputs, 4, [&](int64_t begin, int64_t end) {
      alignas(64) T taps[9 * L];
      for (int64_t o = begin; o < end; o++) {
        for (int64_t c = 0; c < s_.channels; c += L) {
          const T* from = sums + o * ld + c;
          W::weightGradient([&](int e) { return W::load(from + e * size); },
                            [&](int t, Vec v) { W::store(taps + t * L, v); });
          const int64_t lanes = s_.channels - c < L ? s_.channels - c : L;
          packPanel(out + (o * s_.channels + c) * 9, 9, taps, int64_t(L), int64_t(1), 9, lanes);
        }
      }
    });
  }

  const WinogradShape s_;
  const WinogradTiles tiles_;
  const int64_t rows_, panels_;           // of outputs by R, of channels by N
  const int64_t inputPitch_, gradPitch_;  // from tile to tile
  int64_t inputSize_, gradSize_;          // of one of the 16 matrices
};

}  // namespace ng::NG_ISA
