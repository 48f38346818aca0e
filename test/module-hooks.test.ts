/** @file Hooks of nn.Module: forward and backward, what they see, what they may replace. */
import * as ng from '../lib';
import { nn } from '../lib';

class Net extends nn.Module {
  fc1 = new nn.Linear(4, 3);
  act = new nn.ReLU();
  fc2 = new nn.Linear(3, 2, { bias: false });
  forward(x: ng.Tensor): ng.Tensor {
    return this.fc2.forward(this.act.forward(this.fc1.forward(x)));
  }
}
const values = (t: ng.Tensor): number[] => Array.from(t.dataSync() as Float32Array);

describe('hooks', () => {
  test('run on forward, change inputs and outputs, and can be removed', () => {
    const m = new Net();
    const x = ng.ones([1, 4]);
    const plain = values(m.forward(x));
    const seen: unknown[] = [];
    const after = m.registerForwardHook((module, inputs, output: ng.Tensor) => {
      seen.push(module, inputs[0]);
      return output.mul(2);
    });
    const before = m.registerForwardPreHook((_m, [input]) => [(input as ng.Tensor).mul(0)]);
    const inner = m.fc1.registerForwardHook(() => void seen.push('fc1'));
    const zeroed = values(m.forward(x));
    expect(seen[0]).toBe('fc1');
    expect(seen[1]).toBe(m);
    before.remove();
    inner();
    expect(values(m.forward(x))).toEqual(plain.map((v) => v * 2));
    expect(zeroed).not.toEqual(plain);
    after.remove();
    expect(values(m.forward(x))).toEqual(plain);
    expect(seen).toHaveLength(5);
    expect(() => m.registerForwardHook(1 as never)).toThrow(ng.ArgumentError);
  });

  test('alwaysCall: also when the pass throws, with null, and once', () => {
    const m = new Net();
    const seen: unknown[] = [];
    const handle = m.registerForwardHook((_m, _i, y) => void seen.push(y), { alwaysCall: true });
    m.registerForwardHook(() => void seen.push('only after success'));
    expect(() => m.forward(ng.ones([1, 5]))).toThrow(ng.ShapeError);
    expect(seen).toEqual([null]);
    m.forward(ng.ones([1, 4]));
    expect(seen.length).toBe(3);
    const before = m.registerForwardPreHook(() => {
      throw new RangeError('before');
    });
    expect(() => m.forward(ng.ones([1, 4]))).toThrow('before');
    expect(seen.slice(3)).toEqual([null]);
    before.remove();
    handle.remove();
    expect(() => m.forward(ng.ones([1, 5]))).toThrow(ng.ShapeError);
    expect(seen.length).toBe(4);
    expect(() => m.registerForwardHook(() => 0, { always: true } as never)).toThrow(ng.ArgumentError);
  });

  test('work for a forward that is an arrow function, and do not show up as members', () => {
    class Arrow extends nn.Module {
      forward = (x: ng.Tensor): ng.Tensor => x.add(1);
    }
    const m = new Arrow();
    m.registerForwardHook((_m, _i, y: ng.Tensor) => y.mul(10));
    expect(m.forward(ng.ones([1])).itemSync()).toBe(20);
    expect(Object.keys(new Net())).not.toContain('hooks');
  });

  class Scaled extends nn.Module {
    forward(x: ng.Tensor, factor: number, y: ng.Tensor): ng.Tensor[] {
      return [x.mul(factor).add(y.mul(y)), y.mul(10)];
    }
  }
  const leaf = (v: number[], requiresGrad = true): ng.Tensor => ng.tensor(v, { requiresGrad });

  test('backward hooks see the gradients of outputs and inputs, and may replace them', () => {
    const m = new Scaled();
    const [x, y] = [leaf([1, 2]), leaf([3, 4])];
    const seen: (number[] | null)[][] = [];
    const list = (g: nn.Gradients): (number[] | null)[] => g.map((t) => t && values(t));
    const handle = m.registerFullBackwardHook((module, gradInput, gradOutput) => {
      expect(module).toBe(m);
      seen.push(list(gradInput), list(gradOutput));
      return gradInput.map((g) => g && g.mul(2));
    });
    const run = (): void => {
      [x.grad, y.grad] = [null, null];
      const [a, b] = m.forward(x, 3, y) as [ng.Tensor, ng.Tensor];
      a.sum().add(b.sum()).backward();
    };
    run();
    // d/dx = 3; d/dy = 2 y + 10; the factor is no tensor.
    const inputs = [[3, 3], null, [16, 18]];
    const outputs = [
      [1, 1],
      [1, 1],
    ];
    expect(seen).toEqual([inputs, outputs]);
    expect(values(x.grad!)).toEqual([6, 6]);
    expect(values(y.grad!)).toEqual([32, 36]);

    const pre = m.registerFullBackwardPreHook((_m, gradOutput) => [gradOutput[0]!.mul(5), null]);
    run();
    expect(seen.slice(2)).toEqual([
      [[15, 15], null, [30, 40]],
      [[5, 5], null],
    ]);
    pre.remove();
    handle.remove();
    run();
    expect(values(x.grad!)).toEqual([3, 3]);
    expect(seen).toHaveLength(4);
  });

  test('backward hooks of a first layer, whose input has no gradient, of a second derivative and of frozen inputs', () => {
    const first = new nn.Linear(2, 1);
    const seen: unknown[] = [];
    first.registerFullBackwardHook((_m, gradInput, gradOutput) => void seen.push(gradInput, values(gradOutput[0]!)));
    first
      .forward(ng.ones([1, 2]))
      .mul(3)
      .sum()
      .backward();
    expect(seen).toEqual([[null], [3]]);
    expect(values(first.weight.grad!)).toEqual([3, 3]);
    ng.noGrad(() => first.forward(ng.ones([1, 2])));
    expect(seen).toHaveLength(2);

    const m = new Scaled();
    m.registerFullBackwardHook((_m, gradInput) => gradInput.map((g) => g && g.mul(2)));
    const [x, y] = [leaf([1], false), leaf([3])];
    const [g] = ng.grad(m.forward(x, 1, y)[0]!.sum(), y, { createGraph: true });
    expect(values(g!)).toEqual([12]);
    expect(values(ng.grad(g!.sum(), y)[0]!)).toEqual([4]);
  });

  test('backward hooks that return what cannot be a gradient throw', () => {
    const m = new Scaled();
    const backward = (): void => m.forward(leaf([1]), 1, leaf([1]))[0]!.backward();
    let handle = m.registerFullBackwardHook(() => [null]);
    expect(backward).toThrow('[registerFullBackwardHook] a hook must return as many gradients as it got, 3');
    handle.remove();
    handle = m.registerFullBackwardHook((_m, [g]) => [ng.ones([2]), null, g!]);
    expect(backward).toThrow('the gradient has shape [2], the tensor [1]');
    handle.remove();
    expect(backward).not.toThrow();
    expect(() => m.registerFullBackwardHook(1 as never)).toThrow(ng.ArgumentError);
  });
});
