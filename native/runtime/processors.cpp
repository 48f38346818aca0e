#include "processors.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>
#ifdef __linux__
#include <sched.h>
#endif

namespace ng {
namespace {

constexpr int kMost = 256;

// Of the affinity mask (taskset, cpusets), where there is one.
int allowedProcessors() {
#ifdef __linux__
  cpu_set_t mask;
  // Fails on machines with more processors than the mask has room for.
  if (sched_getaffinity(0, sizeof mask, &mask) == 0) return CPU_COUNT(&mask);
#endif
  return static_cast<int>(std::thread::hardware_concurrency());
}

// The processors that one group's quota pays for; kMost if it has none.
double quotaOf(const std::string& group) {
  double quota = -1, period = 0;
  std::ifstream both(group + "/cpu.max");  // version 2: "max 100000" or "150000 100000"
  if (both) {
    both >> quota >> period;
  } else {
    std::ifstream(group + "/cpu.cfs_quota_us") >> quota;  // version 1: -1 for none
    std::ifstream(group + "/cpu.cfs_period_us") >> period;
  }
  return quota > 0 && period > 0 ? quota / period : kMost;
}

// The least quota of a group and those that it is in. In a container the path may be the host's, of which only the root
// is there: files that are missing say nothing.
double quotaOfAll(const std::string& mount, std::string path) {
  double least = quotaOf(mount);
  while (path.size() > 1) {
    least = std::min(least, quotaOf(mount + path));
    path.resize(path.rfind('/'));
  }
  return least;
}

}  // namespace

int usableProcessors(const std::string& root) {
  double least = std::max(allowedProcessors(), 1);
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // number:controllers:path
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
    std::istringstream list(controllers);
    bool ours = controllers.empty();  // version 2 names none
    for (std::string c; std::getline(list, c, ',');) ours = ours || c == "cpu";
    if (!ours || path.empty() || path[0] != '/') continue;
    // Version 1 is mounted under the name of its controllers, of which "cpu" is a link to that.
    const std::string mount = root + (controllers.empty() ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu");
    least = std::min(least, quotaOfAll(mount, path));
  }
  // A part of a processor is none: threads that spin would spend the quota of those that work.
  return std::clamp(static_cast<int>(least), 1, kMost);
}

int defaultThreads() {
  const char* given = std::getenv("NODEGRAD_NUM_THREADS");
  if (given == nullptr || given[0] == '\0') return usableProcessors();
  char* end = nullptr;
  const long n = std::strtol(given, &end, 10);
  return *end == '\0' && n >= 1 && n <= kMost ? static_cast<int>(n) : 0;
}

}  // namespace ng
