// Where a pool gets its memory from: the operating system, or a GPU driver.
#pragma once
#include <cstddef>

namespace ng {

struct Backing {
  void* (*alloc)(void* env, size_t bytes);  // nullptr when there is none
  void (*free)(void* env, void* p, size_t bytes);
  void* env;
  size_t alignment;  // block sizes are multiples of it
};

// 64-byte aligned; blocks of 2 MiB and more are aligned to huge pages and ask for them.
Backing systemBacking();

}  // namespace ng
