/** @file The checklist: what is wrong with a training, the most likely cause first. */
import { type Given, readOptions } from '../core/arguments';
import { NodegradError } from '../core/errors';
import { positive } from '../core/params';
import { short } from '../data/description';
import { type Module } from '../nn/module';
import { cat } from '../ops/shape/joining';
import { type Batch, type Data } from '../train/source';
import { like, listOf, type Tensors } from '../train/tensors';
import { type Cause, ranked } from './causes';
import { detectAnomaly } from './detect-anomaly';
import { dataCauses, formCauses, notProbabilities, signalCauses, weightCauses } from './diagnose-form';
import { baselineOf, type Course, linearRun, oneBatchAt, ratesOf, type Run, runAt } from './diagnose-runs';
import {
  knowsBatch,
  learningCauses,
  learns,
  type Measured,
  rateCauses,
  reference,
  type Symptom,
  symptomOf,
} from './diagnose-verdict';
import { aside, triedModel, trying } from './keep';
import { lossKind, type LossKind } from '../train/loss-kind';
import { columns, percent, Report } from './report';
import { batchesOf, needModule, Trial, type TrialOptions, trialSpec } from './trial';

/** Settings of {@link diagnose}. */
export interface DiagnoseOptions extends TrialOptions {
  /** Steps of each short training, default 60. */
  steps?: number | undefined;
  /** Batches that are looked at, default 32; a quarter of them is held out. */
  batches?: number | undefined;
}
const spec = { ...trialSpec, steps: positive.or(60), batches: positive.or(32) };

/** One item of the checklist. */
export interface Check {
  check: string;
  ok: boolean;
  /** What was seen. */
  what: string;
}

const listOfSymptom: Readonly<Record<Symptom, string>> = {
  learning: 'Nothing stands out and the loss falls: train longer, and watch the loss of examples held out.',
  stuck: 'Stuck: raise the rate, then the capacity, then look at the data and the initialisation.',
  'not progressing': 'Not progressing: look at data, shapes, one batch, a smaller model and the rate, in this order.',
  exploding: 'Exploding: lower the rate, clip gradients, look for NaN in the data, check the initialisation.',
};

/** Why a training fails: what {@link diagnose} found. */
export class Diagnosis extends Report {
  readonly advice: string;

  /** @internal */
  constructor(
    /** How a short training with the user's settings went; undefined if it could not be run. */
    readonly symptom: Symptom | undefined,
    /** The checklist in its order. */
    readonly checks: readonly Check[],
    /** The most likely first; none if nothing stands out. */
    readonly causes: readonly Cause[],
  ) {
    super();
    this.advice = causes[0]?.advice ?? listOfSymptom[symptom ?? 'learning'];
  }

  protected lines(): string[] {
    const checks = this.checks.map((c) => [c.ok ? 'ok' : '!!', c.check, c.what]);
    const causes = this.causes.map((c, i) => `${i + 1}. ${c.kind} (${percent(c.certainty)}): ${c.what}. ${c.advice}`);
    return [
      `A short training is ${this.symptom ?? 'not possible'}.`,
      ...columns(['', 'check', 'seen'], checks),
      ...(causes.length > 0 ? ['What to do, the most likely cause first:', ...causes] : []),
    ];
  }
}

// Each batch cut in two, or the last quarter of the batches: what is trained on, and what is held out.
function parts(all: readonly Batch[]): { train: Batch[]; held: Batch[] } {
  const kept = Math.ceil(0.75 * all.length);
  if (all.length >= 4) return { train: all.slice(0, kept), held: all.slice(kept) };
  const rows = listOf(all[0]![0])[0]!.shape[0] ?? 0;
  if (rows < 8) return { train: [...all], held: [] };
  const cut = (from: (n: number) => number, to: (n: number) => number): Batch[] =>
    all.map(([x, y, w]): Batch => {
      const part = (v: Tensors): Tensors =>
        like(
          v,
          listOf(v).map((t) => {
            const n = t.shape[0]!;
            return t.narrow(0, from(n), to(n) - from(n));
          }),
        );
      return [part(x), y && part(y), w && (part(w) as typeof w)];
    });
  const at = (n: number): number => Math.ceil(0.75 * n);
  return { train: cut(() => 0, at), held: cut(at, (n) => n) };
}

