/** @file A small GPT over characters: trained on this project's own pages, then it writes some. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as ng from 'nodegrad';
import { nn, optim } from 'nodegrad';
import { commandLine } from './support/options';

interface Settings {
  vocabulary: number;
  context: number;
  width: number;
  heads: number;
  layers: number;
  dropout: number;
}

/** Radford et al. 2019: token and position embeddings, blocks of causal attention, and the next character's logits. */
class GPT extends nn.Module {
  token: nn.Embedding;
  position: nn.LearnedPositionalEncoding;
  blocks: nn.TransformerEncoder;
  head: nn.Linear;

  constructor(readonly settings: Settings) {
    super();
    const { vocabulary, context, width, heads, layers, dropout } = settings;
    const block = (): nn.Module =>
      new nn.TransformerEncoderLayer(width, heads, {
        dimFeedforward: 4 * width,
        dropout,
        activation: 'gelu',
        batchFirst: true,
        normFirst: true,
      });
    this.token = new nn.Embedding(vocabulary, width);
    this.position = new nn.LearnedPositionalEncoding(width, { maxLen: context, dropout });
    this.blocks = new nn.TransformerEncoder(block, layers, new nn.LayerNorm(width));
    this.head = new nn.Linear(width, vocabulary);
    nn.init.normal_(this.token.weight, 0, 0.02);
  }

  /** Logits [batch, length, vocabulary] for tokens [batch, length]; with caches, for new tokens after those they hold. */
  forward(tokens: ng.Tensor, cache?: readonly nn.KVCache[]): ng.Tensor {
    const x = this.position.forward(this.token.forward(tokens), cache?.[0]?.length ?? 0);
    return this.head.forward(this.blocks.forward(x, { isCausal: true, cache }));
  }

  /** Continues a prompt. Every step computes one new token; keys and values of the others come from the caches. */
  async generate(prompt: readonly number[], count: number, temperature = 0.8): Promise<number[]> {
    const { context, layers } = this.settings;
    const out = prompt.slice();
    let cache: nn.KVCache[] = [];
    this.eval();
    for (let i = 0; i < count; i++) {
      let fresh = out.slice(-1);
      if (cache.length === 0 || cache[0]!.length === context) {
        // The positions are used up: go on from the last half of the text.
        cache = Array.from({ length: layers }, () => new nn.KVCache(context));
        fresh = out.slice(-Math.ceil(context / 2));
      }
      const next = ng.noGrad(() => {
        const logits = this.forward(ng.tensor([fresh], { dtype: 'int64' }), cache).at([0, -1]);
        return ng.multinomial(logits.div(temperature).softmax(-1), 1);
      });
      out.push(Number(await next.item()));
    }
    return out;
  }
}

/** The directory of package.json, above this file. */
function projectRoot(): string {
  let dir = __dirname;
  while (!readdirSync(dir).includes('package.json')) dir = dirname(dir);
  return dir;
}

function ownPages(): string {
  const root = projectRoot();
  const docs = readdirSync(join(root, 'docs')).sort();
  const files = ['README.md', 'CONTRIBUTING.md', ...docs.map((f) => join('docs', f))].filter((f) => f.endsWith('.md'));
  const text = files.map((f) => readFileSync(join(root, f), 'utf8')).join('\n');
  // Tables are padded: without this it would mostly learn to write blanks.
  return text.replace(/ {2,}/g, ' ').replace(/-{4,}/g, '---');
}

/** `batch` random pieces of the text, and the same one character further: what is to be predicted. */
function pieces(text: ng.Tensor, batch: number, length: number): [ng.Tensor, ng.Tensor] {
  const starts = ng.randint(0, text.numel - length, [batch, 1]);
  const places = starts.add(ng.arange(length + 1, { dtype: 'int64' }));
  const rows = text.at([places]);
  return [rows.narrow(1, 0, length), rows.narrow(1, 1, length)];
}

async function main(): Promise<void> {
  const options = commandLine('char-gpt', 'Trains a small GPT on characters and lets it write.', {
    device: { default: 'cpu', help: 'where to train, e.g. cuda' },
    text: { default: '', help: "a text file to learn from; without one, this project's pages" },
    steps: { default: 600, least: 1, help: 'steps of 32 pieces' },
    context: { default: 64, least: 2, help: 'characters that it looks back' },
    length: { default: 400, least: 1, help: 'characters to write' },
    seed: { default: 0, help: 'the same seed gives the same model, bit for bit' },
    quick: { default: false, help: 'a few steps, to see that it runs' },
  });
  const steps = options.quick ? 20 : options.steps;
  ng.setDefaultDevice(options.device as ng.Device);
  ng.manualSeed(options.seed);

  const text = options.text ? readFileSync(options.text, 'utf8') : ownPages();
  const characters = [...new Set(text)].sort();
  const codes = new Map(characters.map((c, i) => [c, i]));
  const encoded = ng.tensor(
    Int32Array.from([...text], (c) => codes.get(c)!),
    { dtype: 'int64' },
  );
  const context = Math.min(options.context, encoded.numel - 1);
  const model = new GPT({ vocabulary: characters.length, context, width: 96, heads: 4, layers: 3, dropout: 0.05 });
  const size = model.parameters().reduce((n, p) => n + p.numel, 0);
  console.log(`${encoded.numel} characters, ${characters.length} different; ${size} parameters`);

  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.AdamW(model.parameters(), { lr: 2e-3, weightDecay: 0.01 });
  const started = performance.now();
  for (let step = 1; step <= steps; step++) {
    optimizer.paramGroups[0]!.lr = 2e-3 * Math.min(1, step / 50) * (0.55 + 0.45 * Math.cos((Math.PI * step) / steps));
    model.train();
    const [x, y] = pieces(encoded, 32, context);
    const loss = criterion.forward(model.forward(x).reshape([-1, characters.length]), y.reshape([-1]));
    optimizer.zeroGrad();
    loss.backward();
    nn.utils.clipGradNorm_(model.parameters(), 1);
    optimizer.step();
    if (step % 50 === 0 || step === steps) {
      const seconds = (performance.now() - started) / 1000;
      console.log(`step ${step}/${steps}  loss ${(await loss.item()).toFixed(3)}  ${seconds.toFixed(1)} s`);
    }
  }
  const start = [codes.get('\n') ?? 0];
  const written = await model.generate(start, options.quick ? 40 : options.length);
  console.log(`\n${written.map((i) => characters[i]).join('')}`);
}

main().catch((e: unknown) => {
  console.error(e instanceof Error ? e.message : e);
  process.exitCode = 1;
});
