// The CUDA library's kernels, emulated on the host, against the CPU: elementwise, reductions, rows, optimizers, random
// numbers, indexing, matrix product.
#include <tuple>

#include "emulated.h"
#include "ops/kit/opcodes.h"

namespace ng::test {
namespace {

const char* const kUnary[] = {
#define X(name, ...) #name,
#include "ops/elementwise/unary.def"
};
const char* const kBinary[] = {
#define X(name, ...) #name,
#include "ops/elementwise/binary.def"
};

bool real(DType t) { return t == DType::f32 || t == DType::f64; }
// The CPU's own functions are within a few ulp of those of the emulation's instruction set.
double tolerance(DType t) { return t == DType::f32 ? 2e-6 : t == DType::f64 ? 1e-14 : 0; }
bool tests(const std::string& op) {
  for (const char* t : {"isnan", "isinf", "isfinite", "logicalNot", "eq", "ne", "lt", "le", "gt", "ge", "logicalAnd",
                        "logicalOr", "logicalXor"}) {
    if (op == t) return true;
  }
  return false;
}

// Runs on both; an op that is not defined for the dtype must be refused by both.
template <class F>
bool both(Gpu& gpu, F&& run) {
  lastFailure = Fail::none;
  run(kernels(), ctx(), 0);
  run(*gpu.operator->(), static_cast<Ctx&>(gpu), 1);
  Fail got;
  gpu.error(&got);
  CHECK(got == lastFailure);
  return got == Fail::none;
}

struct Two {
  Array cpu, gpu;
  Two(DType t, int64_t n) : cpu(t, n), gpu(t, n) {}
  Array& operator[](int i) { return i == 0 ? cpu : gpu; }
};

}  // namespace

TEST(cuda_unary) {
  Gpu gpu;
  const int64_t n = 1003;
  for (DType t : kTypes) {
    Array x(t, 2 * n);
    x.random(t == DType::f32 || t == DType::f64 ? -9 : t == DType::u8 || t == DType::boolean ? 0 : -9, 9);
    for (int64_t op = 0; op < static_cast<int64_t>(std::size(kUnary)); op++) {
      const DType to = tests(kUnary[op]) ? DType::boolean : t;
      struct Layout {
        Dims d, out, x;
      };
      for (const Layout& l :
           {Layout{dims({n}), dims({1}), dims({1})}, Layout{dims({17, 59}), dims({59, 1}), dims({1, 17})},
            Layout{dims({5}), dims({3}), dims({0})}}) {
        Two out(to, n);
        const bool good = both(gpu, [&](const KernelTable& k, Ctx& c, int i) {
          k.unary(c, op, out[i].buf(), x.buf(1), l.d, l.out, l.x, 0.5, 3);
        });
        if (good) close(out.gpu, out.cpu, tolerance(to), tolerance(to), kUnary[op]);
      }
    }
  }
}

TEST(cuda_binary) {
  Gpu gpu;
  const int64_t n = 1003;
  for (DType t : kTypes) {
    Array x(t, n), y(t, n);
    x.random(real(t) ? -5 : 0, 6);
    y.random(real(t) ? -3 : 1, 3);  // whole divisors are not 0 here
    for (int64_t op = 0; op < static_cast<int64_t>(std::size(kBinary)); op++) {
      const DType to = tests(kBinary[op]) ? DType::boolean : t;
      const double tol = tolerance(to);
      Two out(to, n);
      if (both(gpu, [&](const KernelTable& k, Ctx& c, int i) {
            k.binary(c, op, out[i].buf(), x.buf(), y.buf(), dims({n}), dims({1}), dims({1}), dims({1}), 0.5, 3);
          }))
        close(out.gpu, out.cpu, tol, tol, kBinary[op]);
      if (both(gpu, [&](const KernelTable& k, Ctx& c, int i) {
            k.binary(c, op, out[i].buf(), x.buf(), y.buf(), dims({17, 59}), dims({59, 1}), dims({0, 1}), dims({1, 0}),
                     0.5, 3);
          }))
        close(out.gpu, out.cpu, tol, tol, kBinary[op]);
      for (bool reversed : {false, true}) {
        for (double s : {2.0, 1.0, 0.5, -1.0, -0.5}) {
          if (!real(t) && (s != static_cast<int64_t>(s) || s < 0)) continue;
          if (both(gpu, [&](const KernelTable& k, Ctx& c, int i) {
                k.binaryScalar(c, op, out[i].buf(), (reversed ? y : x).buf(), s, reversed, dims({n}), dims({1}),
                               dims({1}), 0.5, 3);
              }))
            close(out.gpu, out.cpu, tol, tol, kBinary[op]);
        }
      }
    }
  }
}

TEST(cuda_where) {
  Gpu gpu;
  Array c(DType::boolean, 60);
  c.random(0, 2);
  for (DType t : kTypes) {
    Array a(t, 60), b(t, 60);
    a.random(0, 9), b.random(0, 9);
    Two out(t, 60);
    both(gpu, [&](const KernelTable& k, Ctx& x, int i) {
      k.where(x, out[i].buf(), c.buf(), a.buf(), b.buf(), dims({6, 10}), dims({10, 1}), dims({1, 6}), dims({10, 1}),
              dims({0, 1}));
    });
    sameBytes(out.gpu, out.cpu, "where");
  }
}

TEST(cuda_reduce) {
  Gpu gpu;
  const struct {
    Dims keep, sKeep, red, sRed;
  } shapes[] = {
      {dims({}), dims({}), dims({20000}), dims({1})},      {dims({5}), dims({3000}), dims({3000}), dims({1})},
      {dims({70}), dims({1}), dims({200}), dims({70})},    {dims({40}), dims({1}), dims({30}), dims({40})},
      {dims({300}), dims({10}), dims({10}), dims({1})},    {dims({100}), dims({37}), dims({37}), dims({1})},
      {dims({6, 5}), dims({35, 1}), dims({7}), dims({5})}, {dims({4}), dims({1}), dims({5, 3}), dims({4, 20})},
      {dims({3}), dims({1}), dims({0}), dims({1})},        {dims({0}), dims({1}), dims({4}), dims({1})},
      {dims({2}), dims({0}), dims({9}), dims({-1})}};
  for (DType t : kTypes) {
    Array x(t, 20100);
    x.random(real(t) ? -1 : 0, real(t) ? 1.3 : 2);
    for (int64_t op = 0; op < static_cast<int64_t>(ReduceOp::count); op++) {
      const auto o = static_cast<ReduceOp>(op);
      const bool arg = o == ReduceOp::argmax || o == ReduceOp::argmin, logic = o == ReduceOp::any || o == ReduceOp::all;
      const bool sum = o == ReduceOp::sum || o == ReduceOp::sumsq || o == ReduceOp::prod;
      const DType to = arg ? DType::i64 : logic ? DType::boolean : sum && !real(t) ? DType::i64 : t;
      for (const auto& s : shapes) {
        if (s.red.numel() == 0 && !sum && !logic) continue;
        Two out(to, s.keep.numel());
        both(gpu, [&](const KernelTable& k, Ctx& c, int i) {
          k.reduce(c, op, out[i].buf(), x.buf(9), s.keep, s.sKeep, s.red, s.sRed, real(t) && sum ? 0.25 : 1);
        });
        const double tol = o == ReduceOp::prod ? 1e-4 : t == DType::f32 ? 2e-6 : t == DType::f64 ? 1e-12 : 0;
        close(out.gpu, out.cpu, sum ? tol * 20 : 0, sum ? tol : 0, "reduce");
      }
    }
  }
}

TEST(cuda_reduce_nan_and_ties) {
  Gpu gpu;
  Array x(DType::f32, 3000);
  for (int64_t i = 0; i < 3000; i++) x.set(i, static_cast<double>(i * 7 % 5));
  for (int round = 0; round < 2; round++) {
    for (ReduceOp o : {ReduceOp::max, ReduceOp::min, ReduceOp::argmax, ReduceOp::argmin}) {
      const bool arg = o == ReduceOp::argmax || o == ReduceOp::argmin;
      Two out(arg ? DType::i64 : DType::f32, 1);
      both(gpu, [&](const KernelTable& k, Ctx& c, int i) {
        k.reduce(c, static_cast<int64_t>(o), out[i].buf(), x.buf(), dims({}), dims({}), dims({3000}), dims({1}), 1);
      });
      close(out.gpu, out.cpu, 0, 0, "nan and ties");
    }
    x.set(1234, NAN), x.set(2234, NAN);
  }
}

TEST(cuda_softmax) {
  Gpu gpu;
  for (DType t : {DType::f32, DType::f64}) {
    const double tol = t == DType::f32 ? 1e-5 : 1e-13;
    for (int64_t cols : {1, 10, 33, 1024, 1500}) {
      const int64_t rows = 5, n = rows * cols;
      Array x(t, n), g(t, n);
      x.random(-30, 30), g.random(-1, 1);
      for (bool log : {false, true}) {
        Two y(t, n), back(t, n);
        both(gpu, [&](const KernelTable& k, Ctx& c, int i) { k.softmax(c, y[i].buf(), x.buf(), rows, cols, log); });
        close(y.gpu, y.cpu, tol, tol, "softmax");
        both(gpu, [&](const KernelTable& k, Ctx& c, int i) {
          k.softmaxGrad(c, back[i].buf(), g.buf(), y.cpu.buf(), rows, cols, log);
        });
        close(back.gpu, back.cpu, tol, tol, "softmaxGrad");
      }
    }
  }
}

TEST(cuda_crossEntropy) {
  Gpu gpu;
  for (DType t : {DType::f32, DType::f64}) {
    const double tol = t == DType::f32 ? 2e-5 : 1e-12;
    for (int64_t cols : {10, 100, 1300}) {
      for (double scale : {1.0, 60.0}) {
        for (double smoothing : {0.0, 0.1}) {
          for (bool weighted : {false, true}) {
            const int64_t rows = 6;
            Array x(t, rows * cols), labels(DType::i64, rows), weight(t, cols), g(t, rows);
            x.random(-scale, scale), labels.random(0, static_cast<double>(cols)), weight.random(0.1, 2),
                g.random(-1, 1);
            labels.set(2, -100);
            const Buf w = weighted ? weight.buf() : Buf{nullptr, t};
            Two loss(t, rows), lse(t, rows), out(t, rows * cols);
            both(gpu, [&](const KernelTable& k, Ctx& c, int i) {
              k.crossEntropy(c, loss[i].buf(), lse[i].buf(), x.buf(), labels.buf(), w, rows, cols, -100, smoothing);
            });
            close(loss.gpu, loss.cpu, tol, tol, "crossEntropy");
            close(lse.gpu, lse.cpu, tol, tol, "lse");
            both(gpu, [&](const KernelTable& k, Ctx& c, int i) {
              k.crossEntropyGrad(c, out[i].buf(), g.buf(), x.buf(), lse.cpu.buf(), labels.buf(), w, rows, cols, -100,
                                 smoothing);
            });
            close(out.gpu, out.cpu, tol, tol, "crossEntropyGrad");
          }
        }
      }
    }
  }
  // The first bad class is reported, whatever the order of blocks.
  Array x(DType::f32, 40), labels(DType::i32, 4), loss(DType::f32, 4), lse(DType::f32, 4);
  x.random(0, 1);
  labels.set(0, 1), labels.set(1, 12), labels.set(2, -3), labels.set(3, 9);
  gpu->crossEntropy(gpu, loss.buf(), lse.buf(), x.buf(), labels.buf(), {nullptr, DType::f32}, 4, 10, -100, 0);
  Fail code;
  CHECK(gpu.error(&code) == "class 12 at row 1 is out of range for 10 classes");
  CHECK(code == Fail::indexOutOfRange);
  CHECK(gpu.error().empty());
}

TEST(cuda_optimizers) {
  Gpu gpu;
  // More parameters than one launch takes; both dtypes in one call.
  std::vector<int64_t> sizes{1000, 1, 0, 70};
  for (int64_t i = 0; i < 70; i++) sizes.push_back(i % 5);
  const auto n = static_cast<int64_t>(sizes.size());
  // Constants in (0, 1): all formulas make sense with them. Rates are factors of the last one.
  const double own[] = {0.9, 0.01, 0.8, 0.1, 0.95, 0.05, 0.3, 0.7, 0.2, 0.6, 0.15};
  Array replayed(DType::f64, 11);
  for (int64_t i = 0; i < 11; i++) replayed.set(i, own[i]);
  const PerStepList constants[] = {{11, own}, {11, nullptr, replayed.buf().as<const double>()}};
  Array rates(DType::f64, n);
  rates.random(0.5, 2);
  for (int64_t op = 0; op < static_cast<int64_t>(OptimStep::count); op++) {
    std::vector<Two> all;  // parameters, gradients, three states each
    for (int64_t k = 0; k < 5 * n; k++) {
      all.emplace_back(k % n % 3 == 0 ? DType::f64 : DType::f32, sizes[static_cast<size_t>(k % n)]);
      all.back().cpu.random(k < 2 * n ? -1 : 0.5, 1), all.back().gpu.random(k < 2 * n ? -1 : 0.5, 1);
    }
    for (bool withRates : {false, true}) {
      both(gpu, [&](const KernelTable& k, Ctx& c, int i) {
        std::vector<Buf> bufs;
        for (Two& a : all) bufs.push_back(a[i].buf());
        const Buf* b = bufs.data();
        k.optimStep(c, op, {n, b}, {n, b + n}, {3 * n, b + 2 * n}, {n, sizes.data()}, constants[withRates],
                    withRates ? rates.buf() : Buf{nullptr, DType::f64}, {});
      });
    }
    for (Two& a : all) {
      const double tol = a.cpu.t == DType::f32 ? 2e-6 : 1e-14;
      close(a.gpu, a.cpu, tol, tol, "optimizer");
    }
    Two sums(DType::f64, n);
    both(gpu, [&](const KernelTable& k, Ctx& c, int i) {
      std::vector<Buf> bufs;
      for (Two& a : all) bufs.push_back(a[i].buf());
      k.sumSquares(c, sums[i].buf(), {n, bufs.data()}, {n, sizes.data()});
    });
    close(sums.gpu, sums.cpu, 1e-6, 1e-6, "sums of squares");
  }
}

TEST(cuda_random) {
  Gpu gpu;
  for (int64_t n : {1, 6, 2051}) {
    for (DType t : kTypes) {
      Two out(t, n);
      const double tol = t == DType::f32 ? 2e-6 : 1e-14;
      if (real(t)) {
        both(gpu, [&](const KernelTable& k, Ctx& c, int i) { k.uniform(c, out[i].buf(), n, -2, 3, 42, 7); });
        close(out.gpu, out.cpu, tol, tol, "uniform");
        both(gpu, [&](const KernelTable& k, Ctx& c, int i) { k.normal(c, out[i].buf(), n, 1, 2, 42, 7); });
        close(out.gpu, out.cpu, 2 * tol, tol, "normal");
      }
      both(gpu, [&](const KernelTable& k, Ctx& c, int i) { k.randint(c, out[i].buf(), n, 0, 200, 42, 7); });
      sameBytes(out.gpu, out.cpu, "randint");
      Array p(DType::f64, n), x(t, n);
      p.random(0, 1), x.random(1, 9);
      both(gpu, [&](const KernelTable& k, Ctx& c, int i) { k.bernoulli(c, out[i].buf(), p.buf(), n, 42, 7); });
      sameBytes(out.gpu, out.cpu, "bernoulli");
      both(gpu, [&](const KernelTable& k, Ctx& c, int i) { k.dropout(c, out[i].buf(), x.buf(), n, 0.4, 42, 7); });
      close(out.gpu, out.cpu, 0, tol, "dropout");
    }
  }
  // What a replay of a recorded step is given.
  Array where(DType::i64, 2);
  where.set(0, 42), where.set(1, 7);
  const auto* at = where.buf().as<const int64_t>();
  PerStep<int64_t> seed, offset;
  seed.from = at, offset.from = at + 1;
  Two here(DType::f32, 100);
  both(gpu, [&](const KernelTable& k, Ctx& c, int i) {
    k.uniform(c, here[i].buf(), 100, 0, 1, i ? seed : 42, i ? offset : 7);
  });
  sameBytes(here.gpu, here.cpu, "uniform of a seed in memory");
  Two wide(DType::i64, 100);
  both(gpu, [&](const KernelTable& k, Ctx& c, int i) { k.randint(c, wide[i].buf(), 100, -5, int64_t{1} << 50, 1, 0); });
  sameBytes(wide.gpu, wide.cpu, "wide randint");
  Array p(DType::f32, 3), out(DType::f32, 3);
  p.set(0, 0.5), p.set(1, 1.5), p.set(2, NAN);
  gpu->bernoulli(gpu, out.buf(), p.buf(), 3, 1, 0);
  CHECK(gpu.error() == "a probability is not between 0 and 1");
  gpu->probabilities(gpu, out.buf(), p.buf(), 3);
  CHECK(gpu.error() == "a probability is not between 0 and 1");
  gpu->probabilities(gpu, out.buf(), p.buf(), 1);
  CHECK(gpu.error() == "");
}

TEST(cuda_indexing) {
  Gpu gpu;
  for (DType t : kTypes) {
    Array a(t, 3 * 7 * 8);
    a.random(0, 90);
    for (DType it : {DType::i64, DType::i32}) {
      Array index(it, 60);
      index.random(0, 7);
      for (int64_t inner : {8, 4, 3, 1}) {
        Two out(t, 3 * 5 * inner);
        both(gpu, [&](const KernelTable& k, Ctx& c, int i) {
          k.indexSelect(c, out[i].buf(), a.buf(), index.buf(), 3, 7, 5, inner);
        });
        sameBytes(out.gpu, out.cpu, "indexSelect");
      }
      Two out(t, 60);
      both(gpu, [&](const KernelTable& k, Ctx& c, int i) {
        k.gather(c, out[i].buf(), a.buf(), index.buf(), dims({3, 4, 5}), dims({20, 1, 4}), dims({56, 8, 1}), 1, 7);
      });
      sameBytes(out.gpu, out.cpu, "gather");
    }
  }
  Array a(DType::f32, 10), index(DType::i64, 3), out(DType::f32, 3);
  index.set(0, 2), index.set(1, 10), index.set(2, -1);
  gpu->indexSelect(gpu, out.buf(), a.buf(), index.buf(), 1, 10, 3, 1);
  CHECK(gpu.error() == "index 10 is out of range for size 10");
  gpu->gather(gpu, out.buf(), a.buf(), index.buf(), dims({3}), dims({1}), dims({1}), 0, 10);
  CHECK(gpu.error() == "index 10 is out of range for size 10");
}

TEST(cuda_matmul) {
  Gpu gpu;
  struct Case {
    Dims batch, aBatch, bBatch;
    int64_t m, n, k, aRow, aCol, bRow, bCol;
  };
  const Case cases[] = {
      {dims({}), dims({}), dims({}), 5, 7, 9, 9, 1, 7, 1},       // plain
      {dims({}), dims({}), dims({}), 5, 7, 9, 1, 5, 1, 9},       // both transposed
      {dims({}), dims({}), dims({}), 5, 7, 9, 20, 2, 16, 2},     // neither dimension contiguous
      {dims({}), dims({}), dims({}), 5, 7, 9, 0, 1, 0, 1},       // broadcast rows
      {dims({}), dims({}), dims({}), 1, 7, 9, 9, 1, 7, 1},       // a vector
      {dims({}), dims({}), dims({}), 5, 1, 9, 9, 1, 3, 1},       // a column of a matrix
      {dims({}), dims({}), dims({}), 5, 7, 1, 1, 1, 7, 1},       // an outer product
      {dims({}), dims({}), dims({}), 5, 7, 0, 0, 1, 7, 1},       // nothing to add
      {dims({4}), dims({45}), dims({63}), 5, 7, 9, 9, 1, 7, 1},  // batches
      {dims({2, 3}), dims({45, 0}), dims({0, 63}), 5, 7, 9, 9, 1, 7, 1},
      {dims({2, 3}), dims({300, 100}), dims({0, 63}), 5, 7, 9, 18, 2, 7, 1},
  };
  for (DType t : {DType::f32, DType::f64, DType::i32, DType::i64, DType::u8}) {
    Array a(t, 600), b(t, 600), bias(t, 7);
    a.random(real(t) ? -1 : 0, 4), b.random(real(t) ? -1 : 0, 4), bias.random(0, 3);
    for (const Case& p : cases) {
      for (bool biased : {false, true}) {
        for (double beta : {0.0, 1.0}) {
          const int64_t n = p.batch.numel() * p.m * p.n;
          Two out(t, n);
          out.cpu.random(0, 5), out.gpu.random(0, 5);
          both(gpu, [&](const KernelTable& k, Ctx& c, int i) {
            k.matmul(c, out[i].buf(), a.buf(), b.buf(), biased ? bias.buf() : Buf{nullptr, t}, p.batch, p.aBatch,
                     p.bBatch, p.m, p.n, p.k, p.aRow, p.aCol, p.bRow, p.bCol, beta);
          });
          const double tol = t == DType::f32 ? 1e-5 : t == DType::f64 ? 1e-13 : 0;
          close(out.gpu, out.cpu, tol, tol, "matmul");
        }
      }
    }
  }
}

}  // namespace ng::test
