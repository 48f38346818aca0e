// Convolution, its adjoint in the input (transposed convolution) and its adjoint in the weights, all as matrix products
// over patches that are read where they lie (conv_direct.h) or gathered while packing. The adjoint in the input is cut
// into one product per phase of the stride, so that no multiplication with inserted zeros is done.
#include "conv_depthwise.h"
#include "conv_direct.h"
#include "conv_direct_weight.h"
#include "conv_winograd.h"
#include "conv_winograd_weight.h"

namespace ng::NG_ISA {
namespace {

constexpr int64_t kPieceColumns = 1024;                      // columns per task: their packed patches stay in L2
constexpr double kTaskFlops = 1e6;                           // several tasks in a row until there is that much to do
constexpr int64_t kWinogradConv = 32, kWinogradWeight = 64;  // least channels and outputs for Winograd's transforms

template <class T>
void patchProduct(const PatchProduct<T>& g) {
  const Patches<T>& all = g.patches;
  const Target& target = g.target;
  const int64_t batch = g.batch, groups = g.groups, rows = g.rows, k = g.k();
  const int64_t per = all.positions();
  if (per == 0 || batch == 0 || rows == 0) return;
  if (k > 0) {
    DirectConv<T> direct(g);
    if (direct.suits()) return direct.run();
  }
  // Short planes: several images side by side. Long ones: pieces of one.
  const int64_t images = per >= kPieceColumns / 2 ? 1 : kPieceColumns / per < batch ? kPieceColumns / per : batch;
  int64_t piece = images > 1 ? images * per : per;
  if (images == 1 && per > kPieceColumns) {
    const int64_t pieces = (per + kPieceColumns - 1) / kPieceColumns;
    piece = ((per + pieces - 1) / pieces + 63) / 64 * 64;
  }
  const int64_t pieces = images > 1 ? 1 : (per + piece - 1) / piece, blocks = (batch + images - 1) / images;
  const int64_t tasks = groups * blocks * pieces;
  const bool sideBySide = tasks >= kEnoughTasks;

  const auto run = [&](int64_t task) {
    const int64_t block = task / (pieces * groups), group = task / pieces % groups, p0 = task % pieces * piece;
    const int64_t n0 = block * images, n = batch - n0 < images ? batch - n0 : images;
    const int64_t columns = images > 1 ? n * per : (per - p0 < piece ? per - p0 : piece);
    const bool direct = target.dense && n == 1;
    T* to = g.out + (n0 * groups + group) * rows * target.plane;  // row 0 of image n0
    const Scratch<T> own(direct ? 0 : rows * columns);
    T* c = direct ? to + p0 : own.get();
    const int64_t ldc = direct ? target.plane : columns;
    Patches<T> v = all;
    v.x += group * g.groupStep;
    gemmWith(Product<T>{rows, columns, k, c, ldc, nullptr, T(0), g.bias ? g.bias + group * rows : nullptr},
             Strided<T>{g.a + group * rows * k, k, 1}, PatchColumns<T>{v, n0 * per + p0}, !sideBySide);
    if (direct) return;
    if (target.dense) {  // whole planes, or a piece of one
      for (int64_t r = 0; r < rows; r++) {
        for (int64_t i = 0; i < n; i++) {
          copyRun(to + (i * groups * rows + r) * target.plane + p0, c + r * columns + i * per, columns / n);
        }
      }
      return;
    }
    for (int64_t j = 0; j < columns;) {
      const int64_t p = (p0 + j) % per, row = p / all.w.positions, w = p % all.w.positions;
      const int64_t left = all.w.positions - w, length = left < columns - j ? left : columns - j;
      const int64_t at = target.start + row / all.h.positions * target.step[0] +
                         row % all.h.positions * target.step[1] + w * target.step[2];
      T* first = to + (p0 + j) / per * groups * rows * target.plane + at;
      for (int64_t r = 0; r < rows; r++) {
        T* dst = first + r * target.plane;
        const T* src = c + r * columns + j;
        for (int64_t i = 0; i < length; i++) dst[i * target.step[2]] = src[i];
      }
      j += length;
    }
  };
  if (!sideBySide) {
    for (int64_t task = 0; task < tasks; task++) run(task);
    return;
  }
  const int64_t grain = 1 + static_cast<int64_t>(kTaskFlops / (2.0 * rows * k * piece + 1));
  parallelFor(tasks, grain, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; task++) run(task);
  });
}

// The patches of conv's input, and the shifts that they point to.
template <class T>
struct InputPatches {
  Scratch<int64_t> shifts;
  Patches<T> patches;

  InputPatches(const ConvGeometry& g, const T* x) : shifts(g.taps[0] + g.taps[1] + g.taps[2]) {
    int64_t* next = shifts;
    PatchAxis axis[3];
    for (int a = 0; a < 3; a++) {
      axis[a] = {g.size[a], g.grid[a], g.stride[a], g.taps[a], next};
      for (int64_t t = 0; t < g.taps[a]; t++) *next++ = g.shift(a, t);
    }
    patches = {x, g.channels * g.plane(), g.plane(), axis[0], axis[1], axis[2]};
  }
};

