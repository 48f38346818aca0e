/** @file `ng.profile`: what is counted, where it was called, and the file for Perfetto. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ng from '../lib';
import { nn, optim } from '../lib';
import { codeOf } from './caught';

class Net extends nn.Module {
  hidden = new nn.Linear(20, 30);
  out = new nn.Linear(30, 5);
  forward(x: ng.Tensor): ng.Tensor {
    return this.out.forward(ng.relu(this.hidden.forward(x)));
  }
}

const model = new Net();
const optimizer = new optim.Adam(model.parameters());
const x = ng.randn([16, 20]);
const y = ng.randint(0, 5, [16]);
const step = (): ng.Tensor => {
  const loss = nn.functional.crossEntropy(model.forward(x), y);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  return loss;
};

test('calls, shapes, arithmetic and modules of training steps', async () => {
  step();
  const p = await ng.profile(
    () => {
      for (let i = 0; i < 3; i++) step();
    },
    { model },
  );
  const hidden = p.rows.find((r) => r.module === 'hidden')!;
  expect(hidden).toMatchObject({ kernel: 'matmul', calls: 3, op: 'matmul' });
  expect(hidden.shapes).toContain('[16, 20]');
  expect(hidden.gflops * hidden.time * 1e6).toBeCloseTo(3 * 2 * 16 * 20 * 30, 3);
  // x, weight, bias, and the result that is written (its role is both).
  expect(hidden.bytes).toBe(3 * 4 * (16 * 20 + 30 * 20 + 30 + 2 * 16 * 30));
  expect(p.rows.find((r) => r.module === 'out')!.calls).toBe(3);
  expect(p.rows.find((r) => r.op === 'relu')!.module).toBe('(model)');
  expect(p.rows.filter((r) => r.kernel === 'optimStep').reduce((n, r) => n + r.calls, 0)).toBe(3);
  expect(p.rows.some((r) => r.op === 'crossEntropy' && r.module === '')).toBe(true);
  // Two products for each layer backward, but the first layer's input needs no gradient.
  expect(p.rows.filter((r) => r.kernel === 'matmul').reduce((n, r) => n + r.calls, 0)).toBe(3 * (2 + 3));
  expect(p.rows.map((r) => r.time)).toEqual(p.rows.map((r) => r.time).sort((a, b) => b - a));
  expect(p.rows.reduce((s, r) => s + r.share, 0)).toBeCloseTo(1, 6);
  expect(p.allocations).toBeGreaterThan(9);
  expect(String(p)).toMatch(/op\s+shapes\s+module\s+calls/);
  expect(p.advice).toMatch(/\.$/);
});

test('times lie in the order of the calls, within the profile, on one stream', async () => {
  const a = ng.randn([400, 400]);
  const p = await ng.profile(async () => {
    for (let i = 0; i < 5; i++) await a.matmul(a).sum().item();
  });
  for (const [i, c] of p.calls.entries()) {
    expect(c.end).toBeGreaterThanOrEqual(c.begin);
    // The clocks of both sides were read apart.
    expect(c.begin).toBeGreaterThan(c.called - 0.5);
    if (i > 0) expect(c.begin).toBeGreaterThanOrEqual(p.calls[i - 1]!.end - 1e-6);
  }
  expect(p.busy).toBeLessThanOrEqual(p.wall);
  expect(p.waiting).toBeGreaterThan(0);
  expect(p.peakGflops).toBeGreaterThan(0);
  expect(p.rows.find((r) => r.op === 'matmul')!.peakShare).toBeGreaterThan(0);
});

test('reads that block are waiting', async () => {
  const a = ng.randn([700, 700]);
  const p = await ng.profile(() => a.matmul(a).sum().itemSync());
  const product = p.rows.find((r) => r.op === 'matmul')!;
  expect(p.waiting).toBeGreaterThan(0.5 * product.time);
});

test('convolution and attention count their arithmetic', async () => {
  const p = await ng.profile(() => {
    nn.functional.conv2d(ng.randn([2, 3, 8, 8]), ng.randn([4, 3, 3, 3]), { padding: 1 });
    const q = ng.randn([2, 4, 10, 8]);
    nn.functional.scaledDotProductAttention(q, q, q);
  });
  const flops = (kernel: string): number => p.calls.filter((c) => c.kernel === kernel).reduce((s, c) => s + c.flops, 0);
  expect(flops('conv')).toBe(2 * 2 * 64 * 4 * 27);
  expect(flops('attention')).toBe(2 * 2 * 4 * 10 * 10 * (8 + 8));
});

test('the trace is what the Trace Event Format asks for', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'nodegrad-profile-'));
  const file = join(dir, 'trace.json');
  try {
    const p = await ng.profile(step);
    await p.saveTrace(file);
    const trace = JSON.parse(readFileSync(file, 'utf8')) as {
      traceEvents: { name: string; ph: string; pid: number; tid: number; ts: number; dur: number }[];
    };
    const complete = trace.traceEvents.filter((e) => e.ph === 'X');
    expect(complete).toHaveLength(2 * p.calls.length);
    for (const e of complete) {
      expect(typeof e.name).toBe('string');
      for (const v of [e.pid, e.tid, e.ts, e.dur]) expect(Number.isFinite(v)).toBe(true);
      expect(e.dur).toBeGreaterThanOrEqual(0);
    }
    expect(trace.traceEvents.filter((e) => e.ph === 'M').map((e) => e.tid)).toEqual([0, 1, 2]);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('what fn throws is thrown, and nobody looks any more', async () => {
  await expect(
    ng.profile(() => {
      throw new RangeError('mine');
    }),
  ).rejects.toThrow('mine');
  const slow = ng.profile(async () => {
    await new Promise((r) => setTimeout(r, 20));
    return ng.ones([3]).add(1);
  });
  await expect(ng.profile(step)).rejects.toThrow('another profile is running');
  expect((await slow).calls.map((c) => c.op)).toContain('add');
  const after = await ng.profile(() => undefined);
  expect(after.rows).toEqual([]);
  expect(after.advice).toContain('No kernel was called');
});

test('a module that throws is not where later calls are', async () => {
  const model = ng.sequential([new nn.Linear(3, 2), new nn.ReLU()]);
  const p = await ng.profile(
    () => {
      expect(() => model.forward(ng.ones([1, 4]))).toThrow(ng.ShapeError);
      ng.ones([2]).exp();
    },
    { model },
  );
  expect(p.calls.find((c) => c.op === 'exp')!.module).toBe('');
});

test('a call that did not run took no time', async () => {
  const p = await ng.profile(async () => {
    const bad = ng
      .ones([3])
      .indexSelect(0, ng.tensor([7], { dtype: 'int32' }))
      .mul(2);
    await expect(bad.data()).rejects.toThrow('[indexSelect]');
  });
  const skipped = p.calls.find((c) => c.op === 'mul')!;
  expect(skipped.end).toBe(skipped.begin);
});

test('what is no function and no option', async () => {
  await expect(ng.profile(3 as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG' });
  await expect(ng.profile(step, { modle: model } as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG' });
  const p = await ng.profile(step);
  await expect(p.saveTrace(undefined as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG' });
  expect(codeOf(() => ng.add(ng.ones([2]), ng.ones([3])))).toBe('ERR_SHAPE');
});