// All examples in one batch; undefined where they do not fit together (sequences of different lengths).
function together(all: readonly Batch[]): Batch | undefined {
  const join = (of: (b: Batch) => Tensors): Tensors | undefined => {
    const lists = all.map((b) => listOf(of(b)));
    const fits = lists.every((l) =>
      l.every((t, k) => t.ndim > 0 && String(t.shape.slice(1)) === String(lists[0]![k]?.shape.slice(1))),
    );
    return fits
      ? like(
          of(all[0]!),
          lists[0]!.map((_, k) => cat(lists.map((l) => l[k]!))),
        )
      : undefined;
  };
  const [x, y] = [join((b) => b[0]), join((b) => b[1]!)];
  return x && [x, y];
}

// What throws at first sight is what the user's own training would throw.
async function guarded(kind: LossKind | undefined, look: () => Promise<Cause[]>): Promise<Cause[]> {
  try {
    return await look();
  } catch (e) {
    if (!(e instanceof NodegradError)) throw e;
    if (kind === 'binary-probabilities' && e.code === 'ERR_NUMERIC') return [notProbabilities];
    const advice = 'Repair the error: nothing can be trained before.';
    return [{ kind: 'error', certainty: 1, what: e.message, advice }];
  }
}

async function firstLoss(trial: Trial, batches: readonly Batch[]): Promise<Cause[]> {
  const loss = await trial.evaluate(batches);
  if (Number.isFinite(loss)) return [];
  let what = `the first loss is ${loss}`;
  try {
    detectAnomaly(() => void trial.train().gradients(batches[0]!));
  } catch (e) {
    what += `: ${(e as Error).message}`;
  }
  const advice = 'Repair what made the first NaN or infinity: debug.detectAnomaly.';
  return [{ kind: 'not-finite', certainty: 0.9, what, advice }];
}

// The range test is short and noisy: where nothing is learned, rates around the user's are tried before it is called the model's fault.
async function otherRates(course: Course, m: Measured): Promise<Measured> {
  const of = (r: Run): number => (Number.isNaN(r.held) ? r.end : r.held);
  let best = m.found;
  for (const factor of [0.01, 0.1, 10, 100]) {
    const run = await runAt(course, m.own.lr * factor);
    if (Number.isFinite(run.end) && !(of(run) >= of(best))) best = run;
  }
  return best === m.found ? m : { ...m, found: best, suggestion: best.lr };
}

// The short trainings; a linear one only where nothing is learned.
async function measured(course: Course, kind: LossKind | undefined): Promise<{ m: Measured; linear: Run | undefined }> {
  const baseline = await baselineOf(course, kind);
  const { suggestion } = await ratesOf(course);
  const own = await runAt(course);
  const apart = Math.max(own.lr / suggestion, suggestion / own.lr);
  const found = Number.isNaN(suggestion) || apart < 2 ? own : await runAt(course, suggestion);
  const oneBatch = await oneBatchAt(course, Number.isNaN(suggestion) ? undefined : suggestion);
  const m: Measured = { own, found, suggestion, oneBatch, baseline, steps: course.steps };
  if (learns(m)) return { m, linear: undefined };
  const tried = await otherRates(course, m);
  return { m: tried, linear: learns(tried) ? undefined : await linearRun(course, kind) };
}

const range = (from: number, to: number): string => `${short(from)} to ${short(to)}`;

