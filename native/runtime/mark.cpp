#include "mark.h"

namespace ng {
namespace {

void put(const MarkRef& r, const FailurePtr& failure) {
  if (r.mark == nullptr) return;
  r.mark->life = r.life;
  r.mark->failure = failure;
}

}  // namespace

void Marks::fail(Fail code, const char* message) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (failing_.load(std::memory_order_relaxed)) return;
  now_.code = code;
  now_.message = message;
  failing_.store(true, std::memory_order_release);
}

bool Marks::handOn(Call& c) {
  FailurePtr found;
  c.eachMark(
      c,
      [](void* env, Role role, const MarkRef& r) {
        auto& f = *static_cast<FailurePtr*>(env);
        if (role != Role::out && f == nullptr) f = failureOf(r);
      },
      &found);
  if (found == nullptr) return false;
  c.eachMark(
      c,
      [](void* env, Role role, const MarkRef& r) {
        if (role == Role::out || role == Role::inOut) put(r, *static_cast<FailurePtr*>(env));
      },
      &found);
  return true;
}

void Marks::settle(Call& c) {
  FailurePtr failure;
  if (failing_.load(std::memory_order_acquire)) {
    now_.op = c.op;
    last_ = failure = std::make_shared<const Failure>(std::move(now_));
    now_ = {};
    any_ = true;
    failing_.store(false, std::memory_order_relaxed);
  }
  if (c.eachMark == nullptr) return;
  c.eachMark(
      c,
      [](void* env, Role role, const MarkRef& r) {
        const auto& f = *static_cast<FailurePtr*>(env);
        if (f != nullptr && (role == Role::out || role == Role::inOut)) put(r, f);
        if (f == nullptr && role == Role::out && r.whole) put(r, nullptr);
      },
      &failure);
}

Failure Marks::takeLast() {
  if (last_ == nullptr) return {};
  const Failure f = *last_;
  last_ = nullptr;
  return f;
}

}  // namespace ng
