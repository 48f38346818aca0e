// The numbers of the operations that share a kernel. lib/ looks them up by name; the addon exports the names.
#pragma once
#include <cstdint>

namespace ng {

enum class UnaryOp : int64_t {
#define X(name, ...) name,
#include "ops/elementwise/unary.def"
  count
};
enum class BinaryOp : int64_t {
#define X(name, ...) name,
#include "ops/elementwise/binary.def"
  count
};
enum class ReduceOp : int64_t {
#define X(name) name,
#include "ops/reduce/reduce.def"
  count
};
enum class ScanOp : int64_t {
#define X(name) name,
#include "ops/reduce/scan.def"
  count
};
enum class OptimStep : int64_t {
#define X(name, ...) name,
#include "ops/optim/optim.def"
  count
};

}  // namespace ng