/**
 * Runs the standard checklist on a model, its data and its settings, and says what to do, the most likely cause first: the
 * data, shapes and outputs, the weights, the first loss and its gradients, dead and saturated units, one batch by heart, the
 * learning rate (a short training at the user's rate beside one at the rate of a range test), examples held out, and,
 * where nothing is learned, a linear model. Afterwards model, random state and loader are as before; until then the
 * model is in use. Certainties are rules of thumb; a cause that another one explains counts half.
 *
 * Sources: A. Karpathy, A Recipe for Training Neural Networks (2019); CS231n notes, "Babysitting the learning process";
 * L. Smith (2017) for the rate.
 *
 * @param data - a DataLoader, a dataset, or whatever gives batches
 * @param options - `loss` and `optimizer` as for `compile`: those of the training that fails
 * @returns how a short training went, the checklist, and causes with advice
 * @throws ArgumentError for data, loss or option that is none. What model and loss throw is a cause, if it is an error of
 *   this library
 * @example
 * console.log(await ng.debug.diagnose(model, loader, { loss: 'crossEntropy', optimizer: { name: 'adam', lr: 1 } }));
 */
export async function diagnose(model: Module, data: Data, options?: Given<DiagnoseOptions>): Promise<Diagnosis> {
  const op = 'diagnose';
  needModule(op, model);
  const { steps, batches: most, ...o } = readOptions(op, spec, options as object);
  const tried = triedModel(model);
  const all = await batchesOf(op, tried, data, most);
  const course: Course = { op, user: model, tried, options: o, ...parts(all), steps };
  const kind = lossKind(o.loss);
  const checks: Check[] = [];
  const causes: Cause[] = [];
  const note = (check: string, found: readonly Cause[], well: string): void => {
    checks.push({ check, ok: found.length === 0, what: found.map((c) => c.what).join('; ') || well });
    causes.push(...found);
  };

  const whole = together(all);
  if (whole) note('data', await guarded(kind, () => dataCauses(whole)), 'nothing stands out');
  const trial = new Trial(op, model, tried, o);
  const fails = (): boolean => causes.some((c) => c.kind === 'error' || c === notProbabilities);
  // Forward once, which also gives the layers of a copy their sizes, for good.
  const form = (): Promise<Cause[]> => guarded(kind, async () => formCauses(trial, course.train[0]!, kind));
  note('outputs and loss', await (tried === model ? trying(tried, form) : aside(form)), 'fit together');
  if (!fails())
    await trying(tried, async () => {
      note('weights', await weightCauses(trial), 'all are trained, and drawn at random');
      note('first loss', await guarded(kind, () => firstLoss(trial, course.train)), 'a number');
      if (!fails()) note('gradients and units', await signalCauses(trial.train(), course.train[0]!), 'as usual');
    });
  if (fails()) return new Diagnosis(undefined, checks, ranked(causes));
  let symptom: Symptom | undefined;
  const failed = await guarded(kind, async () => {
    const { m, linear } = await measured(course, kind);
    const { own, oneBatch, baseline } = m;
    const learned = `${knowsBatch(m) ? '' : 'not '}learned by heart: ${range(oneBatch.first, oneBatch.last)}`;
    checks.push({ check: 'one batch', ok: knowsBatch(m), what: learned });
    note(
      'learning rate',
      rateCauses(m),
      `${short(own.lr)}; suggested: ${Number.isNaN(m.suggestion) ? 'none' : short(m.suggestion)}`,
    );
    const nothing = baseline ? `, ${short(reference(m))} without learning` : '';
    note('training', learningCauses(m, linear), `${steps} steps: loss ${range(own.start, own.end)}${nothing}`);
    symptom = symptomOf(m);
    return [];
  });
  if (failed.length > 0) note('training', failed, '');
  // What is unusual and does no harm is no cause.
  const harmless =
    symptom === 'learning' ? new Set(['vanishing', 'exploding', 'dead-relu', 'saturated', 'imbalance']) : new Set();
  const weighed = causes.map((c) => (harmless.has(c.kind) ? { ...c, certainty: c.certainty / 2 } : c));
  return new Diagnosis(symptom, checks, ranked(weighed));
}
