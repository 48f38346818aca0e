// One filled KernelTable per instruction set: this file is compiled once with each -DNG_ISA.
#include "kernels.h"

namespace ng::NG_ISA {
extern const KernelTable table;
const KernelTable table = {
#define X(name, cost, params, doc) &NG_ISA::name,
#include "kernels.def"
};
}  // namespace ng::NG_ISA
