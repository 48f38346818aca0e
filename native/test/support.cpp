// The kernels of the chosen instruction set, for tests and benches.
#include "check.h"
#include "runtime/isa.h"

namespace ng::test {

Fail lastFailure = Fail::none;
std::string lastMessage;

static const Isa* chosenIsa() {
  static const char* error = nullptr;
  static const Isa* chosen = chooseIsa(&error);
  if (!chosen) {
    std::fprintf(stderr, "%s\n", error);
    std::exit(2);
  }
  return chosen;
}

const KernelTable& kernels() { return *chosenIsa()->table; }

Ctx& ctx() {
  static Ctx c{[](Ctx&, Fail code, const char* message) {
                 lastFailure = code;
                 lastMessage = message;
               },
               nullptr};
  return c;
}

const char* isaName() { return chosenIsa()->name; }

}  // namespace ng::test
