/** @file What a model makes of data: which classes it takes for which, and the examples that it is most wrong about. */
import { isInteger, type TypedArray } from '../../core/dtype';
import { NodegradError } from '../../core/errors';
import { noGrad } from '../../core/grad-mode';
import { outsideScopes } from '../../core/scope';
import { Tensor } from '../../core/tensor';
import { short } from '../../data/description';
import { tensor } from '../../ops/tensors/create';
import { lossKind } from '../loss-kind';
import { classified, paired } from '../metrics/classes';
import { thresholdOf } from '../metrics/names';
import { listOf, type Tensors } from '../tensors';
import { type Sample, type Seen } from './record';
import { shown } from './shown';

// Batches that may be in memory until it is known what of them is shown.
const mostInFlight = 3;
// A larger table says nothing to the eye.
const mostClasses = 100;
// Of an example that has several classes or values.
const mostWords = 8;

const classKinds: readonly unknown[] = ['logits', 'log-probabilities', 'probabilities'];
const twoClassKinds: readonly unknown[] = ['binary-logits', 'binary-probabilities'];
const saysClasses = (loss: unknown): boolean => classKinds.includes(lossKind(loss));
const saysTwoClasses = (loss: unknown): boolean => twoClassKinds.includes(lossKind(loss));

/** A batch whose answers are on the device: [n, ...] each. */
interface Answers {
  /** How many classes there are; 0: the answers are values. */
  classes: number;
  /** For classes `truth * classes + predicted` as float64, which holds both; for values, the mean absolute error. */
  codes: Tensor;
  prediction: Tensor;
  truth: Tensor;
}

function answersOf(prediction: Tensor, target: Tensor, loss: unknown): Answers {
  const discrete = isInteger(target.dtype) || target.dtype === 'bool';
  const c = discrete || saysClasses(loss) ? classified('report', prediction, target) : undefined;
  const coded = (classes: number, truth: Tensor, predicted: Tensor): Answers => {
    const codes = truth.to('float64').mul(classes).add(predicted.to('float64'));
    return { classes, codes, prediction: predicted, truth };
  };
  if (c) return coded(c.prediction.shape[c.axis]!, c.labels, c.prediction.argmax(c.axis));
  const [p, t] = paired('report', prediction, target);
  if (saysTwoClasses(loss)) return coded(2, t.gt(0.5), p.gt(thresholdOf(loss)));
  const error = p.to('float64').sub(t.to('float64')).abs();
  return { classes: 0, codes: error.reshape([error.shape[0]!, -1]).mean(1), prediction: p, truth: t };
}

interface Candidate {
  error: number;
  sample: Sample;
}

/** One pass over data. */
export class Look {
  private examples = 0;
  private classes = 0;
  private counts: Float64Array | undefined;
  // The worst first; of equals, those that came first.
  private readonly worst: Candidate[] = [];
  private reading: Promise<void> = Promise.resolve();
  private readonly inFlight: Promise<void>[] = [];
  // Answers that are neither classes nor values like the targets: nothing is said of them.
  private foreign = false;

  /**
   * @param loss - as compiled: it says whether targets are classes
   * @param most - how many samples there may be
   * @param names - of the classes, by number
   */
  constructor(
    private readonly loss: unknown,
    private readonly most: number,
    private readonly names: readonly string[],
  ) {}

  /**
   * Takes a batch into account, with what the model said of it.
   * @returns what to wait for before the next one, without blocking the event loop: batches are held until they are known
   */
  add(x: Tensors, y: Tensors | undefined, prediction: unknown): Promise<void> | undefined {
    this.foreign ||= !(prediction instanceof Tensor && y instanceof Tensor && prediction.shape[0] === y.shape[0]);
    if (this.foreign) return undefined;
    let answers: Answers;
    try {
      answers = noGrad(() => outsideScopes(() => answersOf(prediction as Tensor, y as Tensor, this.loss)));
    } catch (e) {
      // Shapes that only the loss understands: a report is no reason to end a training.
      if (!(e instanceof NodegradError)) throw e;
      this.foreign = true;
      return undefined;
    }
    const codes = answers.codes.data<Float64Array>();
    codes.catch(() => {}); // met below
    this.reading = this.reading.then(async () => this.take(x, answers, await codes));
    this.reading.catch(() => {}); // met in result()
    this.inFlight.push(this.reading);
    return this.inFlight.length > mostInFlight ? this.inFlight.shift() : undefined;
  }

