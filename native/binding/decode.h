// From JavaScript arguments to a kernel call, deduced from the kernel's C++ signature.
//
// JavaScript writes every argument as doubles into one shared Float64Array and makes a single native call with the
// kernel's number. A double carries any int up to 2^53; a recorded call (jit) is simply a copy of those doubles.
//   Buf      3 doubles: slot (-1 = null), offset in elements, dtype code        'b'
//   Dims     1 + n doubles: n, then the values                                  'd'
//   BufList  1 + 3 n doubles                                                    'B'
//   IntList, RealList  1 + n doubles                                            'I', 'N'
//   number   1 double (int64_t; double, bool)                                   'i', 'n'
#pragma once
#include <new>
#include <string>
#include <tuple>
#include <utility>

#include "../kernels.h"
#include "../runtime/pool.h"
#include "../runtime/stream.h"

namespace ng {

class Decoder {
 public:
  // `blocks[slot]` is null for a freed slot. Only blocks of `device` may be named.
  Decoder(const double* args, size_t n, Block* const* blocks, size_t slots, int device)
      : args_(args), end_(args + n), blocks_(blocks), slots_(slots), device_(device) {}

  const char* error() const { return error_; }
  bool finished() const { return args_ == end_; }

  double number() {
    if (args_ == end_) return bad("too few arguments"), 0;
    return *args_++;
  }

  void get(double& v) { v = number(); }
  void get(int64_t& v) { v = static_cast<int64_t>(number()); }
  void get(bool& v) { v = number() != 0; }

  void get(Buf& b) {
    const double slot = number(), offset = number(), dtype = number();
    b = {nullptr, static_cast<DType>(static_cast<int>(dtype))};
    if (error_ || slot < 0) return;
    const auto s = static_cast<size_t>(slot);
    if (s >= slots_ || blocks_[s] == nullptr) return bad("a tensor was used after its memory was released");
    if (blocks_[s]->device != device_) return bad("tensors live on different devices");
    const double from = offset * static_cast<double>(sizeOf(b.t));
    if (!(from >= 0 && from <= static_cast<double>(blocks_[s]->bytes)))
      return bad("a tensor starts outside its memory");
    b.p = static_cast<char*>(blocks_[s]->p) + static_cast<int64_t>(from);
  }

  void get(Dims& d) {
    const double n = number();
    if (n > kMaxDims) return bad("too many dimensions");
    d.n = static_cast<int32_t>(n);
    for (int i = 0; i < d.n; i++) d.d[i] = static_cast<int64_t>(number());
  }

  void get(BufList& l) {
    l.n = static_cast<int64_t>(number());
    if (l.n * 3 > end_ - args_) l.n = 0, bad("list too long");
    auto* b = new Buf[static_cast<size_t>(l.n)];
    for (int64_t i = 0; i < l.n; i++) get(b[i]);
    l.b = b;
  }

  void get(IntList& l) { l.d = list<int64_t>(l.n); }
  void get(RealList& l) { l.d = list<double>(l.n); }

 private:
  template <class T>
  const T* list(int64_t& n) {
    n = static_cast<int64_t>(number());
    if (n > end_ - args_) n = 0, bad("list too long");
    auto* d = new T[static_cast<size_t>(n)];
    for (int64_t i = 0; i < n; i++) d[i] = static_cast<T>(number());
    return d;
  }

  void bad(const char* why) {
    if (error_ == nullptr) error_ = why;
  }

  const double* args_;
  const double* end_;
  Block* const* blocks_;
  size_t slots_;
  int device_;
  const char* error_ = nullptr;
};

inline void freeArg(BufList& l) { delete[] l.b; }
inline void freeArg(IntList& l) { delete[] l.d; }
inline void freeArg(RealList& l) { delete[] l.d; }
template <class T>
void freeArg(T&) {}

template <class T>
constexpr char codeOf() {
  if constexpr (std::is_same_v<T, Buf>) return 'b';
  if constexpr (std::is_same_v<T, Dims>) return 'd';
  if constexpr (std::is_same_v<T, BufList>) return 'B';
  if constexpr (std::is_same_v<T, IntList>) return 'I';
  if constexpr (std::is_same_v<T, RealList>) return 'N';
  if constexpr (std::is_same_v<T, int64_t>) return 'i';
  static_assert(std::is_same_v<T, Buf> || std::is_same_v<T, Dims> || std::is_same_v<T, BufList> ||
                    std::is_same_v<T, IntList> || std::is_same_v<T, RealList> || std::is_arithmetic_v<T>,
                "a kernel parameter of a type that the binding does not know");
  return 'n';
}

template <class F>
struct Bind;

template <class... A>
struct Bind<void (*)(Ctx&, A...)> {
  struct Packed {
    void (*fn)(Ctx&, A...);
    std::tuple<A...> args;
  };

  static std::string signature() { return std::string{codeOf<A>()...}; }

  // Decodes into `c`. After an error the call must be dropped.
  static void prepare(Call& c, void* fn, Decoder& d) {
    static_assert(sizeof(Packed) <= sizeof(c.args), "raise the size of Call::args");
    auto* p = new (c.args) Packed{};
    p->fn = reinterpret_cast<void (*)(Ctx&, A...)>(fn);
    std::apply([&](A&... a) { (d.get(a), ...); }, p->args);
    c.run = [](Call& call, Ctx& ctx) {
      auto* q = std::launder(reinterpret_cast<Packed*>(call.args));
      std::apply([&](A&... a) { q->fn(ctx, a...); }, q->args);
      call.drop(call);
    };
    c.drop = [](Call& call) {
      auto* q = std::launder(reinterpret_cast<Packed*>(call.args));
      std::apply([](A&... a) { (freeArg(a), ...); }, q->args);
    };
  }
};

struct KernelInfo {
  const char* name;
  const char* doc;
  std::string signature;
  void (*prepare)(Call&, void* fn, Decoder&);
};

// In the order of KernelId.
const KernelInfo& kernelInfo(int id);

}  // namespace ng
