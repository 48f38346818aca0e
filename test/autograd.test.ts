/** @file The engine: modes, hooks, custom functions, gradient checks, scopes, and misuse. */
import * as ng from '../lib';
import { codeOf } from './caught';

const leaf = (values: number[], dtype: ng.DType = 'float64'): ng.Tensor => ng.tensor(values, { dtype }).requiresGrad_();
const values = (t: ng.Tensor | null): number[] => Array.from(t!.dataSync() as Float64Array);

describe('backward', () => {
  test('adds to grad, and sums the paths to a tensor', () => {
    const x = leaf([1, 2, 3]);
    x.mul(x).add(x).sum().backward();
    expect(values(x.grad)).toEqual([3, 5, 7]);
    x.mul(2).sum().backward();
    expect(values(x.grad)).toEqual([5, 7, 9]);
  });

  test('a gradient that was summed up and then passed on to two inputs stays what it was', () => {
    const x = leaf([1]);
    const [a, b] = [x.mul(2), x.mul(3)];
    const also = a.mul(10);
    const s = a.add(b); // passes one gradient, summed over three uses of s, to a and to b; a then gets more
    const y = s.mul(1).add(s.mul(5)).add(s.mul(7));
    y.add(also).sum().backward();
    expect(values(x.grad)).toEqual([13 * 5 + 20]);
  });

  test('a pass that a hook runs through the same graph leaves the pass around it as it was', () => {
    const x = leaf([2]);
    const y = x.mul(x); // 2x
    const side = y.sum();
    const branch = y.mul(3);
    const z = branch.mul(branch).add(y.mul(5)); // 9 x^4 + 5 x^2
    let inner: number[] | undefined;
    branch.registerHook(() => {
      if (inner) return;
      inner = []; // the passes below come by here too
      inner = values(ng.grad(z, x, { retainGraph: true })[0]!);
      side.backward({ retainGraph: true });
    });
    z.sum().backward({ retainGraph: true });
    expect(inner).toEqual([36 * 8 + 10 * 2]);
    expect(values(x.grad)).toEqual([36 * 8 + 10 * 2 + 4]);
  });

  test('sums over broadcast dimensions', () => {
    const a = ng.ones([3, 1], { dtype: 'float64' }).requiresGrad_();
    const b = ng.ones([1, 4], { dtype: 'float64' }).requiresGrad_();
    a.mul(b).sum().backward();
    expect(a.grad!.shape).toEqual([3, 1]);
    expect(values(a.grad)).toEqual([4, 4, 4]);
    expect(values(b.grad)).toEqual([3, 3, 3, 3]);
  });

  test('second and third derivatives', () => {
    const x = leaf([2]);
    const y = x.pow(4).sum();
    const [d1] = ng.grad(y, x, { createGraph: true });
    const [d2] = ng.grad(d1!.sum(), x, { createGraph: true });
    const [d3] = ng.grad(d2!.sum(), x);
    expect([values(d1!), values(d2!), values(d3!)]).toEqual([[32], [48], [48]]);
  });

  test('misuse has codes', () => {
    const x = leaf([1, 2]);
    const y = x.mul(x).sum();
    y.backward();
    expect(codeOf(() => y.backward())).toBe('ERR_BACKWARD_TWICE');
    expect(codeOf(() => x.mul(2).backward())).toBe('ERR_AUTOGRAD');
    expect(codeOf(() => ng.ones([1]).backward())).toBe('ERR_AUTOGRAD');
    expect(codeOf(() => x.add_(1))).toBe('ERR_INPLACE');
    const h = x.mul(1);
    const z = h.mul(h).sum();
    h.add_(1);
    expect(codeOf(() => z.backward())).toBe('ERR_INPLACE');
    expect(codeOf(() => ng.grad(x.sum(), leaf([1])))).toBe('ERR_AUTOGRAD');
    expect(codeOf(() => ng.noGrad((() => Promise.resolve()) as never))).toBe('ERR_AUTOGRAD');
  });

  test('retainGraph, allowUnused, gradOutputs', () => {
    const x = leaf([1, 2]);
    const y = x.mul(x);
    y.backward(ng.tensor([1, 10], { dtype: 'float64' }), { retainGraph: true });
    y.backward(ng.tensor([1, 10], { dtype: 'float64' }));
    expect(values(x.grad)).toEqual([4, 80]);
    expect(ng.grad(x.sum(), [x, leaf([1])], { allowUnused: true })[1]).toBeNull();
  });

  test('arguments of grad and backward that cannot be meant are refused', () => {
    const x = leaf([1, 2]);
    const y = x.mul(x).sum();
    expect(codeOf(() => ng.grad(y, x, { create_graph: true } as never))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => ng.grad(y, x, { retainGraph: 1 } as never))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => ng.grad(y, x, { gradOutputs: [ng.ones([]), ng.ones([])] }))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => ng.grad(y, [3 as never]))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => ng.grad(y, x, { gradOutputs: 2 as never }))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => y.backward({ keepGraph: true } as never))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => y.backward(2 as never))).toBe('ERR_INVALID_ARG');
    expect(ng.grad(y, [x, leaf([1, 2, 3])], { materializeGrads: true }).map(values)).toEqual([
      [2, 4],
      [0, 0, 0],
    ]);
  });

  test('hooks see and replace gradients', () => {
    const x = leaf([1, 2]);
    const h = x.mul(3);
    const seen: number[][] = [];
    h.registerHook((g) => (seen.push(values(g)), g.mul(2)));
    const remove = x.registerHook(() => seen.push([]) as never);
    remove();
    h.sum().backward();
    expect(seen).toEqual([[1, 1]]);
    expect(values(x.grad)).toEqual([6, 6]);
  });
});

