// Matrix products by cuBLASLt, opened at run time. A plan (descriptors, algorithm) is made once per shape.
//
// The algorithm is the heuristic's first choice, not the fastest of a timing: which one wins a timing differs from run
// to run, and with it the rounding. TF32 is off (CUBLAS_COMPUTE_32F), as in PyTorch.
#ifdef __CUDACC__
#include <cublasLt.h>
#include <dlfcn.h>
#include <glob.h>

#include <map>
#include <vector>

#include "gemm.h"

namespace ng::cuda {
namespace {

// What cuBLASLt wants on Hopper; older GPUs use less of it.
constexpr size_t kWorkspace = size_t{32} << 20;
constexpr size_t kMaxPlans = 4096;

#define NG_TEXT2(x) #x
#define NG_TEXT(x) NG_TEXT2(x)
constexpr char kName[] = "libcublasLt.so." NG_TEXT(CUBLAS_VER_MAJOR);

// clang-format off
#define NG_CUBLASLT(F)                                                                                                 \
  F(cublasLtCreate)                                                                                                    \
  F(cublasLtDestroy)                                                                                                   \
  F(cublasLtGetStatusString)                                                                                           \
  F(cublasLtMatmul) F(cublasLtMatmulDescCreate) F(cublasLtMatmulDescDestroy) F(cublasLtMatmulDescSetAttribute)         \
      F(cublasLtMatrixLayoutCreate) F(cublasLtMatrixLayoutDestroy) F(cublasLtMatrixLayoutSetAttribute)                 \
          F(cublasLtMatmulPreferenceCreate) F(cublasLtMatmulPreferenceDestroy) F(cublasLtMatmulPreferenceSetAttribute) \
              F(cublasLtMatmulAlgoGetHeuristic)
// clang-format on

struct Library {
  void* handle = nullptr;
  std::string reason;
#define F(name) decltype(&::name) name = nullptr;
  NG_CUBLASLT(F)
#undef F

