/** @file The outputs of a model, each with its loss and metrics: one, or several in a list or by name. */
import { isOptions } from '../core/arguments';
import { ArgumentError } from '../core/errors';
import { number } from '../core/params';
import { describe } from '../core/shape';
import { Tensor } from '../core/tensor';
import { type BatchLoss, type LossLike, lossOf } from './losses';
import { type Logs, numbersOf } from './logs';
import { type Metric } from './metrics/metric';
import { type MetricLike, metricsOf } from './metrics/names';
import { type Tensors } from './tensors';

/** One thing for the only output, or a list or record with one for each. */
export type PerOutput<T> = T | readonly T[] | { readonly [output: string]: T };
/** Metrics of the only output in a list; of several outputs, by name or in a list of lists. */
export type MetricsLike =
  | readonly MetricLike[]
  | readonly (readonly MetricLike[])[]
  | { readonly [output: string]: MetricLike | readonly MetricLike[] };

interface Head {
  /** Where the output is found; undefined: it is the only one. */
  key: string | number | undefined;
  /** What names in logs begin with. */
  prefix: string;
  loss: BatchLoss;
  weight: number;
  metrics: Metric[];
}

const capital = (s: string): string => s[0]!.toUpperCase() + s.slice(1);
const named = (prefix: string, name: string): string => (prefix === '' ? name : prefix + capital(name));

const lossWeight = number();

/** Losses and metrics of all outputs. */
export class Heads {
  private constructor(private readonly heads: readonly Head[]) {}

  static of(
    op: string,
    loss: PerOutput<LossLike>,
    weights: PerOutput<number> | undefined,
    metrics: MetricsLike,
  ): Heads {
    const several = Array.isArray(loss) || isOptions(loss);
    if (!several) {
      if (!Array.isArray(metrics)) throw new ArgumentError(`[${op}] metrics must be a list, got ${describe(metrics)}`);
      const weight = weights === undefined ? 1 : lossWeight.check(op, 'lossWeights', weights);
      const list = metricsOf(op, metrics as MetricLike[], loss);
      return new Heads([{ key: undefined, prefix: '', loss: lossOf(op, loss as LossLike), weight, metrics: list }]);
    }
    const keys: (string | number)[] = Array.isArray(loss) ? [...loss.keys()] : Object.keys(loss);
    const at = <T>(of: unknown, key: string | number): T | undefined => (of as Record<string | number, T>)[key];
    for (const [what, given] of Object.entries({ lossWeights: weights ?? {}, metrics }))
      for (const key of Object.keys(given))
        if (!keys.map(String).includes(key))
          throw new ArgumentError(`[${op}] ${what} names an output "${key}"; losses are given for ${keys.join(', ')}`);
    return new Heads(
      keys.map((key) => {
        const own = at<MetricLike | MetricLike[]>(metrics, key) ?? [];
        const l = at<LossLike>(loss, key)!;
        return {
          key,
          prefix: typeof key === 'number' ? `output${key}` : key,
          loss: lossOf(op, l),
          weight: lossWeight.check(op, `lossWeights.${key}`, at(weights ?? {}, key) ?? 1),
          metrics: metricsOf(op, Array.isArray(own) ? own : [own as MetricLike], l),
        };
      }),
    );
  }

  /** The same losses and metrics, the metrics having seen nothing. */
  fresh(): Heads {
    return new Heads(this.heads.map((h) => ({ ...h, metrics: h.metrics.map((m) => m.fresh()) })));
  }

  /** The loss of a batch; of several outputs, the weighted sum, and theirs beside it. */
  losses(
    op: string,
    prediction: Tensors,
    target: Tensors,
    weight: Tensor | undefined,
  ): { loss: Tensor } & Record<string, Tensor> {
    const [first] = this.heads as readonly [Head];
    if (first.key === undefined) {
      const loss = first.loss(tensorAt(op, prediction, undefined), tensorAt(op, target, undefined), weight);
      return { loss: first.weight === 1 ? loss : loss.mul(first.weight) };
    }
    const own: Record<string, Tensor> = {};
    let total: Tensor | undefined;
    for (const h of this.heads) {
      const loss = h.loss(tensorAt(op, prediction, h.key), tensorAt(op, target, h.key), weight);
      own[named(h.prefix, 'loss')] = loss;
      const part = h.weight === 1 ? loss : loss.mul(h.weight);
      total = total ? total.add(part) : part;
    }
    return { loss: total!, ...own };
  }

  /** Takes a batch into the metrics. */
  measure(op: string, prediction: Tensors, target: Tensors): void {
    for (const h of this.heads) {
      if (h.metrics.length === 0) continue;
      const [p, t] = [tensorAt(op, prediction, h.key), tensorAt(op, target, h.key)];
      for (const m of h.metrics) m.update(p, t);
    }
  }

  reset(): void {
    for (const h of this.heads) for (const m of h.metrics) m.reset();
  }

  /** The metrics by their names in logs. */
  metrics(): [name: string, metric: Metric][] {
    return this.heads.flatMap((h) => h.metrics.map((m): [string, Metric] => [named(h.prefix, m.name), m]));
  }

  /** What the metrics say of all batches since the last {@link reset}. What comes afterwards does not count. */
  async read(): Promise<Logs> {
    const list = this.metrics();
    return numbersOf(
      list.map(([name]) => name),
      await Promise.all(list.map(([, m]) => m.compute())),
    );
  }
}

function tensorAt(op: string, v: Tensors, key: string | number | undefined): Tensor {
  const t: unknown = key === undefined ? v : v instanceof Tensor ? undefined : (v as Record<string, Tensor>)[key];
  if (t instanceof Tensor) return t;
  throw new ArgumentError(
    key === undefined
      ? `[${op}] the loss is for one output; give a list or record of losses for ${describe(v)}`
      : `[${op}] there is a loss for the output "${key}", but ${describe(v)} has none`,
  );
}
