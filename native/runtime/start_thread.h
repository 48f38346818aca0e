// Threads where the system may refuse them (a limit of processes, no memory for a stack).
#pragma once
#include <exception>
#include <thread>
#include <utility>

namespace ng {

// False when there is no thread to be had: the caller does the work itself.
template <class F>
bool startThread(std::thread& t, F&& f) {
  try {
    t = std::thread(std::forward<F>(f));
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace ng
