// One filled KernelTable per instruction set: this file is compiled once with each -DNG_ISA.
#include "../kernels.h"

namespace ng::NG_ISA {
extern const KernelTable table;
const KernelTable table = {
#define K(name, params, doc) &NG_ISA::name,
    NG_KERNELS(K)
#undef K
};
}  // namespace ng::NG_ISA
