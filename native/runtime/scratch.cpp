#include "scratch.h"

#include <cstdio>
#include <cstdlib>

namespace ng {
namespace {

struct Slots {
  void* p[8] = {};
  size_t n[8] = {};
  ~Slots() {
    for (void* q : p) std::free(q);
  }
};

}  // namespace

void* scratchBytes(int slot, size_t bytes) {
  thread_local Slots slots;
  if (bytes > slots.n[slot] || slots.p[slot] == nullptr) {
    std::free(slots.p[slot]);
    const size_t rounded = (bytes + 4095) / 4096 * 4096 + 4096;
    slots.p[slot] = std::aligned_alloc(64, rounded);
    if (slots.p[slot] == nullptr) {
      std::fprintf(stderr, "nodegrad: no memory for a workspace of %zu bytes\n", rounded);
      std::abort();
    }
    slots.n[slot] = rounded;
  }
  return slots.p[slot];
}

}  // namespace ng
