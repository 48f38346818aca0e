// From JavaScript arguments to a kernel call, deduced from the kernel's C++ signature.
//
// JavaScript writes every argument as doubles into one shared Float64Array and makes a single native call with the
// kernel's number. A double carries any int up to 2^53; a recorded call (jit) is simply a copy of those doubles.
//   memory        3 doubles: slot (-1 = null), offset in elements, dtype code (+ 16: all of the block)
//                 In 'r', Out 'w', InOut 'm'
//   lists of it   1 + 3 n doubles; InList 'R', InOutList 'M', StateList 'S'
//   Dims          1 + n doubles: n, then the values                             'd'
//   IntList       1 + n doubles                                                 'I'
//   number        1 double: int64_t 'i', double 'n', bool 'b'
//   one that changes from step to step: PerStep<int64_t> 'p', PerStepList 'P' with its length in front
#pragma once
#include <new>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "kernels.h"
#include "runtime/pool.h"
#include "runtime/stream.h"

namespace ng {

class Decoder {
 public:
  // `blocks[slot]` is null for a freed slot. Only blocks of `device` may be named.
  Decoder(const double* args, size_t n, Block* const* blocks, size_t slots, int device)
      : args_(args), end_(args + n), blocks_(blocks), slots_(slots), device_(device) {}

  const char* error() const { return error_; }
  // Of an error about a dtype: what came, and what the parameter takes.
  Types wanted() const { return wanted_; }
  DType got() const { return got_; }
  bool finished() const { return args_ == end_; }

  double number() {
    if (args_ == end_) return bad("too few arguments"), 0;
    return *args_++;
  }

  void get(double& v) { v = number(); }
  void get(int64_t& v) { v = static_cast<int64_t>(number()); }
  void get(bool& v) { v = number() != 0; }
  void get(PerStep<int64_t>& v) { get(v.own); }

  template <Role R, Types T>
  void get(Param<R, T>& p) {
    memory(p, p, T);
  }

  void get(Dims& d) {
    const double n = number();
    if (n > kMaxDims) return bad("too many dimensions");
    d.n = static_cast<int32_t>(n);
    for (int i = 0; i < d.n; i++) d.d[i] = static_cast<int64_t>(number());
  }

  template <Role R, Types T>
  void get(ParamList<R, T>& l) {
    l.n = static_cast<int64_t>(number());
    if (l.n * 3 > end_ - args_) l.n = 0, bad("list too long");
    auto* b = new Buf[static_cast<size_t>(l.n)];
    auto* m = new MarkRef[static_cast<size_t>(l.n)];
    for (int64_t i = 0; i < l.n; i++) memory(b[i], m[i], T);
    l.b = b;
    l.marks = m;
  }

  void get(IntList& l) { l.d = list<int64_t>(l.n); }
  void get(PerStepList& l) { l.own = list<double>(l.n); }

