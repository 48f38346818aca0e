// Runs the native tests; an argument keeps only the tests whose name contains it.
#include <cstring>

#include "../runtime/isa.h"
#include "check.h"

namespace ng::test {

int failures = 0;
Fail lastFailure = Fail::none;
std::string lastMessage;

std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

static const Isa* isa() {
  static const char* error = nullptr;
  static const Isa* chosen = chooseIsa(&error);
  if (!chosen) {
    std::fprintf(stderr, "%s\n", error);
    std::exit(2);
  }
  return chosen;
}

const KernelTable& kernels() { return *isa()->table; }

Ctx& ctx() {
  static Ctx c{[](Ctx&, Fail code, const char* message) {
                 lastFailure = code;
                 lastMessage = message;
               },
               nullptr};
  return c;
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
  std::printf("%s, %d threads: %d passed, %d failed\n", isa()->name, ng::numThreads(), run - bad, bad);
  return bad != 0 || run == 0;
}
