/** @file Optimizers, schedules, values, scopes and options, as a strict compiler sees them. */
import * as ng from 'nodegrad';
import { data, nn, optim } from 'nodegrad';

const model = new nn.Linear(2, 2);
const ps = model.parameters();

// Any optimizer: in lists, in functions, in schedules.
const all: optim.Optimizer[] = [
  new optim.SGD(ps, { lr: 0.1 }),
  new optim.Adam(ps),
  new optim.AdamW(ps),
  new optim.RMSprop(ps),
  new optim.Lion(ps),
  new optim.Adafactor(ps),
  new optim.Muon(ps),
  new optim.LBFGS(ps),
];
function step(o: optim.Optimizer, loss: ng.Tensor): number {
  o.zeroGrad();
  loss.backward();
  o.step();
  for (const group of o.paramGroups) group.lr *= 0.9;
  return o.paramGroups[0]?.lr ?? 0;
}
for (const o of all) step(o, ng.ones([]).requiresGrad_());
export const chosen: optim.Optimizer = ps.length > 3 ? new optim.SGD(ps, { lr: 1 }) : new optim.Adam(ps);
export const schedules = all.map((o) => new optim.lrScheduler.StepLR(o, 10));
new optim.lrScheduler.CosineAnnealingLR(new optim.Adam(ps), { tMax: 10, etaMin: undefined });
export const saved: optim.OptimizerState = chosen.stateDict();
chosen.loadStateDict(saved);
export const [beta1]: readonly [number, number] = new optim.Adam(ps).paramGroups[0]?.betas ?? [0, 0];
// @ts-expect-error no setting of an optimizer in general
export const momentum: unknown = chosen.paramGroups[0]?.momentum;
// @ts-expect-error there is no such setting
new optim.Adam(ps, { momentum: 1 });
// @ts-expect-error a scheduler is no optimizer
step(schedules[0], ng.ones([]));

// Values.
const t = ng.ones([2, 2]);
export const rows: number[][] = t.arraySync<number[][]>();
export const later: Promise<boolean[]> = t.gt(0).array<boolean[]>();
export const nested: ng.NestedNumbers = t.arraySync();
export const free: number[][] = ng.arraySync<number[][]>(t);
export const flat: Promise<Float32Array> = t.data<Float32Array>();
export const bytes: Uint8Array = ng.dataSync<Uint8Array>(t);
// @ts-expect-error a tensor holds no strings
t.arraySync<string[]>();
// @ts-expect-error without saying which, it may be a number
t.arraySync().map((v) => v);

// What ends when the function returns takes no asynchronous one.
export const value: number = ng.noGrad(() => t.sum().itemSync());
export const inner: ng.Tensor = ng.scope(() => ng.enableGrad(() => t.add(1)));
export const nothing: void = ng.noGrad(() => {});
export const whatever: unknown = ng.noGrad((): unknown => 1);
export function generic<T>(make: () => NoPromise<T>): NoPromise<T> {
  return make();
}
type NoPromise<T> = T extends PromiseLike<unknown> ? never : T;
// @ts-expect-error asynchronous
void ng.noGrad(async () => t.item());
// @ts-expect-error asynchronous
void ng.noGrad(() => t.item());
// @ts-expect-error asynchronous
void ng.enableGrad(async () => {});
// @ts-expect-error asynchronous
void ng.scope(async () => t);
// @ts-expect-error asynchronous
void ng.inferenceMode(async () => t);

// Options that are undefined are as good as not given.
const u = undefined;
t.sum({ dim: u, keepdim: u, dtype: u });
t.sum(1, { keepdim: u });
t.sum(u, u, u);
t.softmax(1, u);
t.topk({ k: 1, dim: u, largest: u });
t.std({ dim: u, correction: u });
t.pad([1, 1], { mode: u, value: u });
t.backward({ retainGraph: u });
ng.zeros([1], { dtype: u, device: u, requiresGrad: u });
ng.tensor([1], { dtype: u, shape: u });
ng.rand([1], { generator: u });
ng.linalg.svd(t, { fullMatrices: u });
ng.nn.functional.crossEntropy(t, t, { weight: u, labelSmoothing: u });
new nn.Conv2d(1, 1, 3, { padding: u, bias: u, groups: u });
new nn.LSTM(1, 1, { numLayers: u, batchFirst: u });
new nn.LayerNorm([2], { eps: u });
new nn.Linear(1, 1, { bias: u });
new nn.MultiheadAttention(4, 2, { dropout: u });
new nn.CrossEntropyLoss({ weight: u });
new optim.SGD(ps, { lr: 0.1, momentum: u });
new optim.Adam([{ params: ps, lr: u, initialLr: u }], { betas: u });
new data.DataLoader(new data.TensorDataset(t, t), { batchSize: 1, shuffle: u, seed: u });
model.zeroGrad({ setToNone: u });
await ng.save('x', {}, { metadata: u });

// Batches are tensors.
for await (const [x, y] of new data.DataLoader(new data.TensorDataset(t, t), { batchSize: 1 })) x.add(y);

// A gradient of one's own: what the context carries is said where it is read.
export const scaled: (x: ng.Tensor, k: number) => ng.Tensor = ng.customFunction({
  forward(ctx, x: ng.Tensor, k: number) {
    ctx['k'] = k;
    return x.mul(k);
  },
  backward: (ctx: ng.CustomContext & { k: number }, g: ng.Tensor) => [g.mul(ctx.k), null],
});
// @ts-expect-error one context knows nothing of the fields of another
ng.customFunction({ forward: (_, x: ng.Tensor) => x, backward: (ctx, g: ng.Tensor) => g.mul(ctx['k']) });

// What predict gives is a tensor, also where more would be taken; several outputs are said.
const keras = ng.sequential([new nn.Dense(1, { inputShape: [2] })]);
new data.StandardScaler().inverseTransform(await keras.predict(t));
const both: [ng.Tensor, ng.Tensor] = await keras.predict<[ng.Tensor, ng.Tensor]>(t);
void both;