  /** All that was added; null if that cannot be told, or was nothing. */
  async result(epoch: number): Promise<Seen | null> {
    await this.reading;
    if (this.foreign || this.examples === 0) return null;
    const { classes: n, counts } = this;
    const confusion = counts && Array.from({ length: n }, (_, i) => Array.from(counts.subarray(i * n, (i + 1) * n)));
    const samples = this.worst.map((w) => w.sample);
    return { epoch, examples: this.examples, confusion: confusion ?? null, classes: [...this.names], samples };
  }

  private async take(x: Tensors, answers: Answers, codes: Float64Array): Promise<void> {
    const rows = answers.prediction.shape[0]!;
    this.examples += rows;
    this.classes = answers.classes;
    if (answers.classes > 0 && answers.classes <= mostClasses) this.count(codes);
    const errors =
      answers.classes > 0
        ? shareWrong(codes, rows, answers.classes)
        : codes.map((e) => (Number.isNaN(e) ? Infinity : e));
    const order = Array.from(errors.keys()).sort((a, b) => errors[b]! - errors[a]! || a - b);
    const taken = order.slice(0, this.most).filter((i) => this.enters(errors[i]!));
    if (taken.length === 0) return;
    const samples = await this.samplesOf(x, answers, taken);
    samples.forEach((sample, i) => this.put({ error: errors[taken[i]!]!, sample }));
  }

  private count(codes: Float64Array): void {
    const n = this.classes;
    this.counts ??= new Float64Array(n * n);
    // What is no class (-100: to be left out) is not counted.
    for (const c of codes) if (c >= 0 && c < n * n) this.counts[c]!++;
  }

  private enters(error: number): boolean {
    return this.worst.length < this.most || error > this.worst.at(-1)!.error;
  }

  private put(c: Candidate): void {
    const at = this.worst.findIndex((w) => w.error < c.error);
    this.worst.splice(at < 0 ? this.worst.length : at, 0, c);
    this.worst.length = Math.min(this.worst.length, this.most);
  }

  private async samplesOf(
    x: Tensors,
    { classes, prediction, truth }: Answers,
    rows: readonly number[],
  ): Promise<Sample[]> {
    const picked = (t: Tensor): { values: Promise<TypedArray>; size: number; shape: readonly number[] } => {
      const own = noGrad(() =>
        outsideScopes(() => t.indexSelect(0, tensor(Array.from(rows), { dtype: 'int64', device: t.device }))),
      );
      return { values: own.data() as Promise<TypedArray>, size: own.numel / rows.length, shape: t.shape.slice(1) };
    };
    const all = [prediction, truth, ...listOf(x)].map(picked);
    const values = await Promise.all(all.map((a) => a.values));
    const one = (a: number, i: number): TypedArray => values[a]!.subarray(i * all[a]!.size, (i + 1) * all[a]!.size);
    const said = (v: TypedArray): string => {
      const words = Array.from(v.subarray(0, mostWords) as Float32Array, Number).map((n) =>
        classes > 0 ? (this.names[n] ?? String(n)) : short(n),
      );
      return words.join(', ') + (v.length > mostWords ? ', ...' : '');
    };
    return rows.map((_, i) => {
      const [p, t] = [one(0, i), one(1, i)];
      return {
        inputs: listOf(x).map((_, k) => shown(one(k + 2, i), all[k + 2]!.shape)),
        prediction: said(p),
        truth: said(t),
        right: classes > 0 ? p.every((v: number | bigint, k: number) => Number(v) === Number(t[k])) : null,
      };
    });
  }
}

/** Of each example the share of its answers that are wrong. */
function shareWrong(codes: Float64Array, rows: number, classes: number): Float64Array {
  const each = codes.length / rows;
  const out = new Float64Array(rows);
  codes.forEach((c, i) => {
    const truth = Math.floor(c / classes);
    if (truth >= 0 && truth !== c - truth * classes) out[Math.floor(i / each)]! += 1 / each;
  });
  return out;
}
