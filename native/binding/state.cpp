#include "state.h"

#include <cstdlib>

namespace ng {

State::State(napi_env e) : env(e) {
  const char* g = std::getenv("NODEGRAD_GUARD");
  guard = g != nullptr && g[0] == '1';
}

int32_t State::takeSlot(Block* b) {
  int32_t slot;
  if (freeSlots.empty()) {
    slot = static_cast<int32_t>(blocks.size());
    blocks.push_back(b);
  } else {
    slot = freeSlots.back();
    freeSlots.pop_back();
    blocks[static_cast<size_t>(slot)] = b;
  }
  b->slot = slot;
  return slot;
}

void State::release(Block* b) {
  blocks[static_cast<size_t>(b->slot)] = nullptr;
  freeSlots.push_back(b->slot);
  if (closed) {
    b->pool->release(b, 0);
    return;
  }
  Device& d = *devices[static_cast<size_t>(b->device)];
  if (b->pool->guarded()) {
    d.wait();
    if (!b->pool->guardIntact(b)) guardViolations++;
  }
  b->pool->release(b, d.position());
  if (regs) regs[kRegLive] = static_cast<double>(liveBytes());
}

int64_t State::liveBytes() const {
  int64_t sum = 0;
  for (auto& d : devices) sum += d ? d->pool().stats().live : 0;
  return sum;
}

void State::close() {
  closed = true;
  regs = nullptr;
  // Joins the executors first: after this nothing runs that could touch a block or call into the environment. The
  // pools stay until the last finalizer has run.
  for (auto& d : devices) {
    if (d) d->stop();
  }
  maybeDelete();
}

void State::maybeDelete() {
  if (closed && handles == 0) delete this;
}

}  // namespace ng
