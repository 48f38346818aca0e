// What Winograd's convolutions share: tiles, and the three transforms of F(2x2, 3x3), which makes 2 x 2 outputs from
// 4 x 4 inputs with 16 multiplications instead of 36 (Lavin & Gray 2016, "Fast algorithms for convolutional neural
// networks"):
//   Y = A' [(G g G') * (B' d B)] A,   g: 3 x 3 taps, d: inputs, Y: outputs, *: element by element, ': transposed
// Rounding errors stay within 2e-6 of the sum of magnitudes (native/test/conv_test.cpp). One infinity in a tile makes
// all of its outputs NaN.
#pragma once
#include "conv_geometry.h"
#include "gemm/gemm.h"

namespace ng::NG_ISA {

// A correlation with 3 x 3 taps and stride 1: position (y, x) reads rows y + first[0] to y + first[0] + 2, and so on.
struct WinogradShape {
  int64_t batch, channels, outputs;
  int64_t size[2], grid[2], first[2];

  int64_t plane() const { return size[0] * size[1]; }
  int64_t positions() const { return grid[0] * grid[1]; }
};

static inline WinogradShape winogradShape(const ConvGeometry& g) {
  return {
      g.batch, g.channels, g.outputs, {g.size[1], g.size[2]}, {g.grid[1], g.grid[2]}, {-g.padding[1], -g.padding[2]}};
}

// Whether the transforms cost less than they save, measured: with that many channels and outputs, and multiplications
// saved per weight enough to pay for the weights' transform, which must not take too much memory either.
static inline bool winogradSuits(const ConvGeometry& g, int64_t leastChannels) {
  constexpr int64_t kLeastSaved = 800;
  constexpr int64_t kMostWeights = int64_t(1) << 20;
  const bool taps = g.taps[0] == 1 && g.taps[1] == 3 && g.taps[2] == 3 && g.size[0] == 1 && g.padding[0] == 0;
  for (int a = 0; a < 3; a++) {
    if (g.stride[a] != 1 || g.dilation[a] != 1) return false;
  }
  const int64_t tiles = ((g.grid[1] + 1) / 2) * ((g.grid[2] + 1) / 2);
  return taps && g.groups == 1 && g.channels >= leastChannels && g.outputs >= leastChannels &&
         g.channels * g.outputs <= kMostWeights && g.batch * (9 * g.positions() - 16 * tiles) >= kLeastSaved;
}

// Planes are cut into strips of whole rows of tiles, and strips are worked on a chunk at a time, so that the
// transformed values of a chunk stay in the caches; the more weights there are, which every chunk reads, the larger.
struct WinogradTiles {
  int64_t rows, columns;  // of tiles in a plane
  int64_t height;         // of a strip, in tiles; the last of a plane may be shorter
  int64_t perPlane;       // strips
  int64_t strips;         // in all
  int64_t perChunk;

  static constexpr int64_t kStripTiles = 64;                                               // about
  static constexpr int64_t kLeastChunk = int64_t(1) << 19, kMostChunk = int64_t(1) << 22;  // elements, about

  explicit WinogradTiles(const WinogradShape& s) : rows((s.grid[0] + 1) / 2), columns((s.grid[1] + 1) / 2) {
    const int64_t most = columns >= kStripTiles ? 1 : kStripTiles / columns;
    perPlane = (rows + most - 1) / most;
    height = (rows + perPlane - 1) / perPlane;
    perPlane = (rows + height - 1) / height;
    strips = perPlane * s.batch;
    const int64_t weights = 16 * s.channels * s.outputs;
    const int64_t chunk = weights < kLeastChunk ? kLeastChunk : weights > kMostChunk ? kMostChunk : weights;
    const int64_t chunks = 1 + 16 * (s.channels + s.outputs) * firstTile(strips) / chunk;
    perChunk = (strips + chunks - 1) / chunks;
  }
  int64_t firstTile(int64_t strip) const { return (strip / perPlane * rows + firstRow(strip)) * columns; }
  int64_t tilesOf(int64_t strip) const { return firstTile(strip + 1) - firstTile(strip); }
  int64_t mostTiles() const { return perChunk * height * columns; }  // of a chunk
  // Calls body(first strip, one beyond the last) for every chunk.
  template <class F>
  void eachChunk(const F& body) const {
    for (int64_t first = 0; first < strips; first += perChunk) {
      body(first, strips - first < perChunk ? strips : first + perChunk);
    }
  }
  // Within its plane, in tiles.
  int64_t firstRow(int64_t strip) const { return strip % perPlane * height; }
};

template <class T>
struct Winograd {
  using Vec = typename Tile<T>::Vec;
  static constexpr int L = Tile<T>::kLanes;
  static constexpr int64_t kDepth = 256;   // of a product per pass: a panel stays in L1
  static constexpr int64_t kSkew = 5 * L;  // keeps the 16 matrices of a chunk out of each other's cache sets

  // Where the i-th tile of a strip begins in a copy whose rows are `pitch` apart.
  static int64_t tileAt(const WinogradTiles& tiles, int64_t i, int64_t pitch) {
    return 2 * (i / tiles.columns) * pitch + 2 * (i % tiles.columns) * L;
  }

  static Vec load(const T* p) { return *reinterpret_cast<const Vec*>(p); }
  static void store(T* p, Vec v) { *reinterpret_cast<Vec*>(p) = v; }

