// The optimizers' steps: one row each, the only list there is. lib/optim looks opcodes up by name (the addon exports
// the names), never by number. The formulas, and what the constants and states of each are, stand in optim_steps.h.
#pragma once
#include <cstdint>

//  name              formula, in the element type T
#define NG_OPTIM_STEPS(O)                            \
  O(sgd, Sgd<T>)                                     \
  O(momentum, Momentum<T>)                           \
  O(adam, Adam<T, false>)                            \
  O(amsgrad, Adam<T, true>)                          \
  O(adamax, Adamax<T>)                               \
  O(lamb, Lamb<T>)                                   \
  O(rmsprop, RMSprop<T, false, false>)               \
  O(rmspropMomentum, RMSprop<T, true, false>)        \
  O(rmspropCentered, RMSprop<T, false, true>)        \
  O(rmspropMomentumCentered, RMSprop<T, true, true>) \
  O(adagrad, Adagrad<T>)                             \
  O(adadelta, Adadelta<T>)                           \
  O(lion, Lion<T>)                                   \
  O(rprop, Rprop<T>)                                 \
  O(asgd, Asgd<T>)                                   \
  O(lerp, Lerp<T>)                                   \
  O(scale, Scale<T>)

namespace ng {
#define O(name, ...) name,
enum class OptimStep : int64_t { NG_OPTIM_STEPS(O) count };
#undef O
}  // namespace ng
