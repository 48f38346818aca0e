// Small helpers around the C interface of Node-API, for calls.cpp.
#pragma once
#include <node_api.h>

#include <cstdint>
#include <string>

#include "state.h"

namespace ng::js {

template <size_t N>
struct Args {
  napi_value v[N] = {};
  State* state = nullptr;
  napi_env env;

  Args(napi_env e, napi_callback_info info) : env(e) {
    size_t n = N;
    void* data = nullptr;
    napi_get_cb_info(e, info, &n, v, nullptr, &data);
    state = static_cast<State*>(data);
  }
  int32_t i32(size_t i) const {
    int32_t x = 0;
    napi_get_value_int32(env, v[i], &x);
    return x;
  }
  double f64(size_t i) const {
    double x = 0;
    napi_get_value_double(env, v[i], &x);
    return x;
  }
};

inline napi_value number(napi_env env, double x) {
  napi_value v = nullptr;
  napi_create_double(env, x, &v);
  return v;
}
inline napi_value string(napi_env env, const std::string& s) {
  napi_value v = nullptr;
  napi_create_string_utf8(env, s.data(), s.size(), &v);
  return v;
}
inline napi_value boolean(napi_env env, bool b) {
  napi_value v = nullptr;
  napi_get_boolean(env, b, &v);
  return v;
}
inline napi_value fail(napi_env env, const char* code, const std::string& message) {
  napi_throw_error(env, code, message.c_str());
  return nullptr;
}

// Throws what a kernel reported: { code: 'KERNEL_<n>', message, op }.
inline napi_value fail(napi_env env, const Failure& f) {
  napi_value error = nullptr;
  const std::string code = "KERNEL_" + std::to_string(static_cast<int>(f.code));
  if (napi_create_error(env, string(env, code), string(env, f.message), &error) != napi_ok) return nullptr;
  napi_set_named_property(env, error, "op", number(env, f.op));
  napi_throw(env, error);
  return nullptr;
}

// The bytes of a TypedArray or DataView-like view; false when it is detached or none.
inline bool bytesOf(napi_env env, napi_value v, uint8_t** p, size_t* n) {
  static constexpr size_t kSize[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8, 2};
  bool typed = false;
  if (napi_is_typedarray(env, v, &typed) != napi_ok || !typed) return false;
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  napi_value buffer = nullptr;
  if (napi_get_typedarray_info(env, v, &type, &length, &data, &buffer, nullptr) != napi_ok) return false;
  bool detached = false;
  if (napi_is_detached_arraybuffer(env, buffer, &detached) != napi_ok || detached) return false;
  *p = static_cast<uint8_t*>(data);
  *n = length * kSize[type];
  return true;
}

}  // namespace ng::js