  // Rows y0 .. of `lanes` planes as [row, column, L], zeros outside.
  static void copyStrip(T* to, const T* planes, int lanes, const int64_t* size, int64_t y0, int64_t rows, int64_t x0,
                        int64_t columns) {
    int64_t lo = 0, hi = 0;
    insideRange(x0, 1, size[1], columns, lo, hi);
    for (int64_t y = y0; y < y0 + rows; y++, to += columns * L) {
      if (y < 0 || y >= size[0] || lo >= hi) {
        zeroRun(to, columns * L);
        continue;
      }
      zeroRun(to, lo * L);
      packPanel(to + lo * L, L, planes + y * size[1] + x0 + lo, size[0] * size[1], int64_t(1), lanes, hi - lo);
      zeroRun(to + hi * L, (columns - hi) * L);
    }
  }

  // The rows that a strip of tiles reads, L channels of them, into `copy`, which has room for inputRoom elements.
  static void inputCopy(T* copy, const WinogradTiles& tiles, const WinogradShape& s, const T* x, int64_t strip,
                        int64_t block) {
    const int lanes = static_cast<int>(s.channels - block * L < L ? s.channels - block * L : L);
    const int64_t rows = inputRows(tiles, strip);
    copyStrip(copy, x + (strip / tiles.perPlane * s.channels + block * L) * s.plane(), lanes, s.size,
              2 * tiles.firstRow(strip) + s.first[0], rows, s.first[1], 2 * tiles.columns + 2);
  }
  static int64_t inputRows(const WinogradTiles& tiles, int64_t strip) {
    return 2 * tiles.tilesOf(strip) / tiles.columns + 2;
  }
  static int64_t inputRoom(const WinogradTiles& tiles, int64_t strip) {
    return inputRows(tiles, strip) * inputPitch(tiles);
  }
  static int64_t inputPitch(const WinogradTiles& tiles) { return (2 * tiles.columns + 2) * L; }

  // B' d B of 4 x 4 vectors, `pitch` apart from row to row; put(i, v) takes the 16 results.
  template <class Put>
  static void input(const T* d, int64_t pitch, const Put& put) {
    Vec t[4][4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
      const Vec d0 = load(d + j * L), d1 = load(d + pitch + j * L), d2 = load(d + 2 * pitch + j * L),
                d3 = load(d + 3 * pitch + j * L);
      t[0][j] = d0 - d2, t[1][j] = d1 + d2, t[2][j] = d2 - d1, t[3][j] = d1 - d3;
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      put(4 * i, t[i][0] - t[i][2]);
      put(4 * i + 1, t[i][1] + t[i][2]);
      put(4 * i + 2, t[i][2] - t[i][1]);
      put(4 * i + 3, t[i][1] - t[i][3]);
    }
  }

  // A g A' of 2 x 2 gradients of outputs: the adjoint of `output`.
  template <class Put>
  static void gradient(const T* g, int64_t pitch, const Put& put) {
    Vec t[4][2];
#pragma GCC unroll 2
    for (int j = 0; j < 2; j++) {
      const Vec g0 = load(g + j * L), g1 = load(g + pitch + j * L);
      t[0][j] = g0, t[1][j] = g0 + g1, t[2][j] = g0 - g1, t[3][j] = -g1;
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      put(4 * i, t[i][0]);
      put(4 * i + 1, t[i][0] + t[i][1]);
      put(4 * i + 2, t[i][0] - t[i][1]);
      put(4 * i + 3, -t[i][1]);
    }
  }

  // A' m A: 2 x 2 outputs of 16 products get(i), plus a bias.
  template <class Get>
  static void output(T* to, int64_t pitch, const Get& get, Vec bias) {
    Vec t[2][4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
      const Vec m0 = get(j), m1 = get(4 + j), m2 = get(8 + j), m3 = get(12 + j);
      t[0][j] = m0 + m1 + m2, t[1][j] = m1 - m2 - m3;
    }
#pragma GCC unroll 2
    for (int i = 0; i < 2; i++) {
      store(to + i * pitch, t[i][0] + t[i][1] + t[i][2] + bias);
      store(to + i * pitch + L, t[i][1] - t[i][2] - t[i][3] + bias);
    }
  }

  // G g G' of 3 x 3 taps tap(0) to tap(8).
  template <class Tap, class Put>
  static void weight(const Tap& tap, const Put& put) {
    Vec t[4][3];
#pragma GCC unroll 3
    for (int j = 0; j < 3; j++) {
      const Vec g0 = tap(j), g1 = tap(3 + j), g2 = tap(6 + j);
      t[0][j] = g0, t[1][j] = T(0.5) * (g0 + g1 + g2), t[2][j] = T(0.5) * (g0 - g1 + g2), t[3][j] = g2;
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      put(4 * i, t[i][0]);
      put(4 * i + 1, T(0.5) * (t[i][0] + t[i][1] + t[i][2]));
      put(4 * i + 2, T(0.5) * (t[i][0] - t[i][1] + t[i][2]));
      put(4 * i + 3, t[i][2]);
    }
  }

  // G' m G: the adjoint of `weight`.
  template <class Get, class Put>
  static void weightGradient(const Get& get, const Put& put) {
    Vec t[3][4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
      const Vec m1 = get(4 + j), m2 = get(8 + j), half = T(0.5) * (m1 + m2);
      t[0][j] = get(j) + half, t[1][j] = T(0.5) * (m1 - m2), t[2][j] = half + get(12 + j);
    }
#pragma GCC unroll 3
    for (int i = 0; i < 3; i++) {
      const Vec half = T(0.5) * (t[i][1] + t[i][2]);
      put(3 * i, t[i][0] + half);
      put(3 * i + 1, T(0.5) * (t[i][1] - t[i][2]));
      put(3 * i + 2, half + t[i][3]);
    }
  }
};

}  // namespace ng::NG_ISA
