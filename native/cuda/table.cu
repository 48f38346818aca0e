// The kernel table of this library. A kernel without a CUDA twin is an undefined weak function: its entry is null, and
// the dispatcher says so. No second list of kernels.
#include "table.h"

namespace ng::NG_ISA {
#define K(name, params, doc) __attribute__((weak, visibility("hidden"))) void name params;
NG_KERNELS(K)
#undef K

const KernelTable& table() {
  static const KernelTable t = {
#define K(name, params, doc) name,
      NG_KERNELS(K)
#undef K
  };
  return t;
}
}  // namespace ng::NG_ISA
