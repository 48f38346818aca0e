/** @file What short trainings say: about the rate, the model, the labels. */
import { short } from '../data/description';
import { type Cause } from './causes';
import { type Run } from './diagnose-runs';

/** What was measured. */
export interface Measured {
  /** At the user's rate. */
  own: Run;
  /** At the rate that the range test suggests; the same run where that is near. */
  found: Run;
  /** NaN where no rate made the loss fall. */
  suggestion: number;
  oneBatch: { first: number; last: number };
  baseline: { train: number; held: number } | undefined;
  steps: number;
}

/** How the training at the user's rate goes. */
export type Symptom = 'learning' | 'stuck' | 'not progressing' | 'exploding';

// Shares of the loss without learning. Less than the first is no progress.
const still = 0.01;
const hardly = 0.02;
const some = 0.1;
const unseen = 0.05;
// Less than this share of what is learned of the others is chance.
const byHeart = 0.3;

/** The loss of who has learned nothing: at the start, or of the best constant prediction. */
export const reference = ({ own, baseline }: Measured): number => Math.min(own.start, baseline?.train ?? Infinity);

/** Which share of that was learned. */
export function gainOf(m: Measured, run: Run): number {
  const from = reference(m);
  return Number.isFinite(run.end) ? (from - run.end) / (Math.abs(from) || 1) : -Infinity;
}

/** Which share of the loss of a constant prediction was learned for examples held out; undefined if nobody knows. */
export function heldGain(m: Measured, ...runs: readonly Run[]): number | undefined {
  const losses = runs.map((r) => r.held).filter(Number.isFinite);
  if (!m.baseline || !Number.isFinite(m.baseline.held) || losses.length === 0) return undefined;
  return (m.baseline.held - Math.min(...losses)) / (Math.abs(m.baseline.held) || 1);
}

// Whether what these runs learned says something about examples held out too: not only of those that it was learned from.
function tells(m: Measured, ...runs: readonly Run[]): boolean {
  const gain = Math.max(...runs.map((r) => gainOf(m, r)));
  return (heldGain(m, ...runs) ?? Infinity) >= Math.max(unseen, byHeart * gain);
}

/** Whether training at one of the rates gets somewhere, also for examples that were held out. */
export const learns = (m: Measured): boolean =>
  Math.max(gainOf(m, m.own), gainOf(m, m.found)) >= some && tells(m, m.own, m.found);

// Of the loss without learning: a softmax of a softmax does not get there.
const known = 0.3;

/** Whether one batch was learned by heart. */
export const knowsBatch = (m: Measured): boolean => m.oneBatch.last <= known * Math.min(m.oneBatch.first, reference(m));

export function symptomOf(m: Measured): Symptom {
  const gain = gainOf(m, m.own);
  if (!Number.isFinite(m.own.end) || m.own.end > 1.5 * m.own.start) return 'exploding';
  if (gain < hardly) return 'not progressing';
  return gain < some || !tells(m, m.own) ? 'stuck' : 'learning';
}

/** The learning rate: too high, too low. */
export function rateCauses(m: Measured): Cause[] {
  const { own, found, suggestion } = m;
  const [a, b] = [gainOf(m, own), gainOf(m, found)];
  // What is better by heart only says nothing about the rate.
  if (own === found || b < some || !tells(m, found)) return [];
  const seen = `in ${m.steps} steps the loss goes from ${short(own.start)} to ${short(own.end)} at ${short(own.lr)}, to ${short(found.end)} at ${short(found.lr)}`;
  const jumps = own.lr > 10 * suggestion && own.worst > 3 * own.start;
  if (own.lr > 3 * suggestion && (a < 0.5 * b || jumps))
    return [
      {
        kind: 'rate-too-high',
        certainty: a <= hardly ? 0.93 : a < 0.5 * b ? 0.75 : 0.6,
        what: `the learning rate is too high: ${seen}${jumps ? `, and up to ${short(own.worst)} on the way` : ''}`,
        advice: `Lower the learning rate to about ${short(suggestion)}; clipping (clipNorm: 1) helps against single large steps.`,
      },
    ];
  // Rates in use are a good deal below what the range test suggests; these are nowhere near.
  const far = own.lr < suggestion / 50;
  const moved = (own.start - own.end) / (Math.abs(own.start) || 1);
  if (own.lr < suggestion / 5 && moved < (far ? some : still) && a < 0.3 * b)
    return [
      {
        kind: 'rate-too-low',
        certainty: far ? 0.9 : 0.6,
        what: `the learning rate is too low: ${seen}`,
        advice: `Raise the learning rate to about ${short(suggestion)}.`,
      },
    ];
  return [];
}

const others = ({ own, found }: Measured): string => short(Math.min(...[own.held, found.held].filter(Number.isFinite)));

const unrelated = (m: Measured, certainty: number, linear?: Run): Cause => ({
  kind: 'labels-unrelated',
  certainty,
  what:
    `what is learned says ${certainty < 0.5 ? 'little' : 'nothing'} about examples held out: loss ${others(m)}, ${short(m.baseline!.held)} without learning` +
    (linear ? `; nor does a linear model (${short(linear.held)})` : ''),
  advice:
    'Check that labels belong to their inputs (were they shuffled or joined apart?), by looking at examples; else there are too few, or they do not tell.',
});

/** What else it may be if training gets nowhere. `linear`: what a linear model made of the same examples. */
export function learningCauses(m: Measured, linear: Run | undefined): Cause[] {
  const gain = heldGain(m, m.own, m.found);
  // So little may be chance.
  if (learns(m)) return gain !== undefined && gain < some ? [unrelated(m, 0.4)] : [];
  const out: Cause[] = [];
  const learned = Math.max(gainOf(m, m.own), gainOf(m, m.found)) >= some;
  if (!knowsBatch(m) && !learned)
    out.push({
      kind: 'cannot-overfit',
      certainty: 0.7,
      what: `one batch is not learned by heart: its loss goes from ${short(m.oneBatch.first)} to ${short(m.oneBatch.last)}`,
      advice: 'Check loss, output layer and labels of one batch by hand, then make the model larger.',
    });
  const small = linear && heldGain(m, linear);
  if (small !== undefined && small >= some && (gain ?? 0) < unseen)
    out.push({
      kind: 'model',
      certainty: 0.8,
      what: `a linear model learns this (loss ${short(linear!.held)} for examples held out, ${short(m.baseline!.held)} without learning), this one does not`,
      advice:
        'The fault is in the model, not in the data: begin with a small one that works, and add a layer at a time.',
    });
  else if (gain !== undefined && (learned || gain < some))
    out.push(unrelated(m, knowsBatch(m) || learned ? 0.8 : 0.4, linear));
  if (!learned)
    out.push({
      kind: 'not-learning',
      certainty: 0.3,
      what: `the loss hardly falls: from ${short(m.own.start)} to ${short(Math.min(...[m.own.end, m.found.end].filter(Number.isFinite)))} in ${m.steps} steps`,
      advice: 'Raise the rate, then the capacity, then look at the data and the initialisation.',
    });
  return out;
}
