#include "decode.h"

namespace ng {

const KernelInfo& kernelInfo(int id) {
  static const KernelInfo infos[] = {
#define K(name, params, doc) \
  {#name, doc, Bind<decltype(KernelTable::name)>::signature(), Bind<decltype(KernelTable::name)>::prepare},
      NG_KERNELS(K)
#undef K
  };
  return infos[id];
}

}  // namespace ng
