// The kernel table of this library. A kernel without a CUDA twin is an undefined weak function: its entry is null, and
// the dispatcher says so. No second list of kernels.
#include "table.h"

namespace ng::NG_ISA {
#define X(name, cost, params, doc) __attribute__((weak, visibility("hidden"))) void name params;
#include "kernels.def"

const KernelTable& table() {
  static const KernelTable t = {
#define X(name, cost, params, doc) name,
#include "kernels.def"
  };
  return t;
}
}  // namespace ng::NG_ISA
