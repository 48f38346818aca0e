/**
 * @file LSTM, GRU and attention, forward and backward, in milliseconds per step (medians), on so many threads. Beside
 * PyTorch, on as many:
 *   node dist/scripts/bench-seq.js 1 > ours.json && python scripts/bench_seq.py ours.json 1
 */
import * as ng from '../lib';
import { nn } from '../lib';

const cases: Record<string, () => () => ng.Tensor> = {
  'lstm T=64 N=32 I=128 H=128': () => recurrent(new nn.LSTM(128, 128), [64, 32, 128]),
  'lstm T=32 N=16 I=64 H=512': () => recurrent(new nn.LSTM(64, 512), [32, 16, 64]),
  'gru T=64 N=32 I=128 H=128': () => recurrent(new nn.GRU(128, 128), [64, 32, 128]),
  'rnn T=64 N=32 I=128 H=128': () => recurrent(new nn.RNN(128, 128), [64, 32, 128]),
  'attention B=8 H=8 T=128 D=64': () => attention([8, 8, 128, 64], false),
  'causal B=4 H=8 T=512 D=64': () => attention([4, 8, 512, 64], true),
  'causal B=1 H=8 T=2048 D=64': () => attention([1, 8, 2048, 64], true),
  'attention B=32 H=4 T=16 D=16': () => attention([32, 4, 16, 16], false),
  'multihead N=16 T=128 E=256 H=8': () => multihead([16, 128, 256], 8),
};

function recurrent(layer: { forward(x: ng.Tensor): [ng.Tensor, unknown] }, shape: number[]): () => ng.Tensor {
  const x = ng.randn(shape, { requiresGrad: true });
  return () => layer.forward(x)[0].sum();
}

function attention(shape: number[], isCausal: boolean): () => ng.Tensor {
  const [q, k, v] = [0, 1, 2].map(() => ng.randn(shape, { requiresGrad: true })) as [ng.Tensor, ng.Tensor, ng.Tensor];
  return () => nn.functional.scaledDotProductAttention(q, k, v, { isCausal }).sum();
}

function multihead(shape: number[], heads: number): () => ng.Tensor {
  const layer = new nn.MultiheadAttention(shape[2]!, heads, { batchFirst: true });
  const x = ng.randn(shape, { requiresGrad: true });
  return () => layer.forward(x, x, x, { needWeights: false })[0].sum();
}

function median(fn: () => unknown): number {
  const times: number[] = [];
  const end = performance.now() + 1500;
  for (let i = 0; i < 5 || (performance.now() < end && i < 200); i++) {
    const start = performance.now();
    fn();
    ng.synchronizeSync();
    if (i >= 2) times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}

if (process.argv[2]) ng.setNumThreads(Number(process.argv[2]));
ng.manualSeed(0);
const out: Record<string, [forward: number, both: number]> = {};
for (const [name, make] of Object.entries(cases)) {
  const step = make();
  out[name] = [median(() => ng.noGrad(step)), median(() => step().backward())];
}
console.log(JSON.stringify(out, null, 1));
