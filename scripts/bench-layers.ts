/** @file Single layers whose forward and backward `npm run bench` measures; scripts/bench_torch_layers.py has the same. */
import * as ng from '../lib';
import { nn } from '../lib';

type Run = () => ng.Tensor;

/** Forward of the leaves, and backward of its sum. */
function bothWays(leaves: readonly ng.Tensor[], run: Run): () => void {
  return () => {
    run().sum().backward();
    for (const leaf of leaves) leaf.grad = null;
  };
}

const leaf = (shape: readonly number[]): ng.Tensor => ng.randn([...shape], { requiresGrad: true });

function layer<M extends nn.Module>(
  module: M,
  shape: number[],
  run: (module: M, x: ng.Tensor) => ng.Tensor,
): () => void {
  const x = leaf(shape);
  return bothWays([x, ...module.parameters()], () => run(module, x));
}

function conv(from: number, to: number, size: number, image: number, batch: number, options = {}): () => void {
  const module = new nn.Conv2d(from, to, size, { padding: (size - 1) / 2, bias: false, ...options });
  return layer(module, [batch, from, image, image], (m, x) => m.forward(x));
}

interface Recurrent extends nn.Module {
  forward(x: ng.Tensor): [output: ng.Tensor, state: unknown];
}

const recurrent = (module: Recurrent, shape: number[]): (() => void) => layer(module, shape, (m, x) => m.forward(x)[0]);

function attention(shape: number[], isCausal: boolean): () => void {
  const [q, k, v] = [leaf(shape), leaf(shape), leaf(shape)];
  return bothWays([q, k, v], () => nn.functional.scaledDotProductAttention(q, k, v, { isCausal }));
}

/** By name: builds the layer, and returns forward and backward of one batch. */
export const layers: Record<string, () => () => void> = {
  'conv 3x3 64-64, 32x32, batch 32': () => conv(64, 64, 3, 32, 32),
  'conv 3x3 128-128, 16x16, batch 32': () => conv(128, 128, 3, 16, 32),
  'conv 3x3 256-256, 8x8, batch 32': () => conv(256, 256, 3, 8, 32),
  'conv 3x3 512-512, 4x4, batch 32': () => conv(512, 512, 3, 4, 32),
  'conv 3x3 64-128 stride 2, 32x32, batch 32': () => conv(64, 128, 3, 32, 32, { stride: 2 }),
  'conv 1x1 64-256, 32x32, batch 32': () => conv(64, 256, 1, 32, 32),
  'conv 1x1 256-64, 32x32, batch 32': () => conv(256, 64, 1, 32, 32),
  'conv 1x1 64-128 stride 2, 32x32, batch 32': () => conv(64, 128, 1, 32, 32, { stride: 2 }),
  'conv 3x3 1-32, 28x28, batch 64': () => conv(1, 32, 3, 28, 64, { padding: 0 }),
  'conv 3x3 32-64, 26x26, batch 64': () => conv(32, 64, 3, 26, 64, { padding: 0 }),
  'conv 7x7 3-64 stride 2, 64x64, batch 16': () => conv(3, 64, 7, 64, 16, { stride: 2 }),
  'conv depthwise 5x5 64, 32x32, batch 32': () => conv(64, 64, 5, 32, 32, { groups: 64 }),
  'batch norm 64, 32x32, batch 32': () => layer(new nn.BatchNorm2d(64), [32, 64, 32, 32], (m, x) => m.forward(x)),
  'batch norm [64, 1024]': () => layer(new nn.BatchNorm1d(1024), [64, 1024], (m, x) => m.forward(x)),
  'layer norm [2048, 384]': () => layer(new nn.LayerNorm(384), [2048, 384], (m, x) => m.forward(x)),
  'max pool 2, 64, 24x24, batch 64': () => layer(new nn.MaxPool2d(2), [64, 64, 24, 24], (m, x) => m.forward(x)),
  'gelu [2048, 1536]': () => layer(new nn.GELU(), [2048, 1536], (m, x) => m.forward(x)),
  'lstm 128-128, 64 steps, batch 32': () => recurrent(new nn.LSTM(128, 128), [64, 32, 128]),
  'lstm 64-512, 32 steps, batch 16': () => recurrent(new nn.LSTM(64, 512), [32, 16, 64]),
  'gru 128-128, 64 steps, batch 32': () => recurrent(new nn.GRU(128, 128), [64, 32, 128]),
  'rnn 128-128, 64 steps, batch 32': () => recurrent(new nn.RNN(128, 128), [64, 32, 128]),
  'attention [8, 8, 128, 64]': () => attention([8, 8, 128, 64], false),
  'causal attention [4, 8, 512, 64]': () => attention([4, 8, 512, 64], true),
  'causal attention [1, 8, 2048, 64]': () => attention([1, 8, 2048, 64], true),
  'attention [32, 4, 16, 16]': () => attention([32, 4, 16, 16], false),
};
