// Convolution with 3 x 3 taps by Winograd's transforms (winograd.h): 16 products [tile, channel] [channel, output], one
// for each element of the transformed tiles. Vectors run along channels, so that planes of any size fill them.
#pragma once
#include "winograd.h"

namespace ng::NG_ISA {

// Where the taps of (output, channel) begin in memory; `flipped`: the last tap comes first.
struct WinogradWeights {
  int64_t output, channel;
  bool flipped;
};

template <class T>
class WinogradConv {
  using W = Winograd<T>;
  using Vec = typename W::Vec;
  static constexpr int L = Tile<T>::kLanes, R = Tile<T>::kRows, N = Tile<T>::kCols;

 public:
  explicit WinogradConv(const WinogradShape& shape)
      : s_(shape), tiles_(shape), blocks_((s_.channels + L - 1) / L), panels_((s_.outputs + N - 1) / N) {
    room_ = (tiles_.mostTiles() + R - 1) / R * R;
    inputSize_ = room_ * blocks_ * L + W::kSkew;
    pitch_ = panels_ * N + L;
    outputSize_ = room_ * pitch_ + W::kSkew;
  }

  void run(T* out, const T* x, const T* w, const WinogradWeights& order, const T* bias) {
    const Scratch<T> weights(16 * panels_ * s_.channels * N);
    packWeights(weights, w, order);
    const Scratch<T> inputs(16 * inputSize_);
    const Scratch<T> products(16 * outputSize_);
    const int64_t outputs = (s_.outputs + L - 1) / L;
    tiles_.eachChunk([&](int64_t first, int64_t last) {
      const int64_t tile0 = tiles_.firstTile(first);
      parallelFor((last - first) * blocks_, 2, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) inputStrip(inputs, x, first + i / blocks_, tile0, i % blocks_);
      });
      multiply(products, inputs, weights, tiles_.firstTile(last) - tile0);
      parallelFor((last - first) * outputs, 2, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) outputStrip(out, products, bias, first + i / outputs, tile0, i % outputs);
      });
    });
  }

 private:
  // Transformed weights [16, panel of outputs, channel, N].
  void packWeights(T* to, const T* w, const WinogradWeights& order) const {
    constexpr int64_t kSome = 16;  // channels at a time
    const int64_t some = (s_.channels + kSome - 1) / kSome, size = panels_ * s_.channels * N;
    parallelFor(panels_ * some, 1, [&](int64_t begin, int64_t end) {
      const Scratch<T> taps(kSome * 9 * N);  // [channel, tap, N]
      for (int64_t i = begin; i < end; i++) {
        const int64_t panel = i / some, c0 = i % some * kSome;
        const int64_t channels = s_.channels - c0 < kSome ? s_.channels - c0 : kSome;
        const int lines = static_cast<int>(s_.outputs - panel * N < N ? s_.outputs - panel * N : N);
        const T* from = w + panel * N * order.output + c0 * order.channel;
        if (order.channel == 9) {
          packPanel(taps.get(), N, from, order.output, int64_t(1), lines, 9 * channels);
        } else {
          for (int64_t c = 0; c < channels; c++)
            packPanel(taps + c * 9 * N, N, from + c * order.channel, order.output, int64_t(1), lines, int64_t(9));
        }
        for (int64_t c = 0; c < channels; c++) {
          for (int half = 0; half < N; half += L) {
            const T* tap = taps + c * 9 * N + half;
            T* at = to + (panel * s_.channels + c0 + c) * N + half;
            const auto put = [&](int e, Vec v) { W::store(at + e * size, v); };
            if (order.flipped) {
              W::weight([&](int t) { return W::load(tap + (8 - t) * N); }, put);
            } else {
              W::weight([&](int t) { return W::load(tap + t * N); }, put);
            }
          }
        }
      }
    });
  }

  // Transformed inputs of one strip of the chunk that begins at tile0, and L channels:
  // [16, panel of tiles, block, R, L].
  void inputStrip(T* to, const T* x, int64_t strip, int64_t tile0, int64_t block) const {
    const Scratch<T> copy(W::inputRoom(tiles_, strip));
    W::inputCopy(copy, tiles_, s_, x, strip, block);
    const int64_t tile = tiles_.firstTile(strip) - tile0, n = tiles_.tilesOf(strip), pitch = W::inputPitch(tiles_);
    for (int64_t i = 0; i < n; i++) {
      T* at = to + (((tile + i) / R * blocks_ + block) * R + (tile + i) % R) * L;
      W::input(copy + W::tileAt(tiles_, i, pitch), pitch, [&](int e, Vec v) { W::store(at + e * inputSize_, v); });
    }
  }

  // Products [16, tile, output].
  void multiply(T* products, const T* inputs, const T* weights, int64_t tiles) const {
    const int64_t depth = (s_.channels + W::kDepth - 1) / W::kDepth;
    const int64_t step = ((s_.channels + depth - 1) / depth + L - 1) / L * L;
    parallelFor(16 * panels_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        const int64_t e = i / panels_, panel = i % panels_;
        const T* b = weights + i * s_.channels * N;
        for (int64_t k0 = 0; k0 < s_.channels; k0 += step) {
          const int64_t k = s_.channels - k0 < step ? s_.channels - k0 : step;
          const Epilogue<T> sum{nullptr, k0 == 0 ? T(0) : T(1)};
          for (int64_t tile = 0; tile < tiles; tile += R) {
            const BlockedLines<T> a{inputs + e * inputSize_ + (tile * blocks_ + k0 / L * R) * L};
            microTile<T, BlockedLines<T>, SteppedRows<T>, R, 2>(k, a, SteppedRows<T>{b + k0 * N, N},
                                                                products + e * outputSize_ + tile * pitch_ + panel * N,
                                                                pitch_, N, sum);
          }
        }
      }
    });
  }

  // L outputs of one strip, from its products.
  void outputStrip(T* out, const T* products, const T* bias, int64_t strip, int64_t tile0, int64_t block) const {
    const int64_t columns = 2 * tiles_.columns, pitch = columns * L, n = tiles_.tilesOf(strip);
    const int lanes = static_cast<int>(s_.outputs - block * L < L ? s_.outputs - block * L : L);
    const Scratch<T> copy(4 * n * L);
    Vec shift{};
    for (int i = 0; bias && i < lanes; i++) shift[i] = bias[block * L + i];
    const T* from = products + (tiles_.firstTile(strip) - tile0) * pitch_ + block * L;
    for (int64_t i = 0; i < n; i++, from += pitch_) {
      W::output(
          copy + W::tileAt(tiles_, i, pitch), pitch, [&](int e) { return W::load(from + e * outputSize_); }, shift);
    }
    const int64_t row = 2 * tiles_.firstRow(strip), left = s_.grid[0] - row;
    const int64_t rows = left < 2 * tiles_.height ? left : 2 * tiles_.height;
    T* to = out + (strip / tiles_.perPlane * s_.outputs + block * L) * s_.positions() + row * s_.grid[1];
    if (columns == s_.grid[1]) return deliver(to, copy, rows * columns, lanes);
    for (int64_t y = 0; y < rows; y++) deliver(to + y * s_.grid[1], copy + y * pitch, s_.grid[1], lanes);
  }

  // From [position, L] to planes.
  void deliver(T* to, const T* from, int64_t n, int lanes) const {
    const int count = static_cast<int>(n);
    if (count >= kTransposed<T>) return transposeAll<kTransposed<T>>(from, L, to, s_.positions(), count, lanes);
    for (int i = 0; i < count; i++) {
      for (int l = 0; l < lanes; l++) to[l * s_.positions() + i] = from[i * L + l];
    }
  }

  const WinogradShape s_;
  const WinogradTiles tiles_;
  const int64_t blocks_, panels_;   // of channels by L, of outputs by N
  int64_t room_, pitch_;            // tiles of a chunk in whole panels; from tile to tile in the products
  int64_t inputSize_, outputSize_;  // of one of the 16 matrices
};

}  // namespace ng::NG_ISA
