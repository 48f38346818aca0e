// Runs the native tests; an argument keeps only the tests whose name contains it.
#include <cstring>

#include "check.h"

namespace ng::test {

int failures = 0;

std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

}  // namespace ng::test

int main(int argc, char** argv) {
  using namespace ng::test;
  int run = 0, bad = 0;
  for (const Case& c : cases()) {
    if (argc > 1 && !std::strstr(c.name, argv[1])) continue;
    const int before = failures;
    c.run();
    run++;
    if (failures != before) {
      bad++;
      std::printf("FAIL %s\n", c.name);
    }
  }
  std::printf("%s, %d threads: %d passed, %d failed\n", isaName(), ng::numThreads(), run - bad, bad);
  return bad != 0 || run == 0;
}