template <class T>
void forward(const ConvGeometry& g, T* out, const T* x, const T* w, const T* bias) {
  if (g.depthwise()) return depthwiseForward(g, out, x, w, bias);
  if constexpr (sizeof(T) == 4) {
    if (winogradSuits(g, kWinogradConv))
      return WinogradConv<T>(winogradShape(g)).run(out, x, w, {9 * g.channels, 9, false}, bias);
  }
  const Target target{g.positions(), 0, {g.grid[1] * g.grid[2], g.grid[2], 1}, true};
  const InputPatches<T> input(g, x);
  patchProduct(PatchProduct<T>{g.batch, g.groups, g.groupOutputs(), g.groupChannels(), w, input.patches,
                               g.groupChannels() * g.plane(), out, target, bias});
}

// Of one dimension and one phase r: input positions r, r + stride, ... and the taps that reach them.
struct Phase {
  int64_t positions, count;
  int64_t* tap;
  int64_t* shift;
};

Phase phaseOf(const ConvGeometry& g, int a, int64_t r, int64_t* room) {
  Phase p{r < g.size[a] ? (g.size[a] - r + g.stride[a] - 1) / g.stride[a] : 0, 0, room, room + g.taps[a]};
  for (int64_t t = 0; t < g.taps[a]; t++) {
    const int64_t from = r - g.shift(a, t);  // output position * stride
    if (from % g.stride[a] != 0) continue;
    p.tap[p.count] = t;
    p.shift[p.count++] = from / g.stride[a];
  }
  return p;
}

template <class T>
void transposed(const ConvGeometry& g, T* out, const T* grad, const T* w, const T* bias) {
  if (g.depthwise()) return depthwiseTranspose(g, out, grad, w, bias);
  if constexpr (sizeof(T) == 4) {
    if (winogradSuits(g, kWinogradConv)) {
      const WinogradShape s{g.batch,
                            g.outputs,
                            g.channels,
                            {g.grid[1], g.grid[2]},
                            {g.size[1], g.size[2]},
                            {g.padding[1] - 2, g.padding[2] - 2}};
      return WinogradConv<T>(s).run(out, grad, w, {9, 9 * g.channels, true}, bias);
    }
  }
  const int64_t cg = g.groupChannels(), og = g.groupOutputs(), taps = g.tapCount();
  const Scratch<int64_t> room(2 * (g.taps[0] + g.taps[1] + g.taps[2]));
  const bool whole = g.stride[0] == 1 && g.stride[1] == 1 && g.stride[2] == 1;
  for (int64_t phase = 0; phase < g.stride[0] * g.stride[1] * g.stride[2]; phase++) {
    const int64_t r[3] = {phase / (g.stride[1] * g.stride[2]), phase / g.stride[2] % g.stride[1], phase % g.stride[2]};
    Phase p[3];
    PatchAxis axis[3];
    int64_t* next = room;
    for (int a = 0; a < 3; a++) {
      p[a] = phaseOf(g, a, r[a], next);
      next += 2 * g.taps[a];
      axis[a] = {g.grid[a], p[a].positions, 1, p[a].count, p[a].shift};
    }
    const int64_t used = p[0].count * p[1].count * p[2].count;
    // Weights of this phase as [group, channel, (output, tap)].
    const Scratch<T> a(g.channels * og * used);
    parallelFor(g.channels, 1 + 16384 / (og * used + 1), [&](int64_t begin, int64_t end) {
      for (int64_t c = begin; c < end; c++) {
        T* to = a + c * og * used;
        for (int64_t o = 0; o < og; o++) {
          const T* from = w + ((c / cg * og + o) * cg + c % cg) * taps;
          for (int64_t i = 0; i < p[0].count; i++) {
            for (int64_t j = 0; j < p[1].count; j++) {
              const T* line = from + (p[0].tap[i] * g.taps[1] + p[1].tap[j]) * g.taps[2];
              for (int64_t e = 0; e < p[2].count; e++) *to++ = line[p[2].tap[e]];
            }
          }
        }
      }
    });
    const Patches<T> v{grad, g.outputs * g.positions(), g.positions(), axis[0], axis[1], axis[2]};
    const int64_t row = g.size[2], slice = g.size[1] * row;
    const Target target{
        g.plane(), r[0] * slice + r[1] * row + r[2], {g.stride[0] * slice, g.stride[1] * row, g.stride[2]}, whole};
    patchProduct(PatchProduct<T>{g.batch, g.groups, cg, og, a, v, og * g.positions(), out, target, bias});
  }
}

