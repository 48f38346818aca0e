/** @file The networks whose training steps `npm run bench` measures; scripts/bench_torch_models.py has the same. */
import * as ng from '../lib';
import { nn, optim } from '../lib';

const f = nn.functional;

type Loss = (output: ng.Tensor, target: ng.Tensor) => ng.Tensor;

/** Forward, loss, backward and Adam, on one batch. */
function training(
  model: nn.Module & { forward(x: ng.Tensor): unknown },
  x: ng.Tensor,
  y: ng.Tensor,
  loss: Loss = f.crossEntropy,
): () => void {
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  return () => {
    const t = loss(model.forward(x) as ng.Tensor, y);
    optimizer.zeroGrad();
    t.backward();
    optimizer.step();
  };
}

const labels = (batch: number, classes = 10): ng.Tensor => ng.randint(0, classes, [batch]);

function stack(sizes: number[]): nn.Sequential {
  const layers = sizes.slice(1).flatMap((out, i) => [new nn.Linear(sizes[i]!, out), new nn.ReLU()]);
  return new nn.Sequential(...layers.slice(0, -1));
}

function mlp(sizes: number[], batch: number): () => void {
  return training(stack(sizes), ng.rand([batch, sizes[0]!]), labels(batch, sizes.at(-1)));
}

function regression(sizes: number[], batch: number): () => void {
  return training(stack(sizes), ng.rand([batch, sizes[0]!]), ng.rand([batch, sizes.at(-1)!]), f.mseLoss);
}

function autoencoder(batch: number): () => void {
  const x = ng.rand([batch, 784]);
  return training(stack([784, 256, 64, 256, 784]), x, x, f.mseLoss);
}

function cnn28(batch: number): () => void {
  const model = new nn.Sequential(
    ...[new nn.Conv2d(1, 32, 3), new nn.ReLU(), new nn.Conv2d(32, 64, 3), new nn.ReLU(), new nn.MaxPool2d(2)],
    ...[new nn.Flatten(), new nn.Linear(9216, 128), new nn.ReLU(), new nn.Linear(128, 10)],
  );
  return training(model, ng.rand([batch, 1, 28, 28]), labels(batch));
}

const conv = (from: number, to: number, size: number, stride: number): nn.Sequential =>
  new nn.Sequential(
    new nn.Conv2d(from, to, size, { stride, padding: (size - 1) / 2, bias: false }),
    new nn.BatchNorm2d(to),
  );

class BasicBlock extends nn.Module {
  first: nn.Sequential;
  second: nn.Sequential;
  shortcut: nn.Module | null;
  constructor(from: number, to: number, stride: number) {
    super();
    this.first = conv(from, to, 3, stride);
    this.second = conv(to, to, 3, 1);
    this.shortcut = from === to && stride === 1 ? null : conv(from, to, 1, stride);
  }
  forward(x: ng.Tensor): ng.Tensor {
    const y = this.second.forward(ng.relu(this.first.forward(x) as ng.Tensor)) as ng.Tensor;
    return ng.relu(y.add(this.shortcut ? (this.shortcut.forward(x) as ng.Tensor) : x));
  }
}

/** He et al. 2016, for small images: it starts with a 3 x 3 convolution and does not pool before the end. */
function resnet18(batch: number): () => void {
  const widths = [64, 64, 128, 256, 512];
  const blocks = widths
    .slice(1)
    .flatMap((to, i) => [new BasicBlock(widths[i]!, to, i === 0 ? 1 : 2), new BasicBlock(to, to, 1)]);
  const head = [new nn.AdaptiveAvgPool2d(1), new nn.Flatten(), new nn.Linear(512, 10)];
  const model = new nn.Sequential(conv(3, 64, 3, 1), new nn.ReLU(), ...blocks, ...head);
  return training(model, ng.rand([batch, 3, 32, 32]), labels(batch));
}

