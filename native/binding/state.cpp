#include "state.h"

#include <cstdlib>

namespace ng {

State::State(napi_env e) : env(e) {
  const char* g = std::getenv("NODEGRAD_GUARD");
  guard = g != nullptr && g[0] == '1';
}

Handle* State::takeHandle(Block* b) {
  Handle* h;
  if (idleHandles_.empty()) {
    h = &allHandles_.emplace_back();
    idleHandles_.reserve(allHandles_.size());  // so that a finalizer need not allocate
  } else {
    h = idleHandles_.back();
    idleHandles_.pop_back();
  }
  *h = {this, b};
  if (freeSlots.empty()) {
    b->slot = static_cast<int32_t>(blocks.size());
    blocks.push_back(b);
    owners.push_back(h);
  } else {
    b->slot = freeSlots.back();
    freeSlots.pop_back();
    blocks[static_cast<size_t>(b->slot)] = b;
    owners[static_cast<size_t>(b->slot)] = h;
  }
  handles++;
  return h;
}

void State::dropHandle(Handle* h) {
  if (h->block) release(h->block);
  idleHandles_.push_back(h);
  handles--;
  maybeDelete();
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
  // After this nothing runs that could call into the environment or touch JavaScript's memory. A kernel that is running
  // is not waited for, so that neither process.exit nor terminate() is held by it: it keeps the pools until it is done.
  for (auto& d : devices) {
    if (!d) continue;
    holds_++;
    if (!d->leave([](void* p) { static_cast<State*>(p)->unhold(); }, this)) holds_--;
  }
  maybeDelete();
}

void State::maybeDelete() {
  if (closed && handles == 0) unhold();
}

void State::unhold() {
  if (--holds_ == 0) delete this;
}

void closeState(void* state) { static_cast<State*>(state)->close(); }

}  // namespace ng
