// What the tests of the emulated CUDA kernels share (Note [Emulation]): the same arguments go to the emulated GPU and
// to the CPU, and the results are compared, margins included.
#pragma once
#include <random>

#include "check.h"
#include "cuda/api.h"

namespace ng::test {

inline const CudaApi& api() { return *nodegrad_cuda_api(kCudaApiVersion); }

// One emulated GPU: everything it is given lives in host memory.
struct Gpu {
  CudaStream* stream;
  struct : Ctx {
    Fail code = Fail::none;  // of a call that failed before anything was launched
    std::string message;
  } ctx;

  Gpu() {
    const char* reason = nullptr;
    stream = api().open(0, &reason);
    ctx.failFn = [](Ctx& c, Fail code, const char* m) {
      auto& own = static_cast<decltype(ctx)&>(c);
      own.code = code, own.message = m;
    };
    ctx.stream = stream;
  }
  ~Gpu() { api().close(stream); }
  const KernelTable* operator->() const { return api().kernels; }
  operator Ctx&() { return ctx; }
  std::string error(Fail* code = nullptr) {
    char text[256];
    api().wait(stream);
    int32_t op = 0;
    const Fail f = api().takeError(stream, &op, text, sizeof(text));
    const std::string message = f == Fail::none ? ctx.message : text;
    if (code) *code = f == Fail::none ? ctx.code : f;
    ctx.code = Fail::none, ctx.message.clear();
    return message;
  }
};

struct Random {
  std::mt19937_64 engine{42};
  double operator()(double lo, double hi) { return std::uniform_real_distribution<double>(lo, hi)(engine); }
  int64_t whole(int64_t lo, int64_t hi) { return std::uniform_int_distribution<int64_t>(lo, hi)(engine); }
};

// A typed array with room before and after, so that kernels that write outside are noticed.
struct Array {
  static constexpr int64_t kMargin = 64;
  DType t;
  int64_t n;
  std::vector<unsigned char> bytes;

  Array(DType type, int64_t count)
      : t(type), n(count), bytes(static_cast<size_t>(count + 2 * kMargin) * sizeOf(type), 0xA5) {}
  Buf buf(int64_t offset = 0) { return {bytes.data() + (kMargin + offset) * static_cast<int64_t>(sizeOf(t)), t}; }
  void set(int64_t i, double v) {
    switch (t) {
      case DType::f32:
        buf().as<float>()[i] = static_cast<float>(v);
        break;
      case DType::f64:
        buf().as<double>()[i] = v;
        break;
      case DType::i32:
        buf().as<int32_t>()[i] = static_cast<int32_t>(v);
        break;
      case DType::i64:
        buf().as<int64_t>()[i] = static_cast<int64_t>(v);
        break;
      case DType::boolean:
        buf().as<uint8_t>()[i] = v != 0;
        break;
      default:
        buf().as<uint8_t>()[i] = static_cast<uint8_t>(v);
    }
  }
  double get(int64_t i) {
    switch (t) {
      case DType::f32:
        return buf().as<float>()[i];
      case DType::f64:
        return buf().as<double>()[i];
      case DType::i32:
        return buf().as<int32_t>()[i];
      case DType::i64:
        return static_cast<double>(buf().as<int64_t>()[i]);
      default:
        return buf().as<uint8_t>()[i];
    }
  }
  Array& random(double lo, double hi) {
    Random r;
    for (int64_t i = 0; i < n; i++) set(i, t == DType::f32 || t == DType::f64 ? r(lo, hi) : std::floor(r(lo, hi)));
    return *this;
  }
};

// Margins included: whatever the kernels touched must be the same.
inline void sameBytes(const Array& a, const Array& b, const char* what) {
  const bool same = a.bytes == b.bytes;
  if (!same) std::printf("  %s: bytes differ\n", what);
  CHECK(same);
}
inline void close(Array& got, Array& want, double atol, double rtol, const char* what) {
  const int before = failures;
  for (int64_t i = 0; i < want.n; i++) CHECK_NEAR(got.get(i), want.get(i), atol, rtol);
  for (int64_t i = 0; i < Array::kMargin * static_cast<int64_t>(sizeOf(got.t)); i++) {
    CHECK(got.bytes[static_cast<size_t>(i)] == 0xA5 &&
          got.bytes[got.bytes.size() - 1 - static_cast<size_t>(i)] == 0xA5);
  }
  if (failures != before) std::printf("  in %s\n", what);
}

inline Dims rowMajor(const Dims& d) {
  Dims s = d;
  for (int64_t i = d.n - 1, step = 1; i >= 0; step *= d[static_cast<int>(i)], i--) s.d[i] = step;
  return s;
}

inline constexpr DType kTypes[] = {DType::f32, DType::f64, DType::i32, DType::i64, DType::u8, DType::boolean};

}  // namespace ng::test