/** The last output of a recurrent layer, to ten classes. */
class Last extends nn.Module {
  head = new nn.Linear(128, 10);
  constructor(readonly layer: nn.Module<[ng.Tensor], [ng.Tensor, unknown]>) {
    super();
  }
  forward(x: ng.Tensor): ng.Tensor {
    return this.head.forward(this.layer.forward(x)[0].select(1, -1));
  }
}

function recurrent(kind: 'LSTM' | 'GRU', batch: number): () => void {
  const model = new Last(new nn[kind](32, 128, { batchFirst: true }));
  return training(model, ng.rand([batch, 50, 32]), labels(batch));
}

class Block extends nn.Module {
  norm1: nn.LayerNorm;
  qkv: nn.Linear;
  projection: nn.Linear;
  norm2: nn.LayerNorm;
  mlp: nn.Sequential;
  constructor(
    readonly width: number,
    readonly heads: number,
  ) {
    super();
    this.norm1 = new nn.LayerNorm(width);
    this.qkv = new nn.Linear(width, 3 * width, { bias: false });
    this.projection = new nn.Linear(width, width);
    this.norm2 = new nn.LayerNorm(width);
    this.mlp = new nn.Sequential(new nn.Linear(width, 4 * width), new nn.GELU(), new nn.Linear(4 * width, width));
  }
  forward(x: ng.Tensor): ng.Tensor {
    const [batch, length] = x.shape as [number, number];
    const parts = this.qkv.forward(this.norm1.forward(x)).chunk(3, -1);
    const [q, k, v] = parts.map((t) =>
      t.reshape([batch, length, this.heads, this.width / this.heads]).transpose(1, 2),
    ) as [ng.Tensor, ng.Tensor, ng.Tensor];
    const seen = f.scaledDotProductAttention(q, k, v, { isCausal: true });
    const y = x.add(this.projection.forward(seen.transpose(1, 2).reshape([batch, length, this.width])));
    return y.add(this.mlp.forward(this.norm2.forward(y)) as ng.Tensor);
  }
}

class GPT extends nn.Module {
  token: nn.Embedding;
  position: nn.Embedding;
  blocks: nn.Sequential;
  norm: nn.LayerNorm;
  constructor(layers: number, width: number, heads: number, length: number) {
    super();
    this.token = new nn.Embedding(65, width);
    this.position = new nn.Embedding(length, width);
    this.blocks = new nn.Sequential(...Array.from({ length: layers }, () => new Block(width, heads)));
    this.norm = new nn.LayerNorm(width);
  }
  /** Logits [batch length, vocabulary]; the head's weights are the embedding's. */
  forward(tokens: ng.Tensor): ng.Tensor {
    const x = this.token.forward(tokens).add(this.position.weight);
    const y = this.norm.forward(this.blocks.forward(x) as ng.Tensor);
    return f.linear(y, this.token.weight).reshape([-1, 65]);
  }
}

function gpt(layers: number, width: number, heads: number, length: number, batch: number): () => void {
  const x = ng.randint(0, 65, [batch, length], { dtype: 'int64' });
  return training(new GPT(layers, width, heads, length), x, labels(batch * length, 65));
}

/** By name: builds the network, and returns one training step. */
export const models: Record<string, () => () => void> = {
  'mlp 20-64-32-1, batch 32': () => regression([20, 64, 32, 1], 32),
  'mlp 784-128-10, batch 64': () => mlp([784, 128, 10], 64),
  'mlp 784-128-10, batch 512': () => mlp([784, 128, 10], 512),
  'mlp 784-1024-1024-10, batch 128': () => mlp([784, 1024, 1024, 10], 128),
  'autoencoder, batch 128': () => autoencoder(128),
  'cnn28, batch 64': () => cnn28(64),
  'resnet18 32x32, batch 32': () => resnet18(32),
  'lstm 32-128, 50 steps, batch 64': () => recurrent('LSTM', 64),
  'gru 32-128, 50 steps, batch 64': () => recurrent('GRU', 64),
  'gpt 4x128, 64 tokens, batch 12': () => gpt(4, 128, 4, 64, 12),
  'gpt 6x384, 256 tokens, batch 8': () => gpt(6, 384, 6, 256, 8),
};
