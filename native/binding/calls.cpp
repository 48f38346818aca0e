// The calls that are made for every operation: memory, kernels, host copies, waiting. Written against the C interface:
// the wrappers that addon.cpp uses cost more than these functions do. lib/native.ts is their only caller.
#include "calls.h"

#include "decode.h"
#include "js.h"

namespace ng {
namespace {

using js::Args;

// --- memory ---------------------------------------------------------------------------------------------------------

void syncRegs(State& s) { s.regs[kRegLive] = static_cast<double>(s.liveBytes()); }

// Runs synchronously inside garbage collection (NAPI_EXPERIMENTAL basic finalizer): it must not call into V8.
void finalizeHandle(node_api_basic_env, void* data, void*) {
  auto* h = static_cast<Handle*>(data);
  h->state->dropHandle(h);
}

// alloc(owner, bytes, device): memory that lives as long as the object `owner`; its slot in regs[0], -1 when there is
// none.
napi_value alloc(napi_env env, napi_callback_info info) {
  Args<3> a(env, info);
  State& s = *a.state;
  const int device = a.i32(2);
  Device& d = *s.devices[static_cast<size_t>(device)];
  s.regs[kRegSlot] = -1;
  Block* b = d.pool().alloc(static_cast<size_t>(a.f64(1)), [&] { d.wait(); });
  if (b == nullptr) return nullptr;
  b->device = device;
  Handle* h = s.takeHandle(b);
  // A finalizer of `owner` itself: an external that `owner` holds would be one more object, and two more weak handles,
  // for the garbage collector.
  if (napi_add_finalizer(env, a.v[0], h, finalizeHandle, nullptr, nullptr) != napi_ok) {
    // The environment is ending: no finalizer will come, and a handle that counts would keep the State for ever.
    s.dropHandle(h);
    return nullptr;
  }
  s.regs[kRegSlot] = b->slot;
  syncRegs(s);
  if (d.pool().guarded()) {
    d.wait();
    d.pool().prepareGuard(b);
  }
  return nullptr;
}

// release(slot): gives the memory back at once.
napi_value release(napi_env env, napi_callback_info info) {
  Args<1> a(env, info);
  const int32_t slot = a.i32(0);
  Block* b = a.state->block(slot);
  if (b == nullptr) return nullptr;
  a.state->owners[static_cast<size_t>(slot)]->block = nullptr;
  a.state->release(b);
  syncRegs(*a.state);
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
  c.name = k.name;
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

// JavaScript's completion callback: set once per environment, before the first read.
napi_value setCallback(napi_env env, napi_callback_info info) {
  Args<1> a(env, info);
  State& s = *a.state;
  if (napi_create_threadsafe_function(env, a.v[0], nullptr, js::string(env, "nodegrad"), 0, 1, nullptr, nullptr,
                                      nullptr, onCompleted, &s.completed) != napi_ok)
    return js::fail(env, "ERR_INTERNAL", "[load] the environment is ending");
  napi_unref_threadsafe_function(env, s.completed);
  // Registered again after the function above, so that it runs before that is torn down.
  napi_remove_env_cleanup_hook(env, closeState, &s);
  napi_add_env_cleanup_hook(env, closeState, &s);
  return nullptr;
}

}  // namespace

const std::vector<RawFunction>& rawFunctions() {
  static const std::vector<RawFunction> all = {
      {"alloc", alloc}, {"release", release}, {"run", run},       {"wait", wait},
      {"write", write}, {"read", read},       {"notify", notify}, {"onCompleted", setCallback}};
  return all;
}

}  // namespace ng
