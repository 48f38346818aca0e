// The module: what is made once per environment, and the calls that are rare. lib/native is the only caller.
#include <napi.h>

#include <memory>
#include <string>
#include <vector>

#include "calls.h"
#include "cuda_library.h"
#include "decode.h"
#include "ops/kit/opcodes.h"
#include "runtime/isa.h"
#include "runtime/parallel.h"
#include "runtime/processors.h"
#include "runtime/scratch.h"
#include "state.h"

namespace ng {
namespace {

State& stateOf(const Napi::CallbackInfo& info) { return *static_cast<State*>(info.Data()); }

// The device that the first argument names.
Device& deviceOf(const Napi::CallbackInfo& info) {
  return *stateOf(info).devices[info[0].As<Napi::Number>().Uint32Value()];
}

template <class Strings>
Napi::Array names(Napi::Env env, const Strings& list) {
  Napi::Array out = Napi::Array::New(env);
  for (const auto& name : list) out[out.Length()] = Napi::String::New(env, name);
  return out;
}

// stats(device, reset peak) -> [live, peak, cached, count, limit, guard violations]
Napi::Value stats(const Napi::CallbackInfo& info) {
  Pool& p = deviceOf(info).pool();
  if (info[1].ToBoolean()) p.resetPeak();
  const PoolStats& st = p.stats();
  const double values[] = {double(st.live),  double(st.peak),   double(st.cached),
                           double(st.count), double(p.limit()), double(stateOf(info).guardViolations)};
  Napi::Array out = Napi::Array::New(info.Env(), 6);
  for (uint32_t i = 0; i < 6; i++) out[i] = Napi::Number::New(info.Env(), values[i]);
  return out;
}

void setLimit(const Napi::CallbackInfo& info) {
  deviceOf(info).pool().setLimit(info[1].As<Napi::Number>().Int64Value());
}

// flush(device): waits, then returns the cache and the workspaces of idle threads to the system.
void flush(const Napi::CallbackInfo& info) {
  Device& d = deviceOf(info);
  d.wait();
  d.pool().flush();
  releaseIdleScratch();
}

void setThreads(const Napi::CallbackInfo& info) {
  for (auto& d : stateOf(info).devices)
    if (d) d->wait();
  setNumThreads(info[0].As<Napi::Number>().Int32Value());
}

Napi::Value getThreads(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), numThreads()); }

// gpus(path of the CUDA library) -> [why there is none, or empty; name of GPU 0; name of GPU 1; ...]
Napi::Value gpus(const Napi::CallbackInfo& info) {
  std::vector<std::string> list(1);
  if (const CudaApi* api = openCudaLibrary(info[0].As<Napi::String>(), list[0])) {
    const char* reason = nullptr;
    const int32_t count = api->deviceCount(&reason);
    if (count == 0) list[0] = reason;
    for (int32_t i = 0; i < count; i++) list.push_back(api->deviceName(i));
    stateOf(info).cuda = api;
    stateOf(info).devices.resize(static_cast<size_t>(count + kFirstGpu));
  }
  return names(info.Env(), list);
}

// openUrgentCpu(): device 1 from now on
void openUrgentCpu(const Napi::CallbackInfo& info) {
  State& s = stateOf(info);
  auto& d = s.devices[kUrgentCpu];
  if (d == nullptr) d = makeCpuDevice(s.cpu, s.guard, true);
}

// openGpu(device number, kFirstGpu .. that + the number of GPUs - 1) -> why it cannot be used, or empty
Napi::Value openGpu(const Napi::CallbackInfo& info) {
  const int32_t i = info[0].As<Napi::Number>().Int32Value();
  auto& d = stateOf(info).devices[static_cast<size_t>(i)];
  std::string reason;
  if (d == nullptr) d = makeCudaDevice(*stateOf(info).cuda, i - kFirstGpu, reason);
  return Napi::String::New(info.Env(), reason);
}

// [name, letters of the parameters, the dtypes of each as bits]
Napi::Array kernelList(Napi::Env env) {
  Napi::Array out = Napi::Array::New(env);
  for (int i = 0; i < static_cast<int>(KernelId::count); i++) {
    const KernelInfo& k = kernelInfo(i);
    Napi::Array row = names(env, std::vector<std::string>{k.name, k.signature});
    Napi::Array types = Napi::Array::New(env);
    for (Types t : k.types) types[types.Length()] = Napi::Number::New(env, t);
    row[2u] = types;
    out[static_cast<uint32_t>(i)] = row;
  }
  return out;
}

Napi::Object opcodeLists(Napi::Env env) {
  Napi::Object out = Napi::Object::New(env);
#define X(name, ...) #name,
  out["unary"] = names(env, std::vector<const char*>{
#include "ops/elementwise/unary.def"
                            });
#define X(name, ...) #name,
  out["binary"] = names(env, std::vector<const char*>{
#include "ops/elementwise/binary.def"
                             });
#define X(name) #name,
  out["reduce"] = names(env, std::vector<const char*>{
#include "ops/reduce/reduce.def"
                             });
#define X(name) #name,
  out["scan"] = names(env, std::vector<const char*>{
#include "ops/reduce/scan.def"
                           });
#define X(name, ...) #name,
  out["optim"] = names(env, std::vector<const char*>{
#include "ops/optim/optim.def"
                            });
  return out;
}

