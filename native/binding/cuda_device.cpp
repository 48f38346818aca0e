// A GPU as the binding sees it. Calls run at once on the JavaScript thread: they only queue work on the GPU's stream.
#include "cuda/api.h"
#include "device.h"
#include "runtime/slabs.h"

namespace ng {
namespace {

class CudaDevice final : public Device {
 public:
  CudaDevice(const CudaApi& api, CudaStream* stream)
      : api_(api),
        stream_(stream),
        slabs_(Backing{[](void* env, size_t n) {
                         auto* d = static_cast<CudaDevice*>(env);
                         return d->api_.alloc(d->stream_, n);
                       },
                       [](void* env, void* p, size_t) {
                         auto* d = static_cast<CudaDevice*>(env);
                         d->api_.free(d->stream_, p);
                       },
                       this, Slabs::kAlign}) {
    table_ = api.kernels;
    // No guard mode: canaries would have to be written and read on the GPU.
    pool_ = std::make_unique<Pool>(slabs_.backing(), false);
    ctx_.failFn = [](Ctx& c, Fail code, const char* message) { static_cast<CtxOf&>(c).marks.fail(code, message); };
    ctx_.stream = stream;
  }
  ~CudaDevice() override {
    // All handles are gone by now (State::maybeDelete), so this empties the slabs too, before the stream closes.
    pool_.reset();
    api_.close(stream_);
  }

  Call& reserve() override { return call_; }
  void submit(int64_t) override {
    position_++;
    if (ctx_.marks.admit(call_)) {
      api_.activate(stream_, call_.op);
      const Timed timed(call_.timing);
      call_.run(call_, ctx_);
      if (call_.timing) api_.wait(stream_);  // the time on the GPU, at the price of nothing running ahead
      ctx_.marks.finish(call_);
    }
    call_.drop(call_);
  }
  void notify(void (*done)(void*), void* env) override { api_.notify(stream_, done, env); }
  void wait() override { api_.wait(stream_); }
  bool leave(void (*)(void*), void*) override {
    api_.wait(stream_);
    return false;
  }
  uint64_t position() const override { return position_; }
  bool idle() override { return api_.idle(stream_) != 0; }
  Failure takeError() override {
    const FailurePtr late = takeLate();
    return late ? *late : ctx_.marks.takeLast();
  }
  FailurePtr takeLate() override {
    char text[512];
    Failure f;
    f.code = api_.takeError(stream_, &f.op, text, sizeof(text));
    if (f.code == Fail::none) return nullptr;
    f.message = text;
    return std::make_shared<const Failure>(std::move(f));
  }
  void write(Block& b, size_t offset, const void* src, size_t bytes) override {
    api_.write(stream_, static_cast<char*>(b.p) + offset, src, bytes);
  }
  void read(Block& b, size_t offset, void* dst, size_t bytes, FailurePtr* failure) override {
    *failure = failureOf({&b.mark, b.life, false});
    if (*failure == nullptr && bytes > 0) api_.read(stream_, dst, static_cast<const char*>(b.p) + offset, bytes);
  }

 private:
  struct CtxOf : Ctx {
    Marks marks;
  };

  const CudaApi& api_;
  CudaStream* stream_;
  Slabs slabs_;
  CtxOf ctx_;
  Call call_;
  uint64_t position_ = 0;
};

}  // namespace

std::unique_ptr<Device> makeCudaDevice(const CudaApi& api, int index, std::string& reason) {
  const char* why = nullptr;
  CudaStream* stream = api.open(index, &why);
  if (stream == nullptr) {
    reason = why ? why : "the GPU cannot be used.";
    return nullptr;
  }
  return std::make_unique<CudaDevice>(api, stream);
}

}  // namespace ng
