/** @file Perplexity of language models. */
import { readSettings } from '../../core/arguments';
import { noGrad } from '../../core/grad-mode';
import { integer } from '../../core/params';
import { type Tensor } from '../../core/tensor';
import { crossEntropy } from '../../ops/losses/cross-entropy';
import { classified } from './classes';
import { Metric, share, Sum } from './metric';
import { ShapeError } from '../../core/errors';
import { showShape } from '../../core/shape';

const perplexitySpec = { ignoreIndex: integer().or(-100) };

/** exp of the mean cross-entropy of logits and integer classes. Positions of the class `ignoreIndex` do not count. */
export class Perplexity extends Metric {
  readonly direction = 'min';
  protected readonly ignoreIndex: number;
  protected sum = new Sum();
  protected counted = new Sum();

  constructor(...settings: [options?: { ignoreIndex?: number | undefined }]) {
    super();
    this.ignoreIndex = readSettings('Perplexity', perplexitySpec, settings).ignoreIndex;
  }
  update(prediction: Tensor, target: Tensor): void {
    noGrad(() => {
      const c = classified('Perplexity', prediction, target);
      if (!c)
        throw new ShapeError(`[Perplexity] logits of several classes are needed, got ${showShape(prediction.shape)}`);
      const n = prediction.shape[c.axis]!;
      const order = prediction.shape.map((_, i) => i).filter((i) => i !== c.axis);
      const rows = prediction.permute([...order, c.axis]).reshape([c.labels.numel, n]);
      const labels = c.labels.reshape([c.labels.numel]);
      this.sum.add(crossEntropy(rows, labels, { ignoreIndex: this.ignoreIndex, reduction: 'sum' }));
      this.counted.add(labels.ne(this.ignoreIndex).sum());
    });
  }
  async compute(): Promise<number> {
    const [sum, counted] = await Promise.all([this.sum.read(), this.counted.read()]);
    return Math.exp(share(sum[0] ?? 0, counted[0] ?? 0));
  }
  reset(): void {
    this.sum = new Sum();
    this.counted = new Sum();
  }
}