// The dtypes of each unary and binary operation, as bits.
Napi::Object opcodeTypes(Napi::Env env) {
  Napi::Object out = Napi::Object::New(env);
  for (const KernelId id : {KernelId::unary, KernelId::binary}) {
    const KernelInfo& k = kernelInfo(static_cast<int>(id));
    Napi::Array list = Napi::Array::New(env);
    for (int64_t op = 0; k.typesOf(op) != 0; op++) list[list.Length()] = Napi::Number::New(env, k.typesOf(op));
    out[k.name] = list;
  }
  return out;
}

// setSynchronous(on)
void setSynchronous(const Napi::CallbackInfo& info) {
  State& s = stateOf(info);
  s.synchronous = info[0].ToBoolean();
  for (auto& d : s.devices) {
    if (!d) continue;
    d->wait();
    d->takeError();  // of before
  }
}

// startTiming() -> now, in nanoseconds of the clock that calls are timed by
Napi::Value startTiming(const Napi::CallbackInfo& info) {
  stateOf(info).timings = std::make_unique<std::deque<Timing>>();
  return Napi::Number::New(info.Env(), steadyNanos());
}

// stopTiming() -> the four times of each call since then (timing.h), in the order of the calls; begin and end are 0 of
// one that did not run because what it reads is the result of a failed one. Waits for all of them.
Napi::Value stopTiming(const Napi::CallbackInfo& info) {
  State& s = stateOf(info);
  for (auto& d : s.devices) {
    if (d) d->wait();
  }
  const auto timings = std::move(s.timings);
  Napi::Float64Array out = Napi::Float64Array::New(info.Env(), timings ? 4 * timings->size() : 0);
  size_t at = 0;
  for (size_t i = 0; timings && i < timings->size(); i++) {
    const Timing& t = (*timings)[i];
    for (const double v : {t.called, t.returned, t.begin, t.end}) out[at++] = v;
  }
  return out;
}

// Doubles that both sides see, for the life of the environment.
Napi::Float64Array sharedDoubles(Napi::Env env, double** p, size_t n) {
  Napi::Float64Array array = Napi::Float64Array::New(env, n);
  if (array.IsEmpty()) return array;
  *p = array.Data();
  Napi::Reference<Napi::Float64Array>::New(array, 1).SuppressDestruct();
  return array;
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  const char* error = nullptr;
  const Isa* isa = chooseIsa(&error);
  if (defaultThreads() == 0) error = "NODEGRAD_NUM_THREADS must be an integer from 1 to 256";
  if (error != nullptr) {
    Napi::Error e = Napi::Error::New(env, error);
    e.Set("code", "ERR_BACKEND");
    e.ThrowAsJavaScriptException();
    return exports;
  }
  auto state = std::make_unique<State>(env);
  State* s = state.get();
  s->cpu = isa->table;
  s->devices.resize(kFirstGpu);
  s->devices[0] = makeCpuDevice(s->cpu, s->guard, false);

  for (const RawFunction& f : rawFunctions()) {
    napi_value v = nullptr;
    if (napi_create_function(env, f.name, NAPI_AUTO_LENGTH, f.fn, s, &v) != napi_ok) return exports;
    exports[f.name] = v;
  }
  exports["stats"] = Napi::Function::New<stats>(env, "stats", s);
  exports["setLimit"] = Napi::Function::New<setLimit>(env, "setLimit", s);
  exports["flush"] = Napi::Function::New<flush>(env, "flush", s);
  exports["setThreads"] = Napi::Function::New<setThreads>(env, "setThreads", s);
  exports["getThreads"] = Napi::Function::New<getThreads>(env, "getThreads", s);
  exports["startTiming"] = Napi::Function::New<startTiming>(env, "startTiming", s);
  exports["stopTiming"] = Napi::Function::New<stopTiming>(env, "stopTiming", s);
  exports["setSynchronous"] = Napi::Function::New<setSynchronous>(env, "setSynchronous", s);
  exports["gpus"] = Napi::Function::New<gpus>(env, "gpus", s);
  exports["openUrgentCpu"] = Napi::Function::New<openUrgentCpu>(env, "openUrgentCpu", s);
  exports["openGpu"] = Napi::Function::New<openGpu>(env, "openGpu", s);
  exports["args"] = sharedDoubles(env, &s->args, kArgDoubles);
  exports["regs"] = sharedDoubles(env, &s->regs, kRegs);
  exports["kernels"] = kernelList(env);
  exports["opcodes"] = opcodeLists(env);
  exports["opcodeTypes"] = opcodeTypes(env);
  exports["isa"] = Napi::String::New(env, isa->name);
  // In a worker that is being terminated every call above may have failed. Nothing runs after this then, and the State
  // goes here; else it goes when the environment ends.
  if (s->args != nullptr && s->regs != nullptr && napi_add_env_cleanup_hook(env, closeState, s) == napi_ok)
    state.release();
  return exports;
}

}  // namespace
}  // namespace ng

static Napi::Object initModule(Napi::Env env, Napi::Object exports) { return ng::init(env, exports); }
NODE_API_MODULE(nodegrad, initModule)
