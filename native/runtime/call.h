// A kernel call, or a copy, as a stream keeps it.
#pragma once
#include "ctx.h"
#include "param.h"
#include "timing.h"

namespace ng {

struct Call {
  void (*run)(Call&, Ctx&);  // executes; the arguments stay
  void (*drop)(Call&);       // destroys the arguments, after `run` or instead of it
  // Calls f(env, role, mark) for every buffer among the arguments; null for a call that is no kernel's.
  void (*eachMark)(Call&, void (*f)(void* env, Role, const MarkRef&), void* env) = nullptr;
  int32_t op = 0;            // the operation as the user named it: a number that JavaScript gave, for its errors
  Timing* timing = nullptr;  // where to note when it runs; null: nowhere
  bool host = false;         // touches JavaScript's memory or functions: teardown must wait for it
  alignas(16) unsigned char args[720];
};

}  // namespace ng
