#pragma once
#include "kernels.h"

namespace ng::cuda {
const KernelTable& table();
}
