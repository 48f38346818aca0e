// What a kernel does with memory that it is given, and which dtypes it takes there: the types of its parameters. They
// are Bufs to the kernel; the stream reads the roles, to know what becomes of the outputs when a call fails (mark.h).
#pragma once
#include "buffer.h"
#include "fn.h"

namespace ng {

// A set of dtypes: bit i stands for the DType of that number.
using Types = uint32_t;
constexpr Types only(DType t) { return Types{1} << static_cast<int>(t); }

inline constexpr Types Int32 = only(DType::i32), Int64 = only(DType::i64), Indices = Int32 | Int64;
inline constexpr Types Labels = Indices | only(DType::u8), Truth = only(DType::boolean);
inline constexpr Types Float64 = only(DType::f64), Real = only(DType::f32) | Float64, RealOrTruth = Real | Truth;
inline constexpr Types Whole = Labels | Truth, Number = Real | Labels, Full = Real | Whole;
inline constexpr Types Half = only(DType::bf16) | only(DType::f16), Floating = Real | Half, Any = Full | Half;

enum class Role : uint8_t {
  in,     // is read, and stays as it is
  out,    // is written; what was there is not read. It may be one of the inputs
  inOut,  // is read and changed
  state,  // is read and changed, but stays as it is when an input is the result of a failed call
};

struct Mark;

// Where the mark of a buffer's memory is kept, see mark.h. `mark` is null for memory that is nobody's block (in tests).
struct MarkRef {
  Mark* mark = nullptr;
  uint64_t life = 0;
  bool whole = false;  // the buffer is all of its block: writing it leaves nothing of a failed call
};

template <Role R, Types T>
struct Param : Buf, MarkRef {
  static constexpr Role kRole = R;
  static constexpr Types kTypes = T;
  Param() : Buf{} {}
  Param(const Buf& b) : Buf(b) {}
  Param(void* at, DType type) : Buf{at, type} {}
};
template <Types T>
using In = Param<Role::in, T>;
template <Types T>
using Out = Param<Role::out, T>;
template <Types T>
using InOut = Param<Role::inOut, T>;

// Several of a kind.
template <Role R, Types T>
struct ParamList : BufList {
  static constexpr Role kRole = R;
  static constexpr Types kTypes = T;
  const MarkRef* marks = nullptr;  // n of them, or null
  ParamList() : BufList{} {}
  ParamList(const BufList& l) : BufList(l) {}
  ParamList(int64_t count, const Buf* list) : BufList{count, list} {}
};
template <Types T>
using InList = ParamList<Role::in, T>;
template <Types T>
using InOutList = ParamList<Role::inOut, T>;
template <Types T>
using StateList = ParamList<Role::state, T>;

// Numbers that change from step to step (random seeds, Adam's corrections): kernels read them through memory, so that
// what was recorded once can be run again with those of another step. `from` is where a replay writes them, memory of
// the device; null: the call's own. CUDA kernels take the whole struct and read where they run.
template <class T>
struct PerStep {
  T own{};
  const T* from = nullptr;
  PerStep() = default;
  PerStep(T value) : own(value) {}
  NG_FN_MEMBER T operator*() const { return from != nullptr ? *from : own; }
};

struct PerStepList {
  int64_t n = 0;
  const double* own = nullptr;
  const double* from = nullptr;
  NG_FN_MEMBER const double* data() const { return from != nullptr ? from : own; }
};

}  // namespace ng