describe('customFunction', () => {
  const cube = ng.customFunction({
    forward(ctx, x: ng.Tensor, k: number) {
      ctx.saveForBackward(x);
      ctx.k = k;
      return x.mul(x).mul(x).mul(k);
    },
    backward(ctx: ng.CustomContext & { k: number }, g) {
      const [x] = ctx.savedTensors;
      return [ctx.needsInputGrad[0] ? g.mul(x!.mul(x!).mul(3 * ctx.k)) : null, null];
    },
  });

  test('first and second gradients', () => {
    const x = leaf([1, -2, 0.5]);
    expect(ng.gradcheck((t) => cube(t, 2), [x])).toBe(true);
    expect(ng.gradgradcheck((t) => cube(t, 2), [x])).toBe(true);
  });

  test('several outputs, one without gradient', () => {
    const f = ng.customFunction({
      forward(ctx, x: ng.Tensor): ng.Tensor[] {
        const mask = x.gt(0);
        ctx.markNonDifferentiable(mask);
        return [x.mul(2), x.mul(3), mask];
      },
      backward: (_ctx, a, b) => a.mul(2).add(b.mul(3)),
    });
    const x = leaf([1, -1]);
    const [a, b, m] = f(x);
    expect(m!.requiresGrad).toBe(false);
    b!.sum().backward();
    expect(values(x.grad)).toEqual([3, 3]);
    expect(a!.requiresGrad).toBe(true);
  });

  test('an input returned as it is', () => {
    const through = ng.customFunction({ forward: (_ctx, x: ng.Tensor) => x, backward: (_ctx, g) => g.mul(-1) });
    const x = leaf([1, 2]);
    const y = through(x);
    expect(y).not.toBe(x);
    y.sum().backward();
    expect(values(x.grad)).toEqual([-1, -1]);
  });

  test('saved tensors are checked for changes in place', () => {
    const x = leaf([1, 2]);
    const h = x.mul(1);
    const y = cube(h, 1).sum();
    h.add_(1);
    expect(codeOf(() => y.backward())).toBe('ERR_INPLACE');
  });

  test('misuse', () => {
    expect(codeOf(() => ng.customFunction({} as never))).toBe('ERR_INVALID_ARG');
    const bad = ng.customFunction({
      forward: (_ctx, a: ng.Tensor, b: ng.Tensor, c: number) => a.mul(b).mul(c),
      backward: (_ctx, g) => [g],
    });
    expect(codeOf(() => bad(leaf([1]), leaf([1]), 2).backward())).toBe('ERR_AUTOGRAD');
  });
});