  Library();
  bool open(const std::string& path) { return (handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) != nullptr; }
  bool openAny(const std::string& pattern);
  bool search();
};

bool Library::openAny(const std::string& pattern) {
  glob_t found{};
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    // The last in sorted order: the newest Python.
    for (size_t i = found.gl_pathc; i > 0 && handle == nullptr; i--) open(found.gl_pathv[i - 1]);
  }
  globfree(&found);
  return handle != nullptr;
}

// The folder of the first `python3` on PATH, without "/bin".
std::string pythonPrefix() {
  const char* path = std::getenv("PATH");
  const std::string list = path ? path : "";
  for (size_t at = 0; at < list.size();) {
    size_t end = list.find(':', at);
    if (end == std::string::npos) end = list.size();
    const std::string dir = list.substr(at, end - at);
    at = end + 1;
    glob_t found{};
    const bool here = glob((dir + "/python3").c_str(), 0, nullptr, &found) == 0;
    globfree(&found);
    if (here) return dir.substr(0, dir.rfind('/'));
  }
  return "";
}

bool Library::search() {
  const auto env = [](const char* name) { return std::string(std::getenv(name) ? std::getenv(name) : ""); };
  const std::string name = std::string("/") + kName;
  const std::string dir = env("NODEGRAD_CUDA_LIB_DIR");
  if (!dir.empty()) return open(dir + name);
  if (open(kName)) return true;
  for (const std::string& home : {env("CUDA_HOME"), env("CUDA_PATH"), std::string("/usr/local/cuda")}) {
    for (const char* sub : {"/lib64", "/lib", "/targets/x86_64-linux/lib", "/targets/sbsa-linux/lib"}) {
      if (!home.empty() && open(home + sub + name)) return true;
    }
  }
  // The vendor's Python wheels.
  for (const std::string& prefix : {env("VIRTUAL_ENV"), env("CONDA_PREFIX"), pythonPrefix(), env("HOME") + "/.local",
                                    std::string("/usr/local"), std::string("/usr")}) {
    if (prefix.empty()) continue;
    for (const char* packages : {"/lib/python3*/site-packages/nvidia/*/lib", "/lib/python3*/dist-packages/nvidia/*/lib",
                                 "/lib/python3/dist-packages/nvidia/*/lib"}) {
      if (openAny(prefix + packages + name)) return true;
    }
  }
  return false;
}

Library::Library() {
  if (!search()) {
    reason = std::string(kName) + " (cuBLASLt) was not found; install it with the CUDA toolkit " +
             NG_TEXT(CUBLAS_VER_MAJOR) +
             " or with `pip install nvidia-cublas`, or name its folder in "
             "NODEGRAD_CUDA_LIB_DIR.";
    return;
  }
#define F(name)                                                                   \
  if ((name = reinterpret_cast<decltype(name)>(dlsym(handle, #name))) == nullptr) \
    reason = std::string(kName) + " has no function " #name "; install a newer cuBLASLt of the same major version.";
  NG_CUBLASLT(F)
#undef F
}

const Library& lib() {
  static const Library l;
  return l;
}

struct Key {
  Gemm g;
  int32_t align[3];
};

struct Less {
  bool operator()(const Key& a, const Key& b) const { return std::memcmp(&a, &b, sizeof(Key)) < 0; }
};

struct Plan {
  cublasLtMatmulDesc_t desc = nullptr;
  cublasLtMatrixLayout_t a = nullptr, b = nullptr, c = nullptr;
  cublasLtMatmulAlgo_t algo;
  size_t workspace = 0;
};

// Of both addresses, up to 256.
int32_t alignmentOf(const void* p, const void* q = nullptr) {
  const auto x = reinterpret_cast<uintptr_t>(p) | reinterpret_cast<uintptr_t>(q) | 256;
  return static_cast<int32_t>(x & (~x + 1));
}

class LtPlans final : public GemmPlans {
 public:
  explicit LtPlans(CudaStream& s) : s_(s) {}
  ~LtPlans() override {
    clear();
    if (workspace_) cudaFree(workspace_);
    if (handle_) lib().cublasLtDestroy(handle_);
  }

  const char* start() {
    if (const cublasStatus_t e = lib().cublasLtCreate(&handle_)) return lib().cublasLtGetStatusString(e);
    if (const cudaError_t e = cudaMalloc(&workspace_, kWorkspace)) return cudaGetErrorString(e);
    return nullptr;
  }

  Solved run(const Gemm& g, const void* a, const void* b, const void* bias, void* c) override {
    Key key;
    std::memset(&key, 0, sizeof(key));
    key.g = g;
    key.align[0] = alignmentOf(a), key.align[1] = alignmentOf(b), key.align[2] = alignmentOf(c, bias);
    auto it = plans_.find(key);
    if (it == plans_.end()) {
      if (plans_.size() >= kMaxPlans) clear();
      Plan plan;
      const Solved made = make(key, plan, bias);
      if (made != Solved::yes) {
        destroy(plan);
        return made;
      }
      it = plans_.emplace(key, plan).first;
    }
    const Plan& p = it->second;
    if (g.bias &&
        !ok(lib().cublasLtMatmulDescSetAttribute(p.desc, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias, sizeof(bias))))
      return Solved::no;
    const double one = 1;
    const float one32 = 1, beta32 = static_cast<float>(g.beta);
    const bool wide = g.dtype == DType::f64;
    const void* alpha = wide ? static_cast<const void*>(&one) : &one32;
    const void* beta = wide ? static_cast<const void*>(&g.beta) : &beta32;
    return ok(lib().cublasLtMatmul(handle_, p.desc, alpha, a, p.a, b, p.b, beta, c, p.c, c, p.c, &p.algo, workspace_,
                                   p.workspace, s_.handle))
               ? Solved::yes
               : Solved::no;
  }

 private:
  bool ok(cublasStatus_t e) {
    if (e == CUBLAS_STATUS_SUCCESS) return true;
    const std::string text = std::string("cuBLASLt failed: ") + lib().cublasLtGetStatusString(e);
    s_.fail(e == CUBLAS_STATUS_ALLOC_FAILED ? Fail::outOfMemory : Fail::device, text.c_str());
    return false;
  }

  bool layout(cublasLtMatrixLayout_t& l, cudaDataType_t type, int64_t rows, int64_t cols, int64_t ld, int64_t stride,
              int32_t count) {
    return ok(lib().cublasLtMatrixLayoutCreate(&l, type, static_cast<uint64_t>(rows), static_cast<uint64_t>(cols),
                                               ld)) &&
           ok(lib().cublasLtMatrixLayoutSetAttribute(l, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof(count))) &&
           ok(lib().cublasLtMatrixLayoutSetAttribute(l, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &stride,
                                                     sizeof(stride)));
  }

  Solved make(const Key& key, Plan& p, const void* bias) {
    const Gemm& g = key.g;
    const bool wide = g.dtype == DType::f64;
    const cudaDataType_t type = wide ? CUDA_R_64F : CUDA_R_32F;
    const cublasOperation_t opA = g.transA ? CUBLAS_OP_T : CUBLAS_OP_N, opB = g.transB ? CUBLAS_OP_T : CUBLAS_OP_N;
    const cublasLtEpilogue_t epilogue = g.bias ? CUBLASLT_EPILOGUE_BIAS : CUBLASLT_EPILOGUE_DEFAULT;
    const auto set = [&](cublasLtMatmulDescAttributes_t a, const auto& v) {
      return ok(lib().cublasLtMatmulDescSetAttribute(p.desc, a, &v, sizeof(v)));
    };
    if (!ok(lib().cublasLtMatmulDescCreate(&p.desc, wide ? CUBLAS_COMPUTE_64F : CUBLAS_COMPUTE_32F, type)) ||
        !set(CUBLASLT_MATMUL_DESC_TRANSA, opA) || !set(CUBLASLT_MATMUL_DESC_TRANSB, opB) ||
        !set(CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue) || (g.bias && !set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias)) ||
        !layout(p.a, type, g.transA ? g.k : g.m, g.transA ? g.m : g.k, g.lda, g.strideA, g.count) ||
        !layout(p.b, type, g.transB ? g.n : g.k, g.transB ? g.k : g.n, g.ldb, g.strideB, g.count) ||
        !layout(p.c, type, g.m, g.n, g.ldc, g.strideC, g.count))
      return Solved::no;
    cublasLtMatmulPreference_t pref = nullptr;
    if (!ok(lib().cublasLtMatmulPreferenceCreate(&pref))) return Solved::no;
    const auto prefer = [&](cublasLtMatmulPreferenceAttributes_t a, const auto& v) {
      return ok(lib().cublasLtMatmulPreferenceSetAttribute(pref, a, &v, sizeof(v)));
    };
    const auto align = [&](int i) { return static_cast<uint32_t>(key.align[i]); };
    cublasLtMatmulHeuristicResult_t found{};
    int count = 0;
    // "Not supported" means that there is none.
    const auto answered = [&](cublasStatus_t e) { return e == CUBLAS_STATUS_NOT_SUPPORTED || ok(e); };
    bool good =
        prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, kWorkspace) &&
        prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, align(0)) &&
        prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, align(1)) &&
        prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, align(2)) &&
        prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, align(2)) &&
        answered(lib().cublasLtMatmulAlgoGetHeuristic(handle_, p.desc, p.a, p.b, p.c, p.c, pref, 1, &found, &count));
    lib().cublasLtMatmulPreferenceDestroy(pref);
    if (g.bias && count == 0) return Solved::withoutBias;
    if (good && count == 0) good = ok(CUBLAS_STATUS_NOT_SUPPORTED);
    p.algo = found.algo;
    p.workspace = found.workspaceSize;
    return good ? Solved::yes : Solved::no;
  }

  static void destroy(Plan& p) {
    if (p.desc) lib().cublasLtMatmulDescDestroy(p.desc);
    for (cublasLtMatrixLayout_t l : {p.a, p.b, p.c}) {
      if (l) lib().cublasLtMatrixLayoutDestroy(l);
    }
  }

  void clear() {
    for (auto& [key, plan] : plans_) destroy(plan);
    plans_.clear();
  }

  CudaStream& s_;
  cublasLtHandle_t handle_ = nullptr;
  void* workspace_ = nullptr;
  std::map<Key, Plan, Less> plans_;
};

}  // namespace

bool gemmAvailable(const char** reason) {
  if (lib().reason.empty()) return true;
  *reason = lib().reason.c_str();
  return false;
}

GemmPlansPtr makeGemmPlans(CudaStream& s, const char** reason) {
  const auto drop = [](GemmPlans* p) { delete p; };
  if (!gemmAvailable(reason)) return {nullptr, drop};
  auto plans = std::make_unique<LtPlans>(s);
  if (const char* why = plans->start()) {
    static thread_local std::string text;
    text = std::string("cuBLASLt does not start (") + why + "): check the GPU with nvidia-smi.";
    *reason = text.c_str();
    return {nullptr, drop};
  }
  return {plans.release(), drop};
}

}  // namespace ng::cuda
#endif
