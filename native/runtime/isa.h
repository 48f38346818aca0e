// Which instruction set's kernels this process runs.
#pragma once
#include "kernels.h"

namespace ng {

struct Isa {
  const char* name;  // "portable", "avx2", "avx512"
  const KernelTable* table;
};

// The best instruction set this machine has, or the one that the environment variable NODEGRAD_ISA names. An unknown
// or unsupported name gives nullptr and a sentence in *error.
const Isa* chooseIsa(const char** error);

}  // namespace ng
