// Bounds checks of indices and classes that come from tensors.
#pragma once
#include <atomic>
#include <cstdint>

#include "runtime/fn.h"

namespace ng::NG_ISA {

NG_FN bool inside(int64_t i, int64_t size) { return static_cast<uint64_t>(i) < static_cast<uint64_t>(size); }

// The first position at which a check failed: the same one for any number of threads.
class FirstBad {
 public:
  void note(int64_t position) {
    int64_t seen = at_.load(std::memory_order_relaxed);
    while (position < seen && !at_.compare_exchange_weak(seen, position, std::memory_order_relaxed)) {
    }
  }
  bool any() const { return position() != INT64_MAX; }
  int64_t position() const { return at_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> at_{INT64_MAX};
};

}  // namespace ng::NG_ISA
