// The calls that are made for every operation: memory, kernels, host copies, waiting. Written against the C interface:
// the wrappers that addon.cpp uses cost more than these functions do. lib/native is their only caller.
#include "calls.h"

#include <memory>

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

// "float32 or float64"
std::string listOf(Types types) {
  static const char* const names[] = {"float32", "float64", "int32", "int64", "uint8", "bool", "bfloat16", "float16"};
  std::string text;
  for (int i = 0; i < 8; i++) {
    if ((types >> i & 1) == 0) continue;
    const bool last = types >> (i + 1) == 0;
    text += (text.empty() ? "" : last ? " or " : ", ") + std::string(names[i]);
  }
  return text;
}

napi_value wrongType(napi_env env, Types wanted, DType got) {
  return js::fail(env, "ERR_DTYPE", "takes " + listOf(wanted) + ", not " + listOf(only(got)));
}

// run(kernel, device, number of argument doubles). The first double is the operation's number, for errors.
napi_value run(napi_env env, napi_callback_info info) {
  Args<3> a(env, info);
  State& s = *a.state;
  const int id = a.i32(0), device = a.i32(1);
  const double called = s.timings ? steadyNanos() : 0;
  Device& d = *s.devices[static_cast<size_t>(device)];
  const KernelInfo& k = kernelInfo(id);
  void* fn = d.kernel(id);
  if (fn == nullptr) return js::fail(env, "ERR_UNSUPPORTED_ON_DEVICE", "has no kernel on this device");
  // [op's number, opcode, out (3), a (slot, offset, dtype)]
  if (k.typesOf != nullptr) {
    const Types wanted = k.typesOf(static_cast<int64_t>(s.args[1]));
    const auto got = static_cast<DType>(static_cast<int>(s.args[7]) & 15);
    if ((wanted & only(got)) == 0) return wrongType(env, wanted, got);
  }
  Decoder decoder(s.args + 1, static_cast<size_t>(a.i32(2)) - 1, s.blocks.data(), s.blocks.size(), device);
  Call& c = d.reserve();
  c.op = static_cast<int32_t>(s.args[0]);
  const int64_t work = k.prepare(c, fn, decoder);
  if (decoder.error() || !decoder.finished()) {
    c.drop(c);
    if (decoder.wanted() != 0) return wrongType(env, decoder.wanted(), decoder.got());
    return js::fail(env, "ERR_INTERNAL",
                    std::string(k.name) + ": " + (decoder.error() ? decoder.error() : "too many arguments"));
  }
  if (s.timings) {
    Timing& timing = s.timings->emplace_back();
    timing.called = called;
    c.timing = &timing;
    d.submit(work);
    s.regs[kRegTimings] = static_cast<double>(s.timings->size());
    timing.returned = steadyNanos();
  } else {
    c.timing = nullptr;
    d.submit(work);
  }
  if (!s.synchronous) return nullptr;
  d.wait();
  const Failure f = d.takeError();
  return f.code == Fail::none ? nullptr : js::fail(env, f);
}

// hasKernel(kernel, device)
napi_value hasKernel(napi_env env, napi_callback_info info) {
  Args<2> a(env, info);
  return js::boolean(env, a.state->devices[static_cast<size_t>(a.i32(1))]->kernel(a.i32(0)) != nullptr);
}

// wait(device): blocks until everything submitted is finished.
napi_value wait(napi_env env, napi_callback_info info) {
  Args<1> a(env, info);
  a.state->devices[static_cast<size_t>(a.i32(0))]->wait();
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
  bool reads;  // and must hear of failures
  FailurePtr failure;
};

FailurePtr failureOf(const Ticket& t) {
  if (!t.reads || t.failure != nullptr) return t.failure;
  return t.state->devices[static_cast<size_t>(t.device)]->takeLate();
}

// Any thread: hand the ticket to the JavaScript thread.
void finished(void* env) {
  auto* t = static_cast<Ticket*>(env);
  napi_call_threadsafe_function(t->state->completed, t, napi_tsfn_nonblocking);
}

// JavaScript thread: callback(id, error code, error message, op).
void onCompleted(napi_env env, napi_value callback, void*, void* data) {
  const std::unique_ptr<Ticket> t(static_cast<Ticket*>(data));
  if (env == nullptr) return;
  if (--t->state->pendingReads == 0) napi_unref_threadsafe_function(env, t->state->completed);
  const FailurePtr f = failureOf(*t);
  static const Failure none;
  const Failure& e = f ? *f : none;
  napi_value argv[4] = {js::number(env, t->id), js::number(env, static_cast<int>(e.code)), js::string(env, e.message),
                        js::number(env, e.op)};
  napi_value undefined = nullptr;
  napi_get_undefined(env, &undefined);
  napi_call_function(env, undefined, callback, 4, argv, nullptr);
}

// True when everything submitted is finished already; else the callback comes with the ticket's id.
napi_value settle(napi_env env, std::unique_ptr<Ticket> t) {
  State& s = *t->state;
  Device& d = *s.devices[static_cast<size_t>(t->device)];
  if (d.idle()) {
    if (const FailurePtr f = failureOf(*t)) return js::fail(env, *f);
    return js::boolean(env, true);
  }
  if (s.pendingReads++ == 0) napi_ref_threadsafe_function(env, s.completed);
  d.notify(finished, t.release());
  return js::boolean(env, false);
}

// notify(device, id) -> true when everything submitted is finished already; else the callback comes with `id`.
napi_value notify(napi_env env, napi_callback_info info) {
  Args<2> a(env, info);
  return settle(env, std::make_unique<Ticket>(Ticket{a.state, a.f64(1), a.i32(0), false, nullptr}));
}

// read(slot, byte offset, typed array, id): copies in stream order. id < 0: waits; else as notify. The caller keeps
// the array alive until then. Throws, or calls back with, the failure that the memory carries the mark of.
napi_value read(napi_env env, napi_callback_info info) {
  Args<4> a(env, info);
  Block* b = a.state->block(a.i32(0));
  uint8_t* p = nullptr;
  size_t n = 0;
  if (!js::bytesOf(env, a.v[2], &p, &n)) return js::fail(env, "ERR_INTERNAL", "[read] detached array");
  const auto offset = static_cast<size_t>(a.f64(1));
  if (b == nullptr || offset + n > b->bytes) return js::fail(env, "ERR_INTERNAL", "[read] out of bounds");
  Device& d = *a.state->devices[static_cast<size_t>(b->device)];
  auto t = std::make_unique<Ticket>(Ticket{a.state, a.f64(3), b->device, true, nullptr});
  d.read(*b, offset, p, n, &t->failure);
  if (t->id < 0) d.wait();
  return settle(env, std::move(t));
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
      {"alloc", alloc}, {"release", release}, {"run", run},       {"hasKernel", hasKernel},    {"wait", wait},
      {"write", write}, {"read", read},       {"notify", notify}, {"onCompleted", setCallback}};
  return all;
}

}  // namespace ng
