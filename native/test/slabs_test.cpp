#include "runtime/slabs.h"

#include <cstdlib>
#include <set>

#include "check.h"
#include "runtime/pool.h"

namespace ng::test {
namespace {

struct Source {
  std::map<void*, size_t> live;
  int allocs = 0;
  bool empty = false;

  Backing backing() {
    return {[](void* env, size_t n) -> void* {
              auto& s = *static_cast<Source*>(env);
              if (s.empty) return nullptr;
              s.allocs++;
              void* p = std::aligned_alloc(4096, (n + 4095) / 4096 * 4096);
              s.live[p] = n;
              return p;
            },
            [](void* env, void* p, size_t n) {
              auto& s = *static_cast<Source*>(env);
              CHECK(s.live.count(p) == 1 && s.live[p] == n);
              s.live.erase(p);
              std::free(p);
            },
            this, 256};
  }
};

}  // namespace

TEST(slabs_pack_small_blocks) {
  Source source;
  {
    Slabs slabs(source.backing());
    const Backing b = slabs.backing();
    std::set<char*> pieces;
    for (int i = 0; i < 4096; i++) {
      auto* p = static_cast<char*>(b.alloc(b.env, 100));
      CHECK(reinterpret_cast<uintptr_t>(p) % 512 == 0 && pieces.insert(p).second);
    }
    CHECK(source.allocs == 1);
    CHECK(b.alloc(b.env, 512) != nullptr);
    CHECK(source.allocs == 2);
    for (char* p : pieces) b.free(b.env, p, 100);
    CHECK(source.live.size() == 1);
    void* big = b.alloc(b.env, (size_t{3} << 20) + 1);
    CHECK(source.live[big] == (size_t{3} << 20) + 1);
    b.free(b.env, big, (size_t{3} << 20) + 1);
  }
  CHECK(source.live.empty());
}

TEST(slabs_reuse_freed_pieces) {
  Source source;
  Slabs slabs(source.backing());
  const Backing b = slabs.backing();
  void* keep = b.alloc(b.env, 1000);
  void* p = b.alloc(b.env, 700);
  b.free(b.env, p, 700);
  CHECK(b.alloc(b.env, 1024) == p);
  b.free(b.env, p, 1024);
  b.free(b.env, keep, 1000);
  CHECK(source.live.empty());
}

TEST(slabs_behind_a_pool) {
  Source source;
  Slabs slabs(source.backing());
  {
    Pool pool(slabs.backing(), false);
    std::vector<Block*> blocks;
    for (size_t n : {1, 64, 5000, 300000, 1 << 20, 5 << 20}) blocks.push_back(pool.alloc(n, [] {}));
    for (Block* b : blocks) CHECK(b != nullptr);
    CHECK(source.live.size() == 2);  // a slab for the small ones, 5 MiB by themselves
    for (Block* b : blocks) pool.release(b, 0);
    source.empty = true;
    CHECK(pool.alloc(64 << 20, [] {}) == nullptr);
    CHECK(source.live.empty());
  }
}

}  // namespace ng::test
