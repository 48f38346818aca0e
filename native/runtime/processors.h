// How many threads kernels begin with.
#pragma once
#include <string>

namespace ng {

// The processors that this process may use, at least 1: those of its affinity mask, and no more than the quotas of its
// control groups (version 1 and 2) pay for in full. `root` stands before /proc and /sys.
int usableProcessors(const std::string& root = "");

// NODEGRAD_NUM_THREADS or, where that is not set, usableProcessors(); 1 .. 256. For a variable that is no such number
// 0.
int defaultThreads();

}  // namespace ng
