/** @file L-BFGS against PyTorch's, call by call of its closure. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ng from '../lib';
import { nn, optim } from '../lib';
import { expectParity } from './parity';

interface Row {
  options: Partial<optim.LBFGSOptions>;
  after: { loss: number; calls: number; params: number[][] }[];
}
const file = join(__dirname, '..', '..', 'test', 'fixtures', 'lbfgs.json');
const { start, rows } = JSON.parse(readFileSync(file, 'utf8')) as { start: number[][]; rows: Row[] };

const rosenbrock = (ps: ng.Tensor[]): ng.Tensor => {
  const x = ng.cat(ps);
  const [a, b] = [x.narrow(0, 0, 3), x.narrow(0, 1, 3)];
  return b.sub(a.square()).square().mul(100).add(a.neg().add(1).square()).sum();
};

function problem(options: Partial<optim.LBFGSOptions>): {
  params: nn.Parameter[];
  optimizer: optim.LBFGS;
  step: () => { loss: number; calls: number };
} {
  const params = start.map((v) => new nn.Parameter(ng.tensor(v, { dtype: 'float64' })));
  const optimizer = new optim.LBFGS(params, options);
  let calls = 0;
  const step = (): { loss: number; calls: number } => {
    const loss = optimizer.step(() => {
      calls++;
      optimizer.zeroGrad();
      const l = rosenbrock(params);
      l.backward();
      return l;
    });
    return { loss: loss.itemSync(), calls };
  };
  return { params, optimizer, step };
}
const flat = (params: ng.Tensor[]): number[] => params.flatMap((p) => p.arraySync() as number[]);

test.each(rows.map((r) => [JSON.stringify(r.options), r] as const))('%s', (_name, { options, after }) => {
  const { params, step } = problem(options);
  after.forEach((want, t) => {
    const got = step();
    expect([t, got.calls]).toEqual([t, want.calls]);
    const how = { kind: 'optimizer', name: 'LBFGS', tolerance: 1e-7 } as const;
    expectParity(got.loss, want.loss, how);
    expectParity(flat(params), want.params.flat(), how);
  });
});

test('finds a minimum: the valley in four dimensions has a second one, near (-1, 1, 1, 1)', () => {
  const { params, step } = problem({ lineSearchFn: 'strongWolfe', maxIter: 100 });
  for (let i = 0; i < 3; i++) step();
  const minimum = [-0.775659, 0.613093, 0.382063, 0.145972];
  flat(params).forEach((v, i) => expect(v).toBeCloseTo(minimum[i]!, 5));
});

test('goes on from a state dict as if nothing had happened', () => {
  const options = { lineSearchFn: 'strongWolfe', maxIter: 3 } as const;
  const [a, b] = [problem(options), problem(options)];
  for (let i = 0; i < 2; i++) a.step();
  ng.noGrad(() => b.params.forEach((p, i) => p.copy_(a.params[i]!)));
  b.optimizer.loadStateDict(a.optimizer.stateDict());
  for (let i = 0; i < 3; i++) {
    expect(a.step().loss).toBe(b.step().loss);
    expect(flat(b.params)).toEqual(flat(a.params));
  }
});

test('bad use is named', () => {
  const p = new nn.Parameter(ng.ones([2]));
  expect(() => new optim.LBFGS([{ params: [p] }, { params: [new nn.Parameter(ng.ones([1]))] }])).toThrow(
    'one parameter',
  );
  expect(() => new optim.LBFGS([p], { maxIter: 0 })).toThrow('maxIter');
  expect(() => new optim.LBFGS([p], { lineSearchFn: 'armijo' as never })).toThrow('lineSearchFn');
  expect(() => new optim.LBFGS([p]).step()).toThrow('closure');
  expect(() => new optim.LBFGS([p]).step(() => 'x')).toThrow('no loss');
});
