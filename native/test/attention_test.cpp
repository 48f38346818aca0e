// Attention against the plain definition with a stored matrix of scores, in double; odd sizes, several tiles.
#include <cstring>

#include "check.h"

using namespace ng;
using namespace ng::test;

namespace {

enum class Mask { none, causal, keep, added };

struct Sizes {
  int64_t batch, heads, keyHeads, rows, keys, width, valueWidth;
  Mask mask;
};

const Sizes kSizes[] = {
    {1, 1, 1, 1, 1, 1, 1, Mask::none},       {2, 3, 3, 5, 7, 4, 3, Mask::none},
    {1, 2, 1, 130, 401, 33, 17, Mask::none}, {1, 4, 2, 201, 201, 16, 16, Mask::causal},
    {2, 1, 1, 9, 3, 8, 8, Mask::causal},     {1, 2, 2, 115, 200, 8, 5, Mask::keep},
    {2, 2, 1, 3, 195, 5, 6, Mask::added},    {1, 1, 1, 4, 0, 3, 2, Mask::none},
};

// One head of the definition, and its gradients.
struct Plain {
  std::vector<double> out, dq, dk, dv;
};

template <class T>
Plain plain(const Sizes& s, double scale, const std::vector<T>& q, const std::vector<T>& k, const std::vector<T>& v,
            const std::vector<T>& g, const std::vector<uint8_t>& keep, const std::vector<T>& added) {
  Plain p;
  p.out.assign(s.batch * s.heads * s.rows * s.valueWidth, 0);
  p.dq.assign(q.size(), 0);
  p.dk.assign(k.size(), 0);
  p.dv.assign(v.size(), 0);
  std::vector<double> w(static_cast<size_t>(s.keys));
  for (int64_t bh = 0; bh < s.batch * s.heads; bh++) {
    const int64_t kh = bh / s.heads * s.keyHeads + bh % s.heads / (s.heads / s.keyHeads);
    for (int64_t i = 0; i < s.rows; i++) {
      const int64_t row = bh * s.rows + i;
      double top = -INFINITY, total = 0;
      for (int64_t j = 0; j < s.keys; j++) {
        double x = 0;
        for (int64_t c = 0; c < s.width; c++) x += double(q[row * s.width + c]) * k[(kh * s.keys + j) * s.width + c];
        x *= scale;
        if (s.mask == Mask::causal && j > i) x = -INFINITY;
        if (s.mask == Mask::keep && !keep[i * s.keys + j]) x = -INFINITY;
        if (s.mask == Mask::added) x += added[i * s.keys + j];
        w[j] = x;
        top = std::fmax(top, x);
      }
      for (int64_t j = 0; j < s.keys; j++) total += w[j] = top == -INFINITY ? 0 : std::exp(w[j] - top);
      double delta = 0;
      for (int64_t j = 0; j < s.keys; j++) {
        w[j] = total > 0 ? w[j] / total : 0;
        for (int64_t c = 0; c < s.valueWidth; c++) {
          const double value = v[(kh * s.keys + j) * s.valueWidth + c], up = g[row * s.valueWidth + c];
          p.out[row * s.valueWidth + c] += w[j] * value;
          p.dv[(kh * s.keys + j) * s.valueWidth + c] += w[j] * up;
          delta += w[j] * value * up;
        }
      }
      for (int64_t j = 0; j < s.keys; j++) {
        double dw = 0;
        for (int64_t c = 0; c < s.valueWidth; c++) {
          dw += double(v[(kh * s.keys + j) * s.valueWidth + c]) * g[row * s.valueWidth + c];
        }
        const double ds = w[j] * (dw - delta) * scale;
        for (int64_t c = 0; c < s.width; c++) {
          p.dq[row * s.width + c] += ds * k[(kh * s.keys + j) * s.width + c];
          p.dk[(kh * s.keys + j) * s.width + c] += ds * q[row * s.width + c];
        }
      }
    }
  }
  return p;
}

template <class T>
void compare(const std::vector<T>& got, const std::vector<double>& want, double tol) {
  for (size_t i = 0; i < got.size(); i++) CHECK_NEAR(got[i], want[i], tol, tol);
}

template <class T>
void checkAttention(double tol) {
  for (const Sizes& s : kSizes) {
    const double scale = 0.4;
    auto q = filled<T>(s.batch * s.heads * s.rows * s.width, 1);
    auto k = filled<T>(s.batch * s.keyHeads * s.keys * s.width, 2);
    auto v = filled<T>(s.batch * s.keyHeads * s.keys * s.valueWidth, 3);
    auto g = filled<T>(s.batch * s.heads * s.rows * s.valueWidth, 4);
    auto added = filled<T>(s.rows * s.keys, 5);
    std::vector<uint8_t> keep(static_cast<size_t>(s.rows * s.keys));
    // The second row sees nothing, the third nothing of the first tile.
    for (int64_t i = 0; i < s.rows * s.keys; i++) {
      const int64_t row = i / s.keys, key = i % s.keys;
      keep[i] = row == 1 ? 0 : row == 2 ? key >= s.keys - 2 : noise(i) > -0.3;
    }
    Buf mask{nullptr, DType::f32};
    if (s.mask == Mask::keep) mask = Buf{keep.data(), DType::boolean};
    if (s.mask == Mask::added) mask = any(added);
    std::vector<T> out(g.size(), T(7)), lse(s.batch * s.heads * s.rows), dq(q.size(), T(7)), dk(k.size(), T(7)),
        dv(v.size(), T(7));
    const auto of = [](int64_t heads, int64_t length, int64_t width) {
      return std::vector<int64_t>{heads * length * width, length * width, width};
    };
    const auto sq = of(s.heads, s.rows, s.width), sk = of(s.keyHeads, s.keys, s.width),
               sv = of(s.keyHeads, s.keys, s.valueWidth), so = of(s.heads, s.rows, s.valueWidth);
    const std::vector<int64_t> sm{0, 0, s.keys, 1};
    const auto list = [](std::initializer_list<std::vector<int64_t>> parts) {
      std::vector<int64_t> all;
      for (const auto& p : parts) all.insert(all.end(), p.begin(), p.end());
      return all;
    };
    const auto forward = list({so, sq, sk, sv, sm}), backward = list({sq, sk, sv, so, so, sq, sk, sv, sm});
    const Dims sizes = dims({s.batch, s.heads, s.keyHeads, s.rows, s.keys, s.width, s.valueWidth});
    const bool causal = s.mask == Mask::causal;
    const auto run = [&] {
      kernels().attention(ctx(), any(out), any(lse), any(q), any(k), any(v), mask, sizes,
                          IntList{static_cast<int64_t>(forward.size()), forward.data()}, scale, causal);
      kernels().attentionGrad(ctx(), any(dq), any(dk), any(dv), any(g), any(out), any(q), any(k), any(v), any(lse),
                              mask, sizes, IntList{static_cast<int64_t>(backward.size()), backward.data()}, scale,
                              causal);
    };
    run();
    const Plain want = plain(s, scale, q, k, v, g, keep, added);
    compare(out, want.out, tol);
    compare(dq, want.dq, tol);
    compare(dk, want.dk, 4 * tol);
    compare(dv, want.dv, 4 * tol);
    const std::vector<T> firstOut = out, firstKeys = dk;
    const int threads = numThreads();
    setNumThreads(threads == 1 ? 3 : 1);
    run();
    setNumThreads(threads);
    CHECK(firstOut.empty() || std::memcmp(firstOut.data(), out.data(), out.size() * sizeof(T)) == 0);
    CHECK(firstKeys.empty() || std::memcmp(firstKeys.data(), dk.data(), dk.size() * sizeof(T)) == 0);
  }
}

}  // namespace

TEST(attention_float) { checkAttention<float>(1e-5); }
TEST(attention_double) { checkAttention<double>(1e-12); }
