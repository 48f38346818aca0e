// NG_HAS_<instruction set>: the build has its kernels.
#include "isa.h"

#include <cstdlib>
#include <cstring>

namespace ng {

namespace portable {
extern const KernelTable table;
}
#ifdef NG_HAS_AVX2
namespace avx2 {
extern const KernelTable table;
}
#endif
#ifdef NG_HAS_AVX512
namespace avx512 {
extern const KernelTable table;
}
#endif

namespace {

bool always() { return true; }
#if defined(NG_HAS_AVX2) || defined(NG_HAS_AVX512)
bool hasAvx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#endif
#ifdef NG_HAS_AVX512
bool hasAvx512() {
  return hasAvx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}
#endif

struct Entry {
  Isa isa;
  bool (*supported)();
};

// Best first.
const Entry kIsas[] = {
#ifdef NG_HAS_AVX512
    {{"avx512", &avx512::table}, hasAvx512},
#endif
#ifdef NG_HAS_AVX2
    {{"avx2", &avx2::table}, hasAvx2},
#endif
    {{"portable", &portable::table}, always},
};

}  // namespace

const Isa* chooseIsa(const char** error) {
  const char* forced = std::getenv("NODEGRAD_ISA");
  const bool any = forced == nullptr || forced[0] == '\0';
  for (const Entry& e : kIsas) {
    if (!any && std::strcmp(forced, e.isa.name) != 0) continue;
    if (e.supported()) return &e.isa;
    if (!any) {
      *error = "NODEGRAD_ISA names an instruction set that this processor does not have";
      return nullptr;
    }
  }
  *error = "NODEGRAD_ISA must be portable, avx2 or avx512";
  return nullptr;
}

}  // namespace ng
