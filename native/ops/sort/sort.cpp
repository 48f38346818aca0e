// Stable sort and top-k along the middle of contiguous [outer, len, inner].
//
// Elements become unsigned keys in ascending order (floats: sign-flipped bits, -0 as +0, every NaN above +inf);
// descending order complements them, which keeps equal elements in their order. A line is then sorted by least
// significant byte first (LSD radix), bytes on which all keys agree are skipped. Lines of more than 2^32 elements of a
// 4-byte type are not supported.
#include "kernels.h"
#include "ops/kit/cast.h"
#include "runtime/parallel.h"
#include "runtime/scratch.h"

namespace ng::NG_ISA {
namespace {

constexpr int64_t kGrain = 8192;  // elements per task
constexpr int64_t kInsertion = 24;

template <bool Wide>
struct KeyOf {
  using type = uint32_t;
};
template <>
struct KeyOf<true> {
  using type = uint64_t;
};

template <class K>
struct Entry {
  K key, index;
  // Total order: equal keys by position.
  bool before(const Entry& o) const { return key < o.key || (key == o.key && index < o.index); }
};

template <class K, class T>
K keyOf(T x) {
  if constexpr (kHalf<T>) {
    return keyOf<K>(toFloat(x));
  } else if constexpr (kFloating<T>) {
    constexpr K top = K(1) << (8 * sizeof(K) - 1);
    const K bits = __builtin_bit_cast(K, x + T(0));
    const K ordered = bits & top ? ~bits : bits | top;
    return x == x ? ordered : ~K(0);
  } else if constexpr (kSame<T, uint8_t>) {
    return x;
  } else {
    return static_cast<K>(x) ^ (K(1) << (8 * sizeof(K) - 1));
  }
}

template <class K, class T>
void loadLine(Entry<K>* e, const T* a, int64_t len, int64_t step, bool descending) {
  const K flip = descending ? ~K(0) : K(0);
  for (int64_t i = 0; i < len; i++) e[i] = {keyOf<K>(a[i * step]) ^ flip, static_cast<K>(i)};
}

// Sorts e[0, n) by key, stably; `other` is as long. Returns whichever of the two holds the result.
template <class K>
Entry<K>* sortEntries(Entry<K>* e, Entry<K>* other, int64_t n) {
  if (n <= kInsertion) {
    for (int64_t i = 1; i < n; i++) {
      const Entry<K> x = e[i];
      int64_t j = i;
      for (; j > 0 && x.key < e[j - 1].key; j--) e[j] = e[j - 1];
      e[j] = x;
    }
    return e;
  }
  constexpr int kBytes = sizeof(K);
  int64_t count[kBytes][256] = {};
  for (int64_t i = 0; i < n; i++) {
    for (int b = 0; b < kBytes; b++) count[b][e[i].key >> (8 * b) & 255]++;
  }
  for (int b = 0; b < kBytes; b++) {
    int64_t* at = count[b];
    if (at[e[0].key >> (8 * b) & 255] == n) continue;
    for (int64_t d = 0, sum = 0; d < 256; d++) {
      const int64_t here = at[d];
      at[d] = sum;
      sum += here;
    }
    for (int64_t i = 0; i < n; i++) other[at[e[i].key >> (8 * b) & 255]++] = e[i];
    Entry<K>* t = e;
    e = other, other = t;
  }
  return e;
}

// Sinks `x` from the root of a heap whose root is the last in order.
template <class K>
void sink(Entry<K>* heap, int64_t n, int64_t at, Entry<K> x) {
  for (int64_t child; (child = 2 * at + 1) < n; at = child) {
    if (child + 1 < n && heap[child].before(heap[child + 1])) child++;
    if (!x.before(heap[child])) break;
    heap[at] = heap[child];
  }
  heap[at] = x;
}

// The first k of a line in sorted order, by a heap of the k best so far.
template <class K, class T>
void firstK(Entry<K>* heap, int64_t k, const T* a, int64_t len, int64_t step, bool descending) {
  loadLine(heap, a, k, step, descending);
  for (int64_t i = k / 2 - 1; i >= 0; i--) sink(heap, k, i, heap[i]);
  const K flip = descending ? ~K(0) : K(0);
  for (int64_t i = k; i < len; i++) {
    const K key = keyOf<K>(a[i * step]) ^ flip;
    if (key < heap[0].key) sink(heap, k, 0, {key, static_cast<K>(i)});
  }
  for (int64_t n = k - 1; n > 0; n--) {
    const Entry<K> last = heap[0];
    sink(heap, n, 0, heap[n]);
    heap[n] = last;
  }
}

// Sorts every line and writes its first k elements.
template <class T>
void sortLines(const Buf& values, const Buf& indices, const Buf& a, int64_t outer, int64_t len, int64_t inner,
               int64_t k, bool descending) {
  using K = typename KeyOf<sizeof(T) == 8>::type;
  // The heap is faster as long as few elements displace others.
  const bool partial = k < len && (k <= 16 || k < len / 16);
  parallelFor(outer * inner, kGrain / (len + 1), [&](int64_t b, int64_t e) {
    const size_t room = static_cast<size_t>(partial ? k : len);
    const Scratch<Entry<K>> one(room), other(partial ? 0 : room);
    Entry<K>*first = one, *second = other;
    for (int64_t line = b; line < e; line++) {
      const T* x = a.as<const T>() + line / inner * len * inner + line % inner;
      const Entry<K>* sorted = first;
      if (partial) {
        firstK(first, k, x, len, inner, descending);
      } else {
        loadLine(first, x, len, inner, descending);
        sorted = sortEntries(first, second, len);
      }
      const int64_t to = line / inner * k * inner + line % inner;
      for (int64_t i = 0; i < k; i++) {
        const int64_t from = static_cast<int64_t>(sorted[i].index);
        values.as<T>()[to + i * inner] = x[from * inner];
        indices.as<int64_t>()[to + i * inner] = from;
      }
    }
  });
}

void sortTyped(const Buf& values, const Buf& indices, const Buf& a, int64_t outer, int64_t len, int64_t inner,
               int64_t k, bool descending) {
  if (k == 0) return;
  withDtype<Plain>(plain(a.t),
                   [&]<class T>(Tag<T>) { sortLines<T>(values, indices, a, outer, len, inner, k, descending); });
}

}  // namespace

void sort(Ctx& c, Out<Any> values, Out<Int64> indices, In<Any> a, int64_t outer, int64_t len, int64_t inner,
          bool descending) {
  sortTyped(values, indices, a, outer, len, inner, len, descending);
}

void topk(Ctx& c, Out<Any> values, Out<Int64> indices, In<Any> a, int64_t outer, int64_t len, int64_t inner, int64_t k,
          bool largest) {
  sortTyped(values, indices, a, outer, len, inner, k, largest);
}

}  // namespace ng::NG_ISA
