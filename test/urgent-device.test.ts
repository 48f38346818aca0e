/** @file cpu:1, the queue of the CPU that goes first: Note [Priority] in native/runtime/priority.h. */
import * as ng from '../lib';
import { nn } from '../lib';
import { caught } from './caught';

const urgent = { device: 'cpu:1' } as const;

test('computes as the CPU does, with gradients, optimizers and random numbers', async () => {
  const run = async (device: ng.Device): Promise<unknown> => {
    ng.manualSeed(3);
    const model = ng.sequential([new nn.Linear(6, 300), new nn.ReLU(), new nn.Dropout(0.2), new nn.Linear(300, 3)]);
    model.to(device);
    const optimizer = new ng.optim.Adam(model.parameters(), { lr: 0.01 });
    const x = ng.rand([256, 6], { device });
    const y = ng.randint(0, 3, [256], { device });
    const losses: number[] = [];
    for (let i = 0; i < 5; i++) {
      optimizer.zeroGrad();
      const loss = nn.functional.crossEntropy(model.forward(x), y);
      loss.backward();
      optimizer.step();
      losses.push(await loss.item());
    }
    return losses;
  };
  const there = await run('cpu:1');
  expect(there).toEqual(await run('cpu'));
});

test('is a device of its own: tensors are moved, and not mixed', async () => {
  const a = ng.tensor([1, 2, 3]);
  const b = a.to('cpu:1');
  expect([b.device, b.isCpu, b.isCuda, a.device]).toEqual(['cpu:1', true, false, 'cpu']);
  expect(await b.mul(2).array()).toEqual([2, 4, 6]);
  expect(await b.to('cpu').add(a).array()).toEqual([2, 4, 6]);
  expect(caught(() => a.add(b))).toBeInstanceOf(ng.NodegradError);
  expect(String(b)).toContain("device='cpu:1'");
  expect(ng.memory('cpu:1').live).toBeGreaterThan(0);
  expect(caught(() => ng.ones([2], { device: 'cpu:2' as never }))).toMatchObject({ code: 'ERR_DEVICE' });
});

test('passes what is queued on the CPU', async () => {
  const big = ng.rand([700, 700]);
  const small = ng.rand([64, 64], urgent);
  let last = big;
  for (let i = 0; i < 200; i++) last = ng.matmul(last, big).mul(1e-3);
  let done = false;
  const training = last
    .sum()
    .data()
    .then(() => (done = true));
  // As many answers as a service would give meanwhile; each is a product and a read.
  for (let i = 0; i < 3; i++) await ng.matmul(small, small).sum().data();
  expect(done).toBe(false);
  await training;
});

test('an error there stays there', async () => {
  const bad = ng.indexSelect(ng.ones([2, 2], urgent), 0, ng.tensor([5], { dtype: 'int64', ...urgent }));
  expect(await ng.ones([2]).sum().item()).toBe(2);
  await expect(bad.data()).rejects.toMatchObject({ code: 'ERR_INDEX' });
  expect(await ng.ones([2], urgent).sum().item()).toBe(2);
});
