// Note [Marks]: a failure belongs to the outputs of the call that failed, and reaches those who read them.
#include <type_traits>

#include "binding/decode.h"
#include "check.h"

using namespace ng;
using namespace ng::test;

namespace {

// A block of 8 floats.
struct Cell {
  std::vector<float> v = std::vector<float>(8, 1);
  Mark mark;
  uint64_t life = 1;

  template <class P>
  P as(bool whole = true) {
    P p(v.data(), DType::f32);
    static_cast<MarkRef&>(p) = {&mark, life, whole};
    return p;
  }
  FailurePtr failure() { return failureOf({&mark, life, false}); }
};

template <class... A>
void submit(Stream& s, int32_t op, void (*fn)(Ctx&, A...), std::type_identity_t<A>... args) {
  using B = Bind<void (*)(Ctx&, A...)>;
  Call& c = s.reserve();
  c.op = op;
  new (c.args) typename B::Packed{fn, {args...}};
  B::arm(c);
  s.commit(1 << 30);
}

void copyOne(Ctx&, Out<Any> out, In<Any> a) { out.as<float>()[0] = a.as<float>()[0]; }
void failOne(Ctx& c, Out<Any> out, In<Any>) {
  out.as<float>()[0] = 99;
  c.fail(Why::badIndex, 7, 3);
}
void addTo(Ctx&, InOut<Any> out, In<Any> a) { out.as<float>()[0] += a.as<float>()[0]; }
void step(Ctx&, StateList<Any> state, InList<Any> grads) {
  for (int64_t i = 0; i < state.n; i++) state[i].as<float>()[0] -= grads[i].as<float>()[0];
}

}  // namespace

TEST(aFailureGoesToItsOutputsAndWhatIsMadeOfThem) {
  Stream s;
  Cell a, bad, made, changed, good;
  submit(s, 5, failOne, bad.as<Out<Any>>(), a.as<In<Any>>());
  submit(s, 6, copyOne, made.as<Out<Any>>(), bad.as<In<Any>>());
  submit(s, 6, addTo, changed.as<InOut<Any>>(), made.as<In<Any>>());
  submit(s, 6, copyOne, good.as<Out<Any>>(), a.as<In<Any>>());
  s.wait();
  for (Cell* c : {&bad, &made, &changed}) {
    CHECK(c->failure() != nullptr && c->failure()->code == Fail::indexOutOfRange && c->failure()->op == 5);
    CHECK(c->failure() && c->failure()->message == "index 7 is out of range for size 3");
  }
  CHECK(a.failure() == nullptr && good.failure() == nullptr);
  CHECK(made.v[0] == 1 && changed.v[0] == 1);  // the later calls did not run
  CHECK(s.takeError().op == 5 && s.takeError().code == Fail::none);
}

TEST(anInPlaceCallOnAMarkedBufferHandsTheMarkOn) {
  Stream s;
  Cell a;
  submit(s, 1, failOne, a.as<Out<Any>>(), a.as<In<Any>>());
  submit(s, 2, copyOne, a.as<Out<Any>>(), a.as<In<Any>>());  // in and out are one
  s.wait();
  CHECK(a.failure() != nullptr && a.failure()->op == 1);
}

TEST(statesStayAsTheyAre) {
  Stream s;
  Cell a, bad, good, p, q;
  submit(s, 1, failOne, bad.as<Out<Any>>(), a.as<In<Any>>());
  const auto list = [](auto first, auto second) {
    using P = decltype(first);
    ParamList<P::kRole, Any> l(2, new Buf[2]{first, second});
    l.marks = new MarkRef[2]{first, second};
    return l;
  };
  using S = Param<Role::state, Any>;
  submit(s, 2, step, list(p.as<S>(), q.as<S>()), list(good.as<In<Any>>(), bad.as<In<Any>>()));
  s.wait();
  CHECK(p.v[0] == 1 && q.v[0] == 1 && p.failure() == nullptr && q.failure() == nullptr);
  submit(s, 2, step, list(p.as<S>(), q.as<S>()), list(good.as<In<Any>>(), good.as<In<Any>>()));
  s.wait();
  CHECK(p.v[0] == 0 && q.v[0] == 0);
}

TEST(aMarkGoesWhenTheBufferIsWrittenAnewOrGivenBack) {
  Stream s;
  Cell a, bad;
  submit(s, 1, failOne, bad.as<Out<Any>>(), a.as<In<Any>>());
  submit(s, 2, copyOne, bad.as<Out<Any>>(false), a.as<In<Any>>());  // a part of it
  s.wait();
  CHECK(bad.failure() != nullptr);
  submit(s, 2, copyOne, bad.as<Out<Any>>(true), a.as<In<Any>>());
  s.wait();
  CHECK(bad.failure() == nullptr);
  submit(s, 1, failOne, bad.as<Out<Any>>(), a.as<In<Any>>());
  s.wait();
  CHECK(bad.failure() != nullptr);
  bad.life++;
  CHECK(bad.failure() == nullptr);
}
