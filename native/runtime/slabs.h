// A backing that asks another one for 2 MiB at a time and cuts small blocks from it: for memory whose allocation is
// slow and whose pages are large (a GPU's). The sizes are PyTorch's (c10/cuda/CUDACachingAllocator.cpp): blocks are
// multiples of 512 bytes, those above 1 MiB come straight from the source.
#pragma once
#include <map>
#include <unordered_map>
#include <vector>

#include "backing.h"

namespace ng {

class Slabs {
 public:
  static constexpr size_t kSlab = size_t{2} << 20, kSmall = size_t{1} << 20, kAlign = 512;

  explicit Slabs(Backing source) : source_(source) {}
  ~Slabs();
  Slabs(const Slabs&) = delete;
  Slabs& operator=(const Slabs&) = delete;

  // Valid as long as this object. A pool behind it must be gone first.
  Backing backing();

 private:
  struct Slab {
    size_t used = 0;   // bytes cut so far
    size_t alive = 0;  // pieces not freed
  };

  void* alloc(size_t bytes);
  void free(void* p, size_t bytes);

  Backing source_;
  std::map<char*, Slab> slabs_;                            // by address
  char* current_ = nullptr;                                // the slab that is being cut
  std::unordered_map<size_t, std::vector<char*>> pieces_;  // freed, by size
};

}  // namespace ng