describe('gradcheck', () => {
  const wrong = ng.customFunction({
    forward(ctx, x: ng.Tensor) {
      ctx.saveForBackward(x);
      return x.mul(x);
    },
    backward: (ctx, g) => g.mul(ctx.savedTensors[0]!),
  });
  test('finds a wrong gradient', () => {
    const x = leaf([1, 2]);
    expect(codeOf(() => ng.gradcheck(wrong, [x]))).toBe('ERR_GRADCHECK');
    expect(ng.gradcheck(wrong, x, { raiseException: false })).toBe(false);
    expect(ng.gradcheck((t) => t.mul(t), x)).toBe(true);
  });
  test('finds a gradient that is missing', () => {
    const x = leaf([1, 2]);
    expect(ng.gradcheck((t) => t.detach().mul(2).add(t), x, { raiseException: false })).toBe(false);
  });
  test('finds a wrong second derivative', () => {
    const detached = ng.customFunction({
      forward(ctx, x: ng.Tensor) {
        ctx.saveForBackward(x);
        return x.mul(x);
      },
      backward: (ctx, g) => g.mul(ctx.savedTensors[0]!.detach()).mul(2),
    });
    const x = leaf([1, 2]);
    expect(ng.gradcheck(detached, x)).toBe(true);
    expect(ng.gradgradcheck(detached, x, null, { raiseException: false })).toBe(false);
    expect(ng.gradgradcheck((t) => t.mul(t).mul(t), x)).toBe(true);
  });
  test('float32 inputs are checked as float64; inputs without gradient are an error', () => {
    expect(ng.gradcheck((t) => t.exp(), leaf([1, 2], 'float32'))).toBe(true);
    expect(codeOf(() => ng.gradcheck((t) => t.exp(), ng.ones([2])))).toBe('ERR_INVALID_ARG');
  });
});

describe('scope', () => {
  test('disposes of what it made, except results, kept tensors, leaves and gradients', () => {
    const w = leaf([1, 2]);
    let inner!: ng.Tensor;
    let kept!: ng.Tensor;
    let parameter!: ng.Tensor;
    const { y, list } = ng.scope(() => {
      inner = w.mul(2);
      kept = ng.keep(w.mul(5));
      parameter = leaf([7]);
      inner.sum().backward();
      return { y: inner.mul(3), list: [inner.add(1)] };
    });
    expect(inner.isDisposed).toBe(true);
    expect(values(y)).toEqual([6, 12]);
    expect(values(list[0]!)).toEqual([3, 5]);
    expect(values(kept)).toEqual([5, 10]);
    expect(values(parameter)).toEqual([7]);
    expect(values(w.grad)).toEqual([2, 2]);
  });
  test('nests, and cleans up after an exception', () => {
    let inner!: ng.Tensor;
    const out = ng.scope(() => {
      const a = ng.scope(() => ng.ones([2]).add(1));
      expect(codeOf(() => ng.scope(() => ((inner = ng.ones([3])), ng.ones([2]).add(ng.ones([3])))))).toBe('ERR_SHAPE');
      return a.mul(2);
    });
    expect(inner.isDisposed).toBe(true);
    expect(Array.from(out.dataSync() as Float32Array)).toEqual([4, 4]);
  });
  test('memory is back at once', () => {
    ng.synchronizeSync();
    const before = ng.memory().live;
    ng.scope(() => void ng.ones([1 << 20]).add(1));
    expect(ng.memory().live).toBeLessThanOrEqual(before);
  });
  test('asynchronous functions are refused', () => {
    expect(codeOf(() => ng.scope((async () => Promise.resolve()) as never))).toBe('ERR_INVALID_ARG');
  });
});
