#include "slabs.h"

#include <algorithm>

namespace ng {

Slabs::~Slabs() {
  for (auto& [p, slab] : slabs_) source_.free(source_.env, p, kSlab);
}

Backing Slabs::backing() {
  return {[](void* env, size_t bytes) { return static_cast<Slabs*>(env)->alloc(bytes); },
          [](void* env, void* p, size_t bytes) { static_cast<Slabs*>(env)->free(p, bytes); }, this, kAlign};
}

void* Slabs::alloc(size_t bytes) {
  if (bytes > kSmall) return source_.alloc(source_.env, bytes);
  const size_t size = (std::max(bytes, size_t{1}) + kAlign - 1) / kAlign * kAlign;
  auto& freed = pieces_[size];
  char* p;
  if (!freed.empty()) {
    p = freed.back();
    freed.pop_back();
  } else {
    if (current_ == nullptr || slabs_[current_].used + size > kSlab) {
      auto* slab = static_cast<char*>(source_.alloc(source_.env, kSlab));
      if (slab == nullptr) return nullptr;
      slabs_[slab] = {};
      current_ = slab;
    }
    p = current_ + slabs_[current_].used;
    slabs_[current_].used += size;
  }
  (--slabs_.upper_bound(p))->second.alive++;
  return p;
}

void Slabs::free(void* block, size_t bytes) {
  if (bytes > kSmall) return source_.free(source_.env, block, bytes);
  auto* p = static_cast<char*>(block);
  const size_t size = (std::max(bytes, size_t{1}) + kAlign - 1) / kAlign * kAlign;
  pieces_[size].push_back(p);
  const auto it = --slabs_.upper_bound(p);
  if (--it->second.alive > 0) return;
  // Nothing of this slab is in use: back to the source, and its pieces are forgotten.
  char* const begin = it->first;
  for (auto& [s, list] : pieces_) std::erase_if(list, [&](char* q) { return q >= begin && q < begin + kSlab; });
  if (current_ == begin) current_ = nullptr;
  slabs_.erase(it);
  source_.free(source_.env, begin, kSlab);
}

}  // namespace ng
