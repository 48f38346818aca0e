/** @file Gradients that users give: cast to the dtype of what they belong to, or refused. */
import * as ng from '../lib';
import { nn, type Tensor } from '../lib';
import { caught } from './caught';

const dtypes = ['uint8', 'bool', 'int32', 'int64', 'float64'] as const;
const values = (t: Tensor | null): number[] => Array.from(t!.dataSync() as Float32Array, Number);
const leaf = (): Tensor => ng.tensor([0.1, -0.5, 2]).requiresGrad_();

const fused: Record<string, (x: Tensor) => Tensor> = {
  tanh: (x) => x.tanh(),
  gelu: (x) => ng.gelu(x),
  softmax: (x) => x.softmax(0),
  layerNorm: (x) => ng.layerNorm(x, [3]),
  dropout: (x) => ng.dropout(x, 0),
  matmul: (x) => x.reshape([1, 3]).matmul(ng.eye(3)).reshape([3]),
};

// A gradient of ones in another dtype must do what one in float32 does.
describe.each(dtypes)('a gradient of %s', (dtype) => {
  const ones = (): Tensor => ng.ones([3], { dtype });
  test.each(Object.entries(fused))('enters %s as float32', (_name, fn) => {
    const expected = (() => {
      const x = leaf();
      fn(x).backward(ng.ones([3]));
      return values(x.grad);
    })();
    const byRoot = leaf();
    fn(byRoot).backward(ones());
    const g = leaf();
    const [byGrad] = ng.grad(fn(g), g, { gradOutputs: ones() });
    const [byGraph] = ng.grad(fn(g), g, { gradOutputs: ones(), createGraph: true });
    const hooked = leaf();
    const y = fn(hooked);
    y.registerHook(() => ones());
    y.backward(ng.zeros([3]));
    const custom = leaf();
    const z = ng.customFunction({ forward: (_ctx, t: Tensor) => t.clone(), backward: () => ones() })(fn(custom));
    z.backward(ng.zeros([3]));
    const byModule = leaf();
    const module = new (class extends nn.Module {
      override forward(t: Tensor): Tensor {
        return fn(t);
      }
    })();
    module.registerFullBackwardPreHook(() => [ones()]);
    module.forward(byModule).backward(ng.zeros([3]));
    const all = [byRoot.grad, byGrad!, byGraph!, hooked.grad, custom.grad, byModule.grad];
    for (const got of all) {
      expect(got!.dtype).toBe('float32');
      values(got).forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 5));
    }
  });

  test("of a module's inputs and of a leaf is cast", () => {
    const x = leaf();
    const module = new nn.Tanh();
    module.registerFullBackwardHook(() => ones());
    module.forward(x.mul(1)).backward(ng.zeros([3]));
    expect([x.grad!.dtype, ...values(x.grad)]).toEqual(['float32', 1, 1, 1]);
    const p = leaf();
    p.grad = ones();
    expect([p.grad.dtype, ...values(p.grad)]).toEqual(['float32', 1, 1, 1]);
  });
});

test('what is no gradient of that tensor is refused where it enters', () => {
  for (const [bad, code] of [
    [ng.ones([4]), 'ERR_SHAPE'],
    [1, 'ERR_INVALID_ARG'],
    ['x', 'ERR_INVALID_ARG'],
  ] as [never, string][]) {
    const ways: Record<string, (x: Tensor) => void> = {
      backward: (x) => x.tanh().backward(bad),
      grad: (x) => void ng.grad(x.tanh(), x, { gradOutputs: bad }),
      leaf: (x) => (x.grad = bad),
      hook: (x) => {
        const y = x.tanh();
        y.registerHook(() => bad);
        y.sum().backward();
      },
      custom: (x) =>
        ng
          .customFunction({ forward: (_c, t: Tensor) => t.clone(), backward: () => bad })(x)
          .sum()
          .backward(),
      module: (x) => {
        const m = new nn.Tanh();
        m.registerFullBackwardHook(() => [bad]);
        m.forward(x.mul(1)).sum().backward();
      },
      modulePre: (x) => {
        const m = new nn.Tanh();
        m.registerFullBackwardPreHook(() => [bad]);
        m.forward(x.mul(1)).sum().backward();
      },
    };
    for (const [way, run] of Object.entries(ways)) {
      const x = leaf();
      expect([way, (caught(() => run(x)) as { code: string }).code]).toEqual([way, code]);
      expect(x.grad).toBeNull();
    }
  }
  expect(caught(() => leaf().registerHook(1 as never))).toMatchObject({ code: 'ERR_INVALID_ARG' });
});
