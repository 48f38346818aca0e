// The functions that JavaScript calls. lib/core/native.ts is their only caller and documents them from that side.
#include "../ops/elementwise_list.h"
#include "../ops/reduce_list.h"
#include "../runtime/isa.h"
#include "../runtime/parallel.h"
#include "cuda_library.h"
#include "decode.h"
#include "js.h"
#include "state.h"

namespace ng {
namespace {

using js::Args;

// --- memory ---------------------------------------------------------------------------------------------------------

void syncRegs(State& s) { s.regs[kRegLive] = static_cast<double>(s.liveBytes()); }

// Runs synchronously inside garbage collection (NAPI_EXPERIMENTAL basic finalizer): it must not call into V8.
void finalizeHandle(node_api_basic_env, void* data, void*) {
  auto* h = static_cast<Handle*>(data);
  State* s = h->state;
  if (h->block) s->release(h->block);
  delete h;
  s->handles--;
  s->maybeDelete();
}

// alloc(bytes, device) -> handle, its slot in regs[0]; undefined when there is no memory.
napi_value alloc(napi_env env, napi_callback_info info) {
  Args<2> a(env, info);
  State& s = *a.state;
  const int device = a.i32(1);
  Device& d = *s.devices[static_cast<size_t>(device)];
  Block* b = d.pool().alloc(static_cast<size_t>(a.f64(0)), [&] { d.wait(); });
  if (b == nullptr) return nullptr;
  b->device = device;
  s.regs[kRegSlot] = s.takeSlot(b);
  syncRegs(s);
  if (d.pool().guarded()) {
    d.wait();
    d.pool().prepareGuard(b);
  }
  napi_value v = nullptr;
  napi_create_external(env, new Handle{&s, b}, finalizeHandle, nullptr, &v);
  s.handles++;
  return v;
}

// release(handle): gives the memory back at once.
napi_value release(napi_env env, napi_callback_info info) {
  Args<1> a(env, info);
  void* p = nullptr;
  if (napi_get_value_external(env, a.v[0], &p) != napi_ok) return nullptr;
  auto* h = static_cast<Handle*>(p);
  if (h->block) a.state->release(h->block);
  h->block = nullptr;
  syncRegs(*a.state);
  return nullptr;
}

// stats(device, reset peak) -> [live, peak, cached, count, limit, guard violations]
napi_value stats(napi_env env, napi_callback_info info) {
  Args<2> a(env, info);
  Pool& p = a.state->devices[static_cast<size_t>(a.i32(0))]->pool();
  bool reset = false;
  napi_get_value_bool(env, a.v[1], &reset);
  if (reset) p.resetPeak();
  const PoolStats& st = p.stats();
  const double values[] = {double(st.live),  double(st.peak),   double(st.cached),
                           double(st.count), double(p.limit()), double(a.state->guardViolations)};
  napi_value out = nullptr;
  napi_create_array_with_length(env, 6, &out);
  for (uint32_t i = 0; i < 6; i++) napi_set_element(env, out, i, js::number(env, values[i]));
  return out;
}

napi_value setLimit(napi_env env, napi_callback_info info) {
  Args<2> a(env, info);
  a.state->devices[static_cast<size_t>(a.i32(0))]->pool().setLimit(static_cast<int64_t>(a.f64(1)));
  return nullptr;
}

// flush(device): waits, then returns the cache to the system.
napi_value flush(napi_env env, napi_callback_info info) {
  Args<1> a(env, info);
  Device& d = *a.state->devices[static_cast<size_t>(a.i32(0))];
  d.wait();
  d.pool().flush();
  return nullptr;
}

// --- calls ----------------------------------------------------------------------------------------------------------

// run(kernel, device, work, number of argument doubles)
napi_value run(napi_env env, napi_callback_info info) {
  Args<4> a(env, info);
  State& s = *a.state;
  const int id = a.i32(0), device = a.i32(1);
  Device& d = *s.devices[static_cast<size_t>(device)];
  const KernelInfo& k = kernelInfo(id);
  void* fn = d.kernel(id);
  if (fn == nullptr)
    return js::fail(env, "ERR_UNSUPPORTED_ON_DEVICE", std::string("[") + k.name + "] has no kernel on this device");
  Decoder decoder(s.args, static_cast<size_t>(a.i32(3)), s.blocks.data(), s.blocks.size(), device);
  Call& c = d.reserve();
  k.prepare(c, fn, decoder);
  if (decoder.error() || !decoder.finished()) {
    c.drop(c);
    return js::fail(env, "ERR_INTERNAL",
                    std::string("[") + k.name + "] " + (decoder.error() ? decoder.error() : "too many arguments"));
  }
  d.submit(static_cast<int64_t>(a.f64(2)));
  return nullptr;
}

// Throws the device's sticky error as { code: 'KERNEL_<n>', message }, if there is one.
bool throwSticky(napi_env env, Device& d) {
  const StreamError e = d.takeError();
  if (e.code == Fail::none) return false;
  js::fail(env, ("KERNEL_" + std::to_string(static_cast<int>(e.code))).c_str(), e.message);
  return true;
}

napi_value wait(napi_env env, napi_callback_info info) {
  Args<1> a(env, info);
  Device& d = *a.state->devices[static_cast<size_t>(a.i32(0))];
  d.wait();
  throwSticky(env, d);
  return nullptr;
}

// --- host copies ----------------------------------------------------------------------------------------------------

// write(slot, byte offset, typed array) -> whether the array was readable (false: detached)
napi_value write(napi_env env, napi_callback_info info) {
  Args<3> a(env, info);
  Block* b = a.state->block(a.i32(0));
  uint8_t* p = nullptr;
  size_t n = 0;
  if (!js::bytesOf(env, a.v[2], &p, &n)) return js::boolean(env, false);
  const auto offset = static_cast<size_t>(a.f64(1));
  if (b == nullptr || offset + n > b->bytes) return js::fail(env, "ERR_INTERNAL", "[write] out of bounds");
  if (n) a.state->devices[static_cast<size_t>(b->device)]->write(*b, offset, p, n);
  return js::boolean(env, true);
}

struct Ticket {
  State* state;
  double id;
  int device;
};

// Any thread: hand the ticket to the JavaScript thread.
void finished(void* env) {
  auto* t = static_cast<Ticket*>(env);
  napi_call_threadsafe_function(t->state->completed, t, napi_tsfn_nonblocking);
}

// JavaScript thread: callback(id, error code, error message).
void onCompleted(napi_env env, napi_value callback, void*, void* data) {
  auto* t = static_cast<Ticket*>(data);
  if (env == nullptr) {
    delete t;
    return;
  }
  State& s = *t->state;
  if (--s.pendingReads == 0) napi_unref_threadsafe_function(env, s.completed);
  const StreamError e = s.devices[static_cast<size_t>(t->device)]->takeError();
  napi_value argv[3] = {js::number(env, t->id), js::number(env, static_cast<int>(e.code)), js::string(env, e.message)};
  napi_value undefined = nullptr;
  napi_get_undefined(env, &undefined);
  delete t;
  napi_call_function(env, undefined, callback, 3, argv, nullptr);
}

napi_value ticket(napi_env env, State& s, int device, double id) {
  Device& d = *s.devices[static_cast<size_t>(device)];
  if (d.idle()) {
    throwSticky(env, d);
    return js::boolean(env, true);
  }
  if (s.pendingReads++ == 0) napi_ref_threadsafe_function(env, s.completed);
  d.notify(finished, new Ticket{&s, id, device});
  return js::boolean(env, false);
}

// notify(device, id) -> true when everything submitted is finished already; else the callback comes with `id`.
napi_value notify(napi_env env, napi_callback_info info) {
  Args<2> a(env, info);
  return ticket(env, *a.state, a.i32(0), a.f64(1));
}

// read(slot, byte offset, typed array, id): copies in stream order. id < 0: waits; else as notify. The caller keeps
// the array alive until then.
napi_value read(napi_env env, napi_callback_info info) {
  Args<4> a(env, info);
  Block* b = a.state->block(a.i32(0));
  uint8_t* p = nullptr;
  size_t n = 0;
  if (!js::bytesOf(env, a.v[2], &p, &n)) return js::fail(env, "ERR_INTERNAL", "[read] detached array");
  const auto offset = static_cast<size_t>(a.f64(1));
  if (b == nullptr || offset + n > b->bytes) return js::fail(env, "ERR_INTERNAL", "[read] out of bounds");
  Device& d = *a.state->devices[static_cast<size_t>(b->device)];
  if (n) d.read(*b, offset, p, n);
  if (a.f64(3) < 0) {
    d.wait();
    throwSticky(env, d);
    return nullptr;
  }
  return ticket(env, *a.state, b->device, a.f64(3));
}

// --- GPUs -----------------------------------------------------------------------------------------------------------

napi_value names(napi_env env, const std::vector<std::string>& list) {
  napi_value out = nullptr;
  napi_create_array_with_length(env, list.size(), &out);
  uint32_t i = 0;
  for (const std::string& name : list) napi_set_element(env, out, i++, js::string(env, name));
  return out;
}

// gpus(path of the CUDA library) -> [why there is none, or empty; name of GPU 0; name of GPU 1; ...]
napi_value gpus(napi_env env, napi_callback_info info) {
  Args<1> a(env, info);
  const std::string path = js::text(env, a.v[0]);
  std::vector<std::string> list(1);
  const CudaApi* api = openCudaLibrary(path, list[0]);
  if (api == nullptr) return names(env, list);
  const char* reason = nullptr;
  const int32_t count = api->deviceCount(&reason);
  if (count == 0) list[0] = reason;
  for (int32_t i = 0; i < count; i++) list.push_back(api->deviceName(i));
  a.state->cuda = api;
  a.state->devices.resize(static_cast<size_t>(count) + 1);
  return names(env, list);
}

// openGpu(device number, 1 .. the number of GPUs) -> why it cannot be used, or empty
napi_value openGpu(napi_env env, napi_callback_info info) {
  Args<1> a(env, info);
  const int32_t i = a.i32(0);
  auto& d = a.state->devices[static_cast<size_t>(i)];
  std::string reason;
  if (d == nullptr) d = makeCudaDevice(*a.state->cuda, i - 1, reason);
  return js::string(env, reason);
}

// --- settings -------------------------------------------------------------------------------------------------------

napi_value setThreads(napi_env env, napi_callback_info info) {
  Args<1> a(env, info);
  a.state->devices[0]->wait();
  setNumThreads(a.i32(0));
  return nullptr;
}

napi_value getThreads(napi_env env, napi_callback_info) { return js::number(env, numThreads()); }

// onCompleted(callback): once per environment, before the first read.
napi_value setCallback(napi_env env, napi_callback_info info) {
  Args<1> a(env, info);
  State& s = *a.state;
  napi_create_threadsafe_function(env, a.v[0], nullptr, js::string(env, "nodegrad"), 0, 1, nullptr, nullptr, nullptr,
                                  onCompleted, &s.completed);
  napi_unref_threadsafe_function(env, s.completed);
  // Registered after the function above, so it runs before that is torn down.
  napi_add_env_cleanup_hook(
      env, [](void* p) { static_cast<State*>(p)->close(); }, &s);
  return nullptr;
}

napi_value kernelList(napi_env env) {
  napi_value out = nullptr;
  napi_create_array(env, &out);
  for (int i = 0; i < static_cast<int>(KernelId::count); i++) {
    const KernelInfo& k = kernelInfo(i);
    napi_set_element(env, out, static_cast<uint32_t>(i), names(env, {k.name, k.signature, k.doc}));
  }
  return out;
}

napi_value opcodeLists(napi_env env) {
  napi_value out = nullptr;
  napi_create_object(env, &out);
#define NAME(name, ...) #name,
  napi_set_named_property(env, out, "unary", names(env, {NG_UNARY_OPS(NAME)}));
  napi_set_named_property(env, out, "binary", names(env, {NG_BINARY_OPS(NAME)}));
  napi_set_named_property(env, out, "reduce", names(env, {NG_REDUCE_OPS(NAME)}));
  napi_set_named_property(env, out, "scan", names(env, {NG_SCAN_OPS(NAME)}));
#undef NAME
  return out;
}

// The JavaScript view of memory that the state owns.
napi_value sharedDoubles(napi_env env, double** p, size_t n) {
  napi_value buffer = nullptr, array = nullptr;
  void* data = nullptr;
  napi_create_arraybuffer(env, n * sizeof(double), &data, &buffer);
  *p = static_cast<double*>(data);
  napi_create_typedarray(env, napi_float64_array, n, buffer, 0, &array);
  // Keeps the memory for the life of the environment.
  napi_ref ref = nullptr;
  napi_create_reference(env, array, 1, &ref);
  return array;
}

napi_value init(napi_env env, napi_value exports) {
  const char* error = nullptr;
  const Isa* isa = chooseIsa(&error);
  if (isa == nullptr) return js::fail(env, "ERR_BACKEND", error);
  auto* s = new State(env);
  s->devices.push_back(makeCpuDevice(isa->table, s->guard));

  const struct {
    const char* name;
    napi_callback fn;
  } functions[] = {{"alloc", alloc},
                   {"release", release},
                   {"stats", stats},
                   {"setLimit", setLimit},
                   {"flush", flush},
                   {"run", run},
                   {"wait", wait},
                   {"write", write},
                   {"read", read},
                   {"notify", notify},
                   {"gpus", gpus},
                   {"openGpu", openGpu},
                   {"setThreads", setThreads},
                   {"getThreads", getThreads},
                   {"onCompleted", setCallback}};
  for (const auto& f : functions) {
    napi_value v = nullptr;
    napi_create_function(env, f.name, NAPI_AUTO_LENGTH, f.fn, s, &v);
    napi_set_named_property(env, exports, f.name, v);
  }
  napi_set_named_property(env, exports, "args", sharedDoubles(env, &s->args, kArgDoubles));
  napi_set_named_property(env, exports, "regs", sharedDoubles(env, &s->regs, kRegs));
  napi_set_named_property(env, exports, "kernels", kernelList(env));
  napi_set_named_property(env, exports, "opcodes", opcodeLists(env));
  napi_set_named_property(env, exports, "isa", js::string(env, isa->name));
  return exports;
}

}  // namespace

napi_value exportAddon(napi_env env, napi_value exports) { return init(env, exports); }

}  // namespace ng

NAPI_MODULE_INIT() { return ng::exportAddon(env, exports); }
