/** @file State of optimizers that users write or load: refused before a kernel runs, and nothing is changed then. */
import * as ng from '../lib';
import { nn, optim } from '../lib';
import { caught } from './caught';

function stepped(): { optimizer: optim.Adam; weight: ng.Tensor; step: () => void } {
  const layer = new nn.Linear(2, 3);
  const optimizer = new optim.Adam(layer.parameters());
  const step = (): void => {
    optimizer.zeroGrad();
    layer
      .forward(ng.ones([1, 2]))
      .sum()
      .backward();
    optimizer.step();
  };
  step();
  return { optimizer, weight: layer.weight, step };
}

test.each<[string, unknown]>([
  ['expAvg', ng.zeros([1])],
  ['expAvg', ng.zeros([3, 2], { dtype: 'int32' })],
  ['expAvgSq', 3],
  ['step', 'abc'],
  ['step', NaN],
  ['step', -1],
])('a state %s of another kind is an error, not a crash', (name, value) => {
  const { optimizer, weight, step } = stepped();
  const before = weight.arraySync();
  (optimizer.state.get(weight) as Record<string, unknown>)[name] = value;
  expect(caught(step)).toMatchObject({ code: 'ERR_STATE_DICT' });
  expect(weight.arraySync()).toEqual(before);
});

test('loadStateDict checks all of what it is given and changes nothing if it fails', () => {
  const { optimizer } = stepped();
  const wrong: ((dict: ReturnType<typeof optimizer.stateDict>) => unknown)[] = [
    () => ({ constructor: 1 }),
    () => new Map(),
    (d) => ({ ...d, state: [] }),
    (d) => ({ ...d, paramGroups: [1] }),
    (d) => ({ ...d, paramGroups: [{ ...d.paramGroups[0], params: ['__proto__', 'constructor'] }] }),
    (d) => ({ ...d, paramGroups: [{ ...d.paramGroups[0], params: 3 }] }),
    (d) => ({ ...d, state: { ...d.state, 0: 5 } }),
    ...['abc', NaN, 1.5].map((step) => (d: { state: object }) => ({
      ...d,
      state: { 0: { ...Object.values(d.state)[0], step } },
    })),
  ];
  for (const change of wrong) {
    const before = optimizer.stateDict();
    expect(caught(() => optimizer.loadStateDict(change(before) as never))).toMatchObject({
      code: expect.stringMatching(/^ERR_/) as string,
    });
    expect(Object.values(optimizer.stateDict().state).map((s) => s.step)).toEqual([1, 1]);
  }
});
