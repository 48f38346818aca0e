// What is made of the rows of kernels.def: declarations, tables, numbers.
//
// A kernel is a plain synchronous function of buffers and numbers. It allocates no output and checks no shape (the
// TypeScript half did); it may use parallelFor and, for large workspaces, scratch. Every backend (one CPU instruction
// set, or CUDA) fills one KernelTable with functions of exactly these signatures; a null entry means "not on this
// device", which the dispatcher turns into a clear error. The binding derives the JavaScript encoding of the
// arguments from these C++ types (binding/decode.h).
#pragma once
#include "runtime/ctx.h"
#include "runtime/param.h"

namespace ng {

struct KernelTable {
#define X(name, cost, params, doc) void(*name) params;
#include "kernels.def"
};

enum class KernelId : int32_t {
#define X(name, cost, params, doc) name,
#include "kernels.def"
  count
};

#ifdef NG_ISA  // the kernels themselves are compiled once per instruction set, each time in its own namespace
namespace NG_ISA {
#define X(name, cost, params, doc) void name params;
#include "kernels.def"
}  // namespace NG_ISA
#endif

}  // namespace ng
