// Matrix products as cuBLAS states them: column-major, alpha = 1. gemm/matmul.cu brings the row-major problem of
// kernels.h into this form; cublaslt.cu solves it, and emulate_gemm.cpp is its plain reference for the emulation.
#pragma once
#include <memory>

#include "stream.h"

namespace ng::cuda {

// C[m, n] = op(A)[m, k] op(B)[k, n] + bias[m] + beta C, for `count` batches. Everything but the pointers; compared
// bytewise as the key of a plan, so all padding is spelled out.
struct Gemm {
  int64_t m, n, k, lda, ldb, ldc;
  int64_t strideA, strideB, strideC;  // between batches, in elements
  int32_t count;
  DType dtype;  // f32 or f64
  bool transA, transB, bias;
  double beta;
};

enum class Solved { yes, no, withoutBias };

class GemmPlans {
 public:
  virtual ~GemmPlans() = default;
  // No: it failed, and the failure is recorded on the stream. WithoutBias: nothing was done, because there is a
  // solution only if the bias is added apart.
  virtual Solved run(const Gemm& g, const void* a, const void* b, const void* bias, void* c) = 0;
};

using GemmPlansPtr = std::unique_ptr<GemmPlans, void (*)(GemmPlans*)>;
// nullptr with one sentence in *reason when no matrix product library is found.
GemmPlansPtr makeGemmPlans(CudaStream& s, const char** reason);
// Whether makeGemmPlans will find its library; the same sentence if not.
bool gemmAvailable(const char** reason);

}  // namespace ng::cuda
