/**
 * @file Word vectors by skip-gram with negative sampling (Mikolov et al. 2013), learned from Moby-Dick. Words that keep the same
 * company get similar vectors: the nearest neighbours of some words are printed, and frequent words drawn in the plane of their
 * first two principal components. In the last tenth of the novel, which was not read, each word must be matched with the
 * ten words around it rather than with ten around another word in 63 % of the cases. As both are drawn from the same
 * text, guessing and taking the more frequent words give 50 %.
 */
import * as ng from 'nodegrad';
import { nn, optim } from 'nodegrad';
import { mobyDick } from './support/books';
import { drawCurves, writeChart } from './support/chart';
import { lesson } from './support/lesson';

const [width, window, negatives, least] = [64, 5, 5, 5];

/** A vector for each word as itself, and one as another's context. How well they go together is their product. */
class SkipGram extends nn.Module {
  words: nn.Embedding;
  contexts: nn.Embedding;
  constructor(vocabulary: number) {
    super();
    this.words = new nn.Embedding(vocabulary, width);
    this.contexts = new nn.Embedding(vocabulary, width);
    nn.init.uniform_(this.words.weight, -0.5 / width, 0.5 / width);
    nn.init.zeros_(this.contexts.weight);
  }
  /** Logits [n, k] of words [n] and contexts [n, k]. */
  forward(words: ng.Tensor, contexts: ng.Tensor): ng.Tensor {
    return this.contexts.forward(contexts).matmul(this.words.forward(words).unsqueeze(2)).squeeze(2);
  }
}

/** A text without some of its words, the more frequent the likelier: a pair with "the" says little. */
const thinned = (text: ng.Tensor, keep: ng.Tensor): ng.Tensor => text.at([ng.rand([text.numel]).lt(keep.at([text]))]);

/** Pairs [2, n] of words at most `window` apart in a text, near ones more often. */
function pairsOf(text: ng.Tensor, keep: ng.Tensor): ng.Tensor {
  const kept = thinned(text, keep);
  const pairs = Array.from({ length: window }, (_, i) => {
    const n = kept.numel - i - 1;
    const pair = ng.stack([kept.narrow(0, 0, n), kept.narrow(0, i + 1, n)]);
    return pair.at([ng.s(), ng.rand([n]).lt(1 - i / window)]);
  });
  const both = ng.cat([...pairs, ...pairs.map((pair) => pair.flip([0]))], 1);
  return both.at([ng.s(), ng.randperm(both.shape[1]!)]);
}

/** How often the sum of a row is greater than that of the other. */
const share = (a: ng.Tensor, b: ng.Tensor): Promise<number> => a.sum(1).gt(b.sum(1)).to('float32').mean().item();

lesson('word-embeddings', 'Word vectors by skip-gram, from Moby-Dick.', async ({ quick, reached }) => {
  ng.manualSeed(0);
  const novel = mobyDick().join('\n').toLowerCase();
  const all = novel.match(/[a-z]+/g)!;
  const cut = Math.floor(0.9 * all.length);
  const counted = new Map<string, number>();
  for (const word of all.slice(0, cut)) counted.set(word, (counted.get(word) ?? 0) + 1);
  const vocabulary = [...counted].filter(([, n]) => n >= least).sort((a, b) => b[1] - a[1]);
  const words = vocabulary.map(([word]) => word);
  const numbers = new Map(words.map((word, i) => [word, i]));
  const [train, test] = [all.slice(0, cut), all.slice(cut)].map((part) => {
    const known = part.flatMap((word) => numbers.get(word) ?? []);
    return ng.tensor(known, { dtype: 'int64' });
  }) as [ng.Tensor, ng.Tensor];
  console.log(`${all.length} words, ${words.length} different that occur ${least} times or more`);

  const counts = train.bincount({ minlength: words.length }).to('float32');
  const keep = counts
    .mul(1 / 3e-4 / train.numel)
    .rsqrt()
    .clamp(0, 1);
  // Held-out words, what stands around each, [n, 10], and what stands around another.
  const rows = thinned(test, keep).unfold(0, 2 * window + 1, 1);
  const word = rows.at([ng.s(), window]);
  const around = ng.cat([rows.narrow(1, 0, window), rows.narrow(1, window + 1, window)], 1);
  const elsewhere = around.at([ng.randperm(around.shape[0]!)]);

  const model = new SkipGram(words.length);
  const optimizer = new optim.Adam(model.parameters(), { lr: 2e-3 });
  const accuracies: number[] = [];
  for (let epoch = 0; epoch < (quick ? 1 : 12); epoch++) {
    const batches = pairsOf(train, keep).split(1024, 1);
    for (const pair of batches.slice(0, quick ? 30 : undefined)) {
      const [center, context] = pair.unbind(0) as [ng.Tensor, ng.Tensor];
      const drawn = ng.multinomial(counts.pow(0.75), context.numel * negatives, true).reshape([-1, negatives]);
      const logits = model.forward(center, ng.cat([context.unsqueeze(1), drawn], 1));
      const truth = ng.zerosLike(logits);
      truth.narrow(1, 0, 1).fill_(1);
      const loss = nn.functional.binaryCrossEntropyWithLogits(logits, truth).mul(1 + negatives);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
    }
    const [real, other] = ng.noGrad(() => [model.forward(word, around), model.forward(word, elsewhere)]);
    accuracies.push(await share(real, other));
  }
  drawCurves('word-embeddings-accuracy', [{ name: 'held-out text', values: accuracies }], {
    title: 'Surroundings told from others',
    x: 'epoch',
    y: 'accuracy',
    places: accuracies.map((_, epoch) => epoch + 1),
  });

  // Vectors of rare words have seen little: only the 1500 most frequent words are looked at.
  const vectors = nn.functional.normalize(model.words.weight.detach().narrow(0, 0, 1500), { dim: 1 });
  console.log();
  for (const name of ['whale', 'captain', 'ship', 'boat', 'god', 'day', 'white', 'three', 'he', 'queequeg']) {
    const { indices } = vectors.matmul(vectors.at(numbers.get(name)!)).topk(7);
    const near = ((await indices.array()) as number[]).filter((i) => words[i] !== name);
    console.log(`${name.padEnd(9)} ${near.map((i) => words[i]).join(', ')}`);
  }

  // The two directions in which frequent words differ most, those aside that are in every sentence.
  const frequent = vectors.narrow(0, 60, 120);
  const { U, S } = ng.linalg.svd(frequent.sub(frequent.mean(0)), { fullMatrices: false });
  const plane = (await U.mul(S).narrow(1, 0, 2).array()) as number[][];
  writeChart('word-embeddings', {
    title: { text: 'Words of Moby-Dick, by the company they keep', left: 'center' },
    xAxis: { name: 'first principal component', nameLocation: 'middle', nameGap: 28 },
    yAxis: { name: 'second principal component' },
    series: {
      type: 'scatter',
      symbolSize: 3,
      label: { show: true, formatter: '{b}', position: 'top', fontSize: 10 },
      data: plane.map((value, i) => ({ name: words[60 + i], value })),
    },
  });
  const naive = { what: 'the more frequent words', value: await share(counts.at([around]), counts.at([elsewhere])) };
  reached({ what: 'surroundings told from others', value: accuracies.at(-1)!, must: 0.63, naive, percent: true });
});
