#include "priority.h"

#include <atomic>
#include <chrono>
#include <thread>

namespace ng {
namespace {

std::atomic<int64_t> urgentCalls{0};
thread_local bool urgentHere = false;

}  // namespace

void urgentBegins() { urgentCalls.fetch_add(1, std::memory_order_relaxed); }
void urgentEnds() { urgentCalls.fetch_sub(1, std::memory_order_relaxed); }

bool isUrgent() { return urgentHere; }
UrgentScope::UrgentScope(bool urgent) : here_(urgentHere), before_(here_) { here_ = urgent; }
UrgentScope::~UrgentScope() { here_ = before_; }

void giveWay() {
  if (urgentCalls.load(std::memory_order_relaxed) == 0 || urgentHere) return;
  const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(kMostMicros);
  while (urgentCalls.load(std::memory_order_relaxed) > 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::microseconds(50));  // a core is what the other one needs
}

}  // namespace ng
