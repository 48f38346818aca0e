// What the addon knows of each kernel: how to decode a call, what it costs, what JavaScript is told about it.
#include <algorithm>
#include <cmath>

#include "decode.h"
#include "ops/kit/opcodes.h"

namespace ng {
namespace {

// --- costs: nanoseconds on one core, roughly ------------------------------------------------------------------------

constexpr double kUnaryCost[] = {
#define X(name, kind, cost, ...) cost,
#include "ops/elementwise/unary.def"
};
constexpr double kBinaryCost[] = {
#define X(name, kind, cost, ...) cost,
#include "ops/elementwise/binary.def"
};
double costAt(const double* list, int64_t n, int64_t op) { return op >= 0 && op < n ? list[op] : 1; }
double unaryCost(int64_t op) { return costAt(kUnaryCost, static_cast<int64_t>(UnaryOp::count), op); }
double binaryCost(int64_t op) { return costAt(kBinaryCost, static_cast<int64_t>(BinaryOp::count), op); }

double total(const IntList& sizes) {
  double sum = 0;
  for (int64_t i = 0; i < sizes.n; i++) sum += static_cast<double>(sizes[i]);
  return sum;
}
double optimCost(int64_t params, int64_t states, const IntList& sizes) {
  return total(sizes) * (0.25 + 0.125 * static_cast<double>(params > 0 ? states / params : 0));
}
double convCost(const Dims& x, const Dims& w, const Dims& grid) {
  const auto of = [](const Dims& d) { return static_cast<double>(d.numel()); };
  return 2000 + 0.02 * static_cast<double>(x[0]) * of(grid) * of(w) + 0.1 * of(x);
}
// `products`: how often a score is multiplied by rows of both widths; an exponential each besides.
double attentionCost(const Dims& sizes, double products) {
  double scores = 1;
  for (int i : {0, 1, 3, 4}) scores *= static_cast<double>(sizes[i]);
  return scores * (1 + 0.01 * products * static_cast<double>(sizes[5] + sizes[6]));
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#define X(name, cost, params, doc) \
  double cost_##name params { return static_cast<double>(cost); }
#include "kernels.def"
#pragma GCC diagnostic pop

// --- dtypes of operations -------------------------------------------------------------------------------------------

constexpr Types NumTest = Full, Num = Full;
constexpr Types kUnaryTypes[] = {
#define X(name, kind, ...) kind,
#include "ops/elementwise/unary.def"
};
constexpr Types kBinaryTypes[] = {
#define X(name, kind, ...) kind,
#include "ops/elementwise/binary.def"
};
Types unaryTypes(int64_t op) { return op >= 0 && op < static_cast<int64_t>(UnaryOp::count) ? kUnaryTypes[op] : 0; }
Types binaryTypes(int64_t op) { return op >= 0 && op < static_cast<int64_t>(BinaryOp::count) ? kBinaryTypes[op] : 0; }

}  // namespace

const KernelInfo& kernelInfo(int id) {
  static const KernelInfo infos[] = {
#define X(name, cost, params, doc)                                                                    \
  {#name, Bind<decltype(KernelTable::name)>::signature(), Bind<decltype(KernelTable::name)>::types(), \
   Bind<decltype(KernelTable::name)>::prepare<cost_##name>,                                           \
   KernelId::name == KernelId::unary                                                ? unaryTypes      \
   : KernelId::name == KernelId::binary || KernelId::name == KernelId::binaryScalar ? binaryTypes     \
                                                                                    : nullptr},
#include "kernels.def"
  };
  return infos[id];
}

}  // namespace ng
