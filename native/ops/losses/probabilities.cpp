// Values that are handed on if they are what an op needs.
#include "kernels.h"
#include "ops/kit/bounds.h"
#include "ops/kit/cast.h"
#include "runtime/parallel.h"

namespace ng::NG_ISA {

void probabilities(Ctx& c, Out<Floating> out, In<Floating> p, int64_t n) {
  FirstBad bad;
  withDtype(p, [&]<class T>(Tag<T>) {
    parallelFor(n, 32768, [&](int64_t first, int64_t end) {
      const T* x = p.as<const T>();
      T* o = out.as<T>();
      bool wrong = false;
      for (int64_t i = first; i < end; i++) {
        const auto v = castTo<double>(x[i]);
        wrong |= !(v >= 0 && v <= 1);
        o[i] = x[i];
      }
      if (wrong) bad.note(first);
    });
  });
  if (bad.any()) c.fail(Why::badProbability);
}

}  // namespace ng::NG_ISA
