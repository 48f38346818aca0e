/** @file How diagnosis looks to a strict compiler: the program of the documentation. */
import * as ng from 'nodegrad';
import { data, nn, optim } from 'nodegrad';

const x = ng.randn([32, 4]);
const y = ng.randint(0, 2, [32]);
const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 2));
const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 8, shuffle: true });
const loss = 'crossEntropy';
const step = (a: ng.Tensor, b: ng.Tensor): void => nn.functional.crossEntropy(model.forward(a), b).backward();

export const one: ng.debug.OverfitBatch = await ng.debug.overfitBatch(model, [x, y], {
  loss: 'crossEntropy',
  steps: 200,
});
export const all: [boolean, readonly number[], string] = [one.reached, one.losses, one.advice];
export const paths: string[] = ng.debug.trace(model, x).rows.map((r) => r.path);
ng.debug.detectAnomaly(() => step(x, y));
export const waited: Promise<number> = ng.debug.detectAnomaly(async () => x.sum().item());
export const names: string[] = (await ng.debug.findNaN({ data: x, model, optimizer })).found.map((f) => f.name);
const { layers } = await ng.debug.gradients(model, { optimizer });
export const verdicts: ('vanishing' | 'exploding' | 'ok' | 'none')[] = layers.map((r) => r.verdict);
export const dead: number = (await ng.debug.deadReLU(model, x)).share;
const rates = await ng.debug.findLearningRate(model, loader, { loss });
export const picture: string = rates.svg();
export const rate: number = rates.suggestion + rates.lrs[0]! + rates.losses[0]!;
export const kinds: string[] = (await ng.debug.inspect(x, y, { test: [x, y] })).findings.map((f) => f.kind);
const diagnosis = await ng.debug.diagnose(model, loader, { loss, optimizer: { name: 'sgd', lr: 0.1 } });
export const first: ng.debug.Cause | undefined = diagnosis.causes[0];
// @ts-expect-error no such option
await ng.debug.overfitBatch(model, [x, y], { loss, stepz: 3 });
// @ts-expect-error no such place to look
await ng.debug.findNaN({ weights: model });
export const told = (e: unknown): string | undefined => (e instanceof ng.AnomalyError ? e.anomaly.op : undefined);