 private:
  void memory(Buf& b, MarkRef& mark, Types types) {
    const double slot = number(), offset = number();
    const int code = static_cast<int>(number());
    b = {nullptr, static_cast<DType>(code & 15)};
    if (error_ || slot < 0) return;
    const auto s = static_cast<size_t>(slot);
    if (s >= slots_ || blocks_[s] == nullptr) return bad("a tensor was used after its memory was released");
    Block& block = *blocks_[s];
    if (block.device != device_) return bad("tensors live on different devices");
    if ((types & only(b.t)) == 0) {
      wanted_ = types, got_ = b.t;
      return bad("dtype");
    }
    const double from = offset * static_cast<double>(sizeOf(b.t));
    if (!(from >= 0 && from <= static_cast<double>(block.bytes))) return bad("a tensor starts outside its memory");
    b.p = static_cast<char*>(block.p) + static_cast<int64_t>(from);
    mark = {&block.mark, block.life, (code & 16) != 0};
  }

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
  Types wanted_ = 0;
  DType got_ = DType::f32;
};

template <Role R, Types T>
void freeArg(ParamList<R, T>& l) {
  delete[] l.b;
  delete[] l.marks;
}
inline void freeArg(IntList& l) { delete[] l.d; }
inline void freeArg(PerStepList& l) { delete[] l.own; }
template <class T>
void freeArg(T&) {}

// What the binding knows of a parameter's type: the letter of its encoding, and the dtypes that it takes (0: no
// memory).
template <class T>
struct Coded {
  static constexpr char letter = 0;
  static constexpr Types types = 0;
};
template <char C, Types T = 0>
struct Code {
  static constexpr char letter = C;
  static constexpr Types types = T;
};
template <Role R, Types T>
struct Coded<Param<R, T>> : Code<R == Role::in    ? 'r'
                                 : R == Role::out ? 'w'
                                                  : 'm',
                                 T> {};
template <Role R, Types T>
struct Coded<ParamList<R, T>> : Code<R == Role::in      ? 'R'
                                     : R == Role::state ? 'S'
                                                        : 'M',
                                     T> {};
template <>
struct Coded<Dims> : Code<'d'> {};
template <>
struct Coded<IntList> : Code<'I'> {};
template <>
struct Coded<PerStepList> : Code<'P'> {};
template <>
struct Coded<PerStep<int64_t>> : Code<'p'> {};
template <>
struct Coded<int64_t> : Code<'i'> {};
template <>
struct Coded<double> : Code<'n'> {};
template <>
struct Coded<bool> : Code<'b'> {};

template <Role R, Types T, class F>
void eachMarkOf(Param<R, T>& p, F&& f) {
  f(R, p);
}
template <Role R, Types T, class F>
void eachMarkOf(ParamList<R, T>& l, F&& f) {
  for (int64_t i = 0; i < l.n; i++) f(R, l.marks[i]);
}
template <class T, class F>
void eachMarkOf(T&, F&&) {}

template <class F>
struct Bind;

template <class... A>
struct Bind<void (*)(Ctx&, A...)> {
  struct Packed {
    void (*fn)(Ctx&, A...);
    std::tuple<A...> args;
  };

  static_assert(((Coded<A>::letter != 0) && ...), "a kernel parameter of a type that the binding does not know");

  static std::string signature() { return std::string{Coded<A>::letter...}; }
  static std::vector<Types> types() { return {Coded<A>::types...}; }

  // Says how the arguments in `c`, a Packed, are run, dropped and searched for marks.
  static void arm(Call& c) {
    c.run = [](Call& call, Ctx& ctx) {
      auto* q = std::launder(reinterpret_cast<Packed*>(call.args));
      std::apply([&](A&... a) { q->fn(ctx, a...); }, q->args);
    };
    c.drop = [](Call& call) {
      auto* q = std::launder(reinterpret_cast<Packed*>(call.args));
      std::apply([](A&... a) { (freeArg(a), ...); }, q->args);
    };
    c.eachMark = [](Call& call, void (*f)(void*, Role, const MarkRef&), void* env) {
      auto* q = std::launder(reinterpret_cast<Packed*>(call.args));
      std::apply([&](A&... a) { (eachMarkOf(a, [&](Role r, const MarkRef& m) { f(env, r, m); }), ...); }, q->args);
    };
  }

  // Decodes into `c`, and answers what the call costs. After an error the call must be dropped.
  template <double (*kCost)(Ctx&, A...)>
  static int64_t prepare(Call& c, void* fn, Decoder& d) {
    static_assert(sizeof(Packed) <= sizeof(c.args), "raise the size of Call::args");
    auto* p = new (c.args) Packed{};
    p->fn = reinterpret_cast<void (*)(Ctx&, A...)>(fn);
    std::apply([&](A&... a) { (d.get(a), ...); }, p->args);
    arm(c);
    Ctx none{};
    const double cost = std::apply([&](A&... a) { return d.error() ? 0 : kCost(none, a...); }, p->args);
    return cost < 1e18 ? static_cast<int64_t>(cost) : int64_t{1} << 60;
  }
};

struct KernelInfo {
  const char* name;
  std::string signature;     // a letter for each
  std::vector<Types> types;  // the dtypes of each
  int64_t (*prepare)(Call&, void* fn, Decoder&);
  Types (*typesOf)(int64_t op);  // of a kernel of several operations: what one of them takes; else null
};

// In the order of KernelId.
const KernelInfo& kernelInfo(int id);

}  // namespace ng
