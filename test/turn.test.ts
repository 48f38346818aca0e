/** @file `ng.turn()`: a loop that reads nothing leaves the event loop free and does not run ahead of its kernels. */
import * as ng from '../lib';

test('timers run within a loop that reads no values', async () => {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  const end = performance.now() + 200;
  const a = ng.ones([4]);
  while (performance.now() < end) {
    a.add(1);
    await ng.turn();
  }
  clearInterval(timer);
  expect(ticks).toBeGreaterThan(1);
});

test('no more than two steps are queued', async () => {
  const a = ng.ones([400, 400]);
  const product = (): ng.Tensor => [1, 2, 3, 4].reduce((t) => t.matmul(a), a);
  product();
  await ng.synchronize();
  const start = performance.now();
  for (let i = 0; i < 20; i++) {
    product();
    await ng.turn();
  }
  const looped = performance.now() - start;
  await ng.synchronize();
  const left = performance.now() - start - looped;
  // What is left are two steps of twenty, so the loop itself took most of the time.
  expect(left).toBeLessThan(looped);
});

test('a failed kernel belongs to its outputs, not to the loop', async () => {
  // Too large to run within the call, which would throw there.
  const bad = ng.ones([2, 400]).indexSelect(0, ng.full([200], 7, { dtype: 'int64' }));
  await ng.turn();
  await ng.turn();
  await ng.turn();
  await expect(bad.data()).rejects.toThrow(ng.IndexError);
});