// A of the weights' gradient: lines are outputs of one group, k runs over (image, position).
template <class T>
struct GradLines {
  const T* g;
  int64_t image, positions, first;
  void operator()(T* to, int width, int64_t line, int lines, int64_t k0, int64_t k) const {
    for (int64_t p = 0; p < k;) {
      const int64_t column = first + k0 + p, at = column % positions;
      const int64_t n = positions - at < k - p ? positions - at : k - p;
      packPanel(to + p * width, width, g + column / positions * image + line * positions + at, positions, 1, lines, n);
      p += n;
    }
  }
};

template <class T>
void weightGrad(const ConvGeometry& g, T* out, const T* grad, const T* x) {
  if (g.depthwise()) return depthwiseWeight(g, out, grad, x);
  const int64_t og = g.groupOutputs(), lines = g.groupChannels() * g.tapCount(), positions = g.positions();
  const int64_t columns = g.batch * positions, size = g.groups * og * lines;
  if (size == 0) return;
  if constexpr (sizeof(T) == 4) {
    if (winogradSuits(g, kWinogradWeight)) return WinogradWeight<T>(winogradShape(g)).run(out, grad, x);
  }
  const DirectWeight<T> direct(g);
  if (direct.suits()) return direct.run(out, grad, x);
  const InputPatches<T> input(g, x);
  const Patches<T>& v = input.patches;
  // Small weights leave nothing to share out among threads: the sum over positions is cut into parts, added at the end.
  const int64_t tiles = (og + 111) / 112 * ((lines + 255) / 256) * g.groups;
  int64_t parts = tiles >= 16 ? 1 : 16 / tiles;
  const int64_t most = columns / (2 * kBlockK) < 1 ? 1 : columns / (2 * kBlockK);
  if (parts > most) parts = most;
  const int64_t length = columns == 0 ? 1 : ((columns + parts - 1) / parts + kBlockK - 1) / kBlockK * kBlockK;
  parts = columns == 0 ? 1 : (columns + length - 1) / length;
  const Scratch<T> own(parts == 1 ? 0 : parts * size);
  T* sums = parts == 1 ? out : own.get();
  const int64_t tasks = parts * g.groups;
  const bool sideBySide = tasks >= kEnoughTasks;
  const auto run = [&](int64_t task) {
    const int64_t group = task % g.groups, first = task / g.groups * length;
    const int64_t k = columns - first < length ? columns - first : length;
    Patches<T> mine = v;
    mine.x += group * g.groupChannels() * g.plane();
    T* c = sums + task / g.groups * size + group * og * lines;
    gemmWith(Product<T>{og, lines, k, c, lines, nullptr, T(0)},
             GradLines<T>{grad + group * og * positions, g.outputs * positions, positions, first},
             PatchRows<T>{mine, first}, !sideBySide);
  };
  if (sideBySide) {
    parallelFor(tasks, 1, [&](int64_t begin, int64_t end) {
      for (int64_t task = begin; task < end; task++) run(task);
    });
  } else {
    for (int64_t task = 0; task < tasks; task++) run(task);
  }
  if (parts == 1) return;
  parallelFor(size, 8192, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      T s = sums[i];
      for (int64_t p = 1; p < parts; p++) s += sums[p * size + i];
      out[i] = s;
    }
  });
}

}  // namespace

void conv(Ctx& ctx, Out<Real> out, In<Real> x, In<Real> w, In<Real> bias, Dims xShape, Dims wShape, Dims grid,
          Dims stride, Dims padding, Dims dilation) {
  const ConvGeometry g = convGeometry(xShape, wShape, grid, stride, padding, dilation);
  if (out.t == DType::f32) return forward(g, out.as<float>(), x.as<float>(), w.as<float>(), bias.as<float>());
  if (out.t == DType::f64) return forward(g, out.as<double>(), x.as<double>(), w.as<double>(), bias.as<double>());
  ctx.fail(Why::undefinedDtype);
}

void convTranspose(Ctx& ctx, Out<Real> out, In<Real> g, In<Real> w, In<Real> bias, Dims xShape, Dims wShape, Dims grid,
                   Dims stride, Dims padding, Dims dilation) {
  const ConvGeometry s = convGeometry(xShape, wShape, grid, stride, padding, dilation);
  if (out.t == DType::f32) return transposed(s, out.as<float>(), g.as<float>(), w.as<float>(), bias.as<float>());
  if (out.t == DType::f64) return transposed(s, out.as<double>(), g.as<double>(), w.as<double>(), bias.as<double>());
  ctx.fail(Why::undefinedDtype);
}

void convWeight(Ctx& ctx, Out<Real> out, In<Real> g, In<Real> x, Dims xShape, Dims wShape, Dims grid, Dims stride,
                Dims padding, Dims dilation) {
  const ConvGeometry s = convGeometry(xShape, wShape, grid, stride, padding, dilation);
  if (out.t == DType::f32) return weightGrad(s, out.as<float>(), g.as<float>(), x.as<float>());
  if (out.t == DType::f64) return weightGrad(s, out.as<double>(), g.as<double>(), x.as<double>());
  ctx.fail(Why::undefinedDtype);
}

}  // namespace ng::NG_ISA
