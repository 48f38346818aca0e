#include "runtime/processors.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "check.h"
#ifdef __linux__
#include <sched.h>
#include <unistd.h>

namespace ng::test {
namespace {

namespace fs = std::filesystem;

// A root folder with the given files, and as many processors allowed as there are.
struct Root {
  fs::path path;
  Root(std::initializer_list<std::pair<const char*, const char*>> files) {
    static int made = 0;
    path = fs::temp_directory_path() / ("nodegrad-cgroup-" + std::to_string(getpid()) + "-" + std::to_string(made++));
    for (const auto& [name, text] : files) {
      fs::create_directories((path / name).parent_path());
      std::ofstream(path / name) << text << '\n';
    }
  }
  ~Root() { fs::remove_all(path); }
  int usable() const { return usableProcessors(path.string()); }
};

int allowed() {
  cpu_set_t mask;
  sched_getaffinity(0, sizeof mask, &mask);
  return CPU_COUNT(&mask);
}

}  // namespace

TEST(processors_without_control_groups) {
  CHECK(Root({}).usable() == allowed());
  CHECK(Root({{"proc/self/cgroup", "0::/\n7:memory:/x\nnonsense"}}).usable() == allowed());
}

TEST(processors_of_a_quota_version_2) {
  const auto with = [](const char* quota) {
    return Root({{"proc/self/cgroup", "0::/a/b"},
                 {"sys/fs/cgroup/a/cpu.max", quota},
                 {"sys/fs/cgroup/a/b/cpu.max", "max 100000"}})
        .usable();
  };
  CHECK(with("100000 100000") == 1);
  CHECK(with("50000 100000") == 1);
  CHECK(with("190000 100000") == 1);
  CHECK(with("max 100000") == allowed());
  CHECK(with("") == allowed());
  CHECK(with("200000 100000") == std::min(allowed(), 2));
}

TEST(processors_of_a_quota_version_1) {
  const Root own({{"proc/self/cgroup", "3:cpuset:/z\n2:cpu,cpuacct:/docker/x"},
                  {"sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us", "100000"},
                  {"sys/fs/cgroup/cpu/docker/x/cpu.cfs_period_us", "100000"}});
  CHECK(own.usable() == 1);
  // In a container: the path is the host's, the quota is at the root.
  const Root container({{"proc/self/cgroup", "2:cpu:/docker/x\n0::/"},
                        {"sys/fs/cgroup/cpu/cpu.cfs_quota_us", "150000"},
                        {"sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000"}});
  CHECK(container.usable() == 1);
  const Root none({{"proc/self/cgroup", "2:cpu:/"},
                   {"sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1"},
                   {"sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000"}});
  CHECK(none.usable() == allowed());
}

TEST(processors_of_an_affinity_mask) {
  int one = 0;
  std::thread([&] {
    cpu_set_t mask;
    sched_getaffinity(0, sizeof mask, &mask);
    int cpu = 0;
    while (!CPU_ISSET(cpu, &mask)) cpu++;
    CPU_ZERO(&mask);
    CPU_SET(cpu, &mask);
    sched_setaffinity(0, sizeof mask, &mask);
    one = usableProcessors("/nowhere");
  }).join();
  CHECK(one == 1);
}

TEST(threads_of_the_environment) {
  const char* before = std::getenv("NODEGRAD_NUM_THREADS");
  const std::string kept = before ? before : "";
  const auto with = [](const char* value) {
    setenv("NODEGRAD_NUM_THREADS", value, 1);
    return defaultThreads();
  };
  CHECK(with("7") == 7 && with("256") == 256);
  CHECK(with("") == usableProcessors());
  for (const char* bad : {"0", "-1", "257", "two", "2x", "1.5", "99999999999999999999"}) CHECK(with(bad) == 0);
  if (before)
    setenv("NODEGRAD_NUM_THREADS", kept.c_str(), 1);
  else
    unsetenv("NODEGRAD_NUM_THREADS");
}

}  // namespace ng::test
#endif
