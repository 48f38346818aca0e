/** @file Mean and deviation of what is drawn, beside what PyTorch draws. test/init.test.ts looks at whole distributions. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import * as ng from '../lib';
import { nn } from '../lib';
import { expectParity, type Kind } from './parity';

const file = join(__dirname, '..', '..', 'test', 'fixtures', 'statistics.json');
const rows = JSON.parse(readFileSync(file, 'utf8')) as {
  kind: Kind;
  name: string;
  code: string;
  mean: number;
  std: number;
}[];

beforeEach(() => ng.manualSeed(3));

test.each(rows)('$code', ({ kind, name, code, mean, std }) => {
  const t = (runInNewContext(code, { ng, nn }) as ng.Tensor).to('float64');
  // Of 30,000 numbers and more, both by chance: 5 deviations of a mean, and as much of a deviation.
  const tolerance = 0.04;
  expectParity(t.std().itemSync(), std, { kind, name, label: 'deviation', tolerance, floor: std });
  expectParity((t.mean().itemSync() - mean) / std, 0, { kind, name, label: 'mean', tolerance });
});

test('the gradient of quantiles for the fractions', () => {
  const q = ng.tensor([0.3, 0.5, 1], { dtype: 'float64' }).requiresGrad_();
  const t = ng.tensor([3, 1, 2, 7], { dtype: 'float64' });
  t.quantile({ q })
    .mul(ng.tensor([1, 2, 3]))
    .sum()
    .backward();
  // torch: (n - 1) (difference of the neighbours), 0 at the last element
  expect(q.grad!.arraySync()).toEqual([3, 6, 0]);
});
