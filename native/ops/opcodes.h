// The numbers of the operations that share a kernel. lib/ looks them up by name; the addon exports the names.
#pragma once
#include <cstdint>

namespace ng {

enum class UnaryOp : int64_t {
#define X(name, ...) name,
#include "unary.def"
  count
};
enum class BinaryOp : int64_t {
#define X(name, ...) name,
#include "binary.def"
  count
};
enum class ReduceOp : int64_t {
#define X(name) name,
#include "reduce.def"
  count
};
enum class ScanOp : int64_t {
#define X(name) name,
#include "scan.def"
  count
};
enum class OptimStep : int64_t {
#define X(name, ...) name,
#include "optim.def"
  count
};

}  // namespace ng
