// The functions of calls.cpp, for the module's exports. Each takes the State as its data.
#pragma once
#include <node_api.h>

#include <vector>

namespace ng {

struct RawFunction {
  const char* name;
  napi_callback fn;
};
const std::vector<RawFunction>& rawFunctions();

}  // namespace ng
