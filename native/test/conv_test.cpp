// Convolution, its adjoint in the input and its adjoint in the weights against the definition in double: shapes that
// take each of the ways through the kernels (packed patches, planes read in place, depthwise, 1 x 1).
#include "check.h"

using namespace ng;
using namespace ng::test;

namespace {

struct Sizes {
  int64_t batch, channels, outputs, groups;
  int64_t size[3], taps[3], stride[3], padding[3], dilation[3];
};

Sizes flat(int64_t batch, int64_t channels, int64_t outputs, int64_t groups, int64_t h, int64_t w, int64_t taps,
           int64_t stride, int64_t padding, int64_t dilation) {
  return {batch,
          channels,
          outputs,
          groups,
          {1, h, w},
          {1, taps, taps},
          {1, stride, stride},
          {0, padding, padding},
          {1, dilation, dilation}};
}

const Sizes kCases[] = {
    flat(1, 1, 1, 1, 1, 1, 1, 1, 0, 1),
    flat(2, 3, 5, 1, 7, 6, 3, 1, 1, 1),
    flat(3, 4, 6, 2, 9, 8, 3, 2, 1, 1),
    flat(2, 3, 4, 1, 11, 10, 3, 1, 2, 2),
    flat(9, 6, 7, 1, 4, 4, 3, 1, 1, 1),      // several images side by side
    flat(2, 5, 9, 1, 33, 40, 3, 1, 0, 1),    // pieces of a plane
    flat(8, 5, 15, 1, 18, 32, 3, 1, 1, 1),   // in place: whole vectors
    flat(8, 5, 15, 1, 9, 48, 3, 1, 1, 1),    //
    flat(8, 70, 3, 1, 5, 16, 3, 1, 1, 1),    // more than one block of channels
    flat(9, 5, 4, 1, 20, 26, 3, 1, 0, 1),    // in place: rows with their padding
    flat(8, 6, 16, 2, 15, 28, 3, 1, 2, 2),   // groups, dilation
    flat(8, 5, 33, 1, 13, 32, 3, 2, 1, 1),   // stride
    flat(8, 3, 9, 1, 40, 64, 7, 2, 3, 1),    //
    flat(4, 4, 4, 1, 70, 48, 3, 1, 1, 1),    // pieces, in place
    flat(2, 4, 5, 1, 64, 100, 3, 1, 1, 1),   //
    flat(8, 9, 6, 1, 21, 33, 3, 3, 1, 1),    // a stride that leaves input unread
    flat(3, 6, 20, 1, 12, 12, 1, 1, 0, 1),   // 1 x 1
    flat(3, 6, 5, 1, 13, 12, 1, 2, 0, 1),    //
    flat(3, 8, 8, 8, 10, 17, 5, 1, 2, 1),    // depthwise
    flat(2, 4, 8, 4, 10, 9, 3, 2, 1, 1),     //
    flat(8, 32, 20, 1, 9, 14, 3, 1, 1, 1),   // weights' gradient in place: several images to a piece
    flat(2, 15, 9, 1, 66, 40, 3, 1, 1, 1),   // pieces of a plane, channels that do not fill a vector
    flat(17, 33, 8, 1, 12, 12, 3, 2, 1, 1),  //
    flat(9, 48, 18, 2, 10, 11, 3, 1, 2, 2),  //
    flat(16, 64, 64, 1, 4, 4, 3, 1, 1, 1),   // Winograd's transforms: small planes
    flat(2, 70, 67, 1, 9, 13, 3, 1, 1, 1),   // sizes that fill neither tiles nor vectors
    flat(1, 64, 64, 1, 19, 37, 3, 1, 0, 1),  // several strips, no padding
    flat(3, 290, 32, 1, 6, 7, 3, 1, 2, 1),   // padding beyond what the taps reach; channels in two passes
    flat(1, 64, 64, 1, 3, 134, 3, 1, 1, 1),  // wide
    {2, 3, 4, 1, {4, 5, 18}, {3, 2, 3}, {1, 2, 1}, {1, 0, 1}, {1, 1, 2}},
    {8, 4, 5, 1, {1, 1, 400}, {1, 1, 9}, {1, 1, 1}, {0, 0, 4}, {1, 1, 1}},
    {8, 12, 5, 1, {1, 1, 64}, {1, 1, 4}, {1, 1, 2}, {0, 0, 1}, {1, 1, 1}},
};

// Calls f(x index, w index, out index) for every product of the definition.
template <class F>
void forEachTerm(const Sizes& c, const Dims& grid, F f) {
  const int64_t cg = c.channels / c.groups, og = c.outputs / c.groups;
  for (int64_t n = 0; n < c.batch; n++) {
    for (int64_t o = 0; o < c.outputs; o++) {
      for (int64_t i = 0; i < cg; i++) {
        for (int64_t q = 0; q < grid.numel(); q++) {
          const int64_t at[3] = {q / (grid[1] * grid[2]), q / grid[2] % grid[1], q % grid[2]};
          for (int64_t t = 0; t < c.taps[0] * c.taps[1] * c.taps[2]; t++) {
            const int64_t tap[3] = {t / (c.taps[1] * c.taps[2]), t / c.taps[2] % c.taps[1], t % c.taps[2]};
            int64_t from = 0;
            bool inside = true;
            for (int a = 0; a < 3; a++) {
              const int64_t s = at[a] * c.stride[a] + tap[a] * c.dilation[a] - c.padding[a];
              inside = inside && s >= 0 && s < c.size[a];
              from = from * c.size[a] + s;
            }
            if (!inside) continue;
            const int64_t plane = c.size[0] * c.size[1] * c.size[2], taps = c.taps[0] * c.taps[1] * c.taps[2];
            f((n * c.channels + o / og * cg + i) * plane + from, (o * cg + i) * taps + t,
              (n * c.outputs + o) * grid.numel() + q);
          }
        }
      }
    }
  }
}

template <class T>
void checkClose(const std::vector<T>& got, const std::vector<double>& want, const std::vector<double>& size) {
  const double eps = sizeof(T) == 4 ? 2e-6 : 1e-14;  // twice what the definition needs, for Winograd's transforms
  for (size_t i = 0; i < want.size(); i++) CHECK_NEAR(got[i], want[i], eps * (1 + size[i]), 0);
}

template <class T>
void check(const Sizes& c) {
  Dims grid = dims({0, 0, 0});
  for (int a = 0; a < 3; a++) {
    grid.d[a] = (c.size[a] + 2 * c.padding[a] - c.dilation[a] * (c.taps[a] - 1) - 1) / c.stride[a] + 1;
  }
  const Dims xShape = dims({c.batch, c.channels, c.size[0], c.size[1], c.size[2]});
  const Dims wShape = dims({c.outputs, c.channels / c.groups, c.taps[0], c.taps[1], c.taps[2]});
  const Dims stride = dims({c.stride[0], c.stride[1], c.stride[2]}),
             dilation = dims({c.dilation[0], c.dilation[1], c.dilation[2]});
  const Dims padding = dims({c.padding[0], c.padding[1], c.padding[2]});
  const int64_t outs = c.batch * c.outputs * grid.numel();
  auto x = filled<T>(xShape.numel(), 1), w = filled<T>(wShape.numel(), 2), g = filled<T>(outs, 3);
  auto bias = filled<T>(c.outputs, 4), back = filled<T>(c.channels, 5);
  std::vector<double> out(outs), dx(x.size()), dw(w.size()), outSize(outs), dxSize(x.size()), dwSize(w.size());
  for (int64_t i = 0; i < outs; i++) out[i] = bias[i / grid.numel() % c.outputs];
  const int64_t plane = xShape[2] * xShape[3] * xShape[4];
  for (size_t i = 0; i < dx.size(); i++) dx[i] = back[i / plane % c.channels];
  const auto add = [](std::vector<double>& sum, std::vector<double>& size, int64_t i, double a, double b) {
    sum[i] += a * b;
    size[i] += std::fabs(a * b);
  };
  forEachTerm(c, grid, [&](int64_t i, int64_t j, int64_t o) {
    add(out, outSize, o, x[i], w[j]);
    add(dx, dxSize, i, g[o], w[j]);
    add(dw, dwSize, j, g[o], x[i]);
  });
  std::vector<T> gotOut(outs), gotDx(x.size()), gotDw(w.size());
  kernels().conv(ctx(), any(gotOut), any(x), any(w), any(bias), xShape, wShape, grid, stride, padding, dilation);
  checkClose(gotOut, out, outSize);
  kernels().convTranspose(ctx(), any(gotDx), any(g), any(w), any(back), xShape, wShape, grid, stride, padding,
                          dilation);
  checkClose(gotDx, dx, dxSize);
  kernels().convWeight(ctx(), any(gotDw), any(g), any(x), xShape, wShape, grid, stride, padding, dilation);
  checkClose(gotDw, dw, dwSize);

  // The same bits with one thread.
  const int threads = numThreads();
  setNumThreads(threads == 1 ? 3 : 1);
  std::vector<T> again(outs), againDx(x.size()), againDw(w.size());
  kernels().conv(ctx(), any(again), any(x), any(w), any(bias), xShape, wShape, grid, stride, padding, dilation);
  kernels().convTranspose(ctx(), any(againDx), any(g), any(w), any(back), xShape, wShape, grid, stride, padding,
                          dilation);
  kernels().convWeight(ctx(), any(againDw), any(g), any(x), xShape, wShape, grid, stride, padding, dilation);
  setNumThreads(threads);
  CHECK(again == gotOut);
  CHECK(againDx == gotDx);
  CHECK(againDw == gotDw);
}

}  // namespace

TEST(conv_float) {
  for (const Sizes& c : kCases) check<float>(c);
}
TEST(conv_double) {
  for (const Sizes& c : kCases) check<double>(c);
}
