// Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as
// 1, 2, 3" (SC 2011): four random words are a function of a counter and a key alone, so any thread, on any device, can
// make any part of a sequence.
#pragma once
#include <stdint.h>

#include "fn.h"

namespace ng {

struct Philox4 {
  uint32_t w[4];
};

NG_FN Philox4 philoxRound(Philox4 c, uint32_t k0, uint32_t k1) {
  const uint64_t a = static_cast<uint64_t>(c.w[0]) * 0xD2511F53u, b = static_cast<uint64_t>(c.w[2]) * 0xCD9E8D57u;
  return {{static_cast<uint32_t>(b >> 32) ^ c.w[1] ^ k0, static_cast<uint32_t>(b),
           static_cast<uint32_t>(a >> 32) ^ c.w[3] ^ k1, static_cast<uint32_t>(a)}};
}

// The rounds are written out because compilers do not vectorise a loop around another loop.
NG_FN Philox4 philox(Philox4 c, uint32_t k0, uint32_t k1) {
  const uint32_t d0 = 0x9E3779B9u, d1 = 0xBB67AE85u;  // Weyl sequence: golden ratio, sqrt(3) - 1
  c = philoxRound(c, k0, k1);
  c = philoxRound(c, k0 + d0, k1 + d1);
  c = philoxRound(c, k0 + 2 * d0, k1 + 2 * d1);
  c = philoxRound(c, k0 + 3 * d0, k1 + 3 * d1);
  c = philoxRound(c, k0 + 4 * d0, k1 + 4 * d1);
  c = philoxRound(c, k0 + 5 * d0, k1 + 5 * d1);
  c = philoxRound(c, k0 + 6 * d0, k1 + 6 * d1);
  c = philoxRound(c, k0 + 7 * d0, k1 + 7 * d1);
  c = philoxRound(c, k0 + 8 * d0, k1 + 8 * d1);
  return philoxRound(c, k0 + 9 * d0, k1 + 9 * d1);
}

// The four words number 4 counter .. 4 counter + 3 of the sequence that belongs to `seed`.
NG_FN Philox4 philoxAt(uint64_t seed, uint64_t counter) {
  return philox({{static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32), 0, 0}},
                static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32));
}

}  // namespace ng
