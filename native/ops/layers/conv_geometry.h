// The sizes of a convolution of up to three spatial dimensions.
#pragma once
#include "kernels.h"
#include "runtime/scratch.h"

namespace ng::NG_ISA {

inline constexpr int64_t kEnoughTasks = 8;  // from here on tasks run side by side, each product on one thread

struct ConvGeometry {
  int64_t batch, channels, outputs, groups;
  int64_t size[3], grid[3], taps[3], stride[3], padding[3], dilation[3];

  int64_t groupChannels() const { return channels / groups; }
  int64_t groupOutputs() const { return outputs / groups; }
  int64_t plane() const { return size[0] * size[1] * size[2]; }
  int64_t positions() const { return grid[0] * grid[1] * grid[2]; }
  int64_t tapCount() const { return taps[0] * taps[1] * taps[2]; }
  bool depthwise() const { return groups > 1 && channels == groups; }
  // The shift of one tap: position i reads source index i * stride + shift.
  int64_t shift(int axis, int64_t tap) const { return tap * dilation[axis] - padding[axis]; }
};

static inline ConvGeometry convGeometry(const Dims& x, const Dims& w, const Dims& grid, const Dims& stride,
                                        const Dims& padding, const Dims& dilation) {
  ConvGeometry g{x[0], x[1], w[0], w[1] == 0 ? 1 : x[1] / w[1], {}, {}, {}, {}, {}, {}};
  bool pointwise = true;
  for (int a = 0; a < 3; a++) {
    g.size[a] = x[2 + a];
    g.grid[a] = grid[a];
    g.taps[a] = w[2 + a];
    g.stride[a] = stride[a];
    g.padding[a] = padding[a];
    g.dilation[a] = dilation[a];
    pointwise = pointwise && w[2 + a] == 1 && stride[a] == 1 && padding[a] == 0 && grid[a] == x[2 + a];
  }
  if (pointwise) {  // 1 x 1: a plane is one long row
    g.size[2] = g.grid[2] = g.plane();
    g.size[0] = g.size[1] = g.grid[0] = g.grid[1] = 1;
  }
  return g;
}

}  // namespace ng::NG_ISA
