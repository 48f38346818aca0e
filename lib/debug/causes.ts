/** @file Why a training fails: what was found, how sure that is, and which causes explain others. */

/** One reason why a training fails, and what to do about it. */
export interface Cause {
  /** Stable name, such as `'rate-too-high'`; see docs/diagnosis.md. */
  kind: string;
  /** How sure it is that this is the fault, 0 to 1: by rules, not measured. */
  certainty: number;
  /** What was seen. */
  what: string;
  /** What to do about it. */
  advice: string;
}

const learning = ['cannot-overfit', 'model', 'labels-unrelated', 'not-learning'];
const signal = ['vanishing', 'exploding', 'dead-relu', 'saturated', 'initial-loss'];
const rate = ['rate-too-high', 'rate-too-low'];

// What follows from what. A cause whose reason is there is less likely to be one by itself.
const explains: Readonly<Record<string, readonly string[]>> = {
  nan: [...learning, ...signal, ...rate, 'not-finite'],
  infinite: [...learning, ...signal, ...rate, 'not-finite'],
  'nan-target': [...learning, ...signal, ...rate, 'not-finite'],
  'constant-target': [...learning, ...signal, ...rate],
  'softmax-twice': [...learning, ...signal, ...rate],
  'sigmoid-twice': [...learning, ...signal, ...rate],
  'not-probabilities': ['error', ...learning, ...signal, ...rate],
  'zero-initialisation': [...learning, ...signal, ...rate],
  scale: [...learning, ...signal, ...rate],
  'target-scale': [...learning, 'exploding', 'initial-loss', ...rate],
  saturated: [...learning, 'vanishing', 'initial-loss', ...rate],
  'dead-relu': [...learning, 'vanishing'],
  vanishing: [...learning, ...rate],
  exploding: [...learning, 'initial-loss', ...rate],
  frozen: [...learning, 'vanishing'],
  'rate-too-high': ['cannot-overfit', 'exploding', 'not-learning', 'not-finite'],
  'rate-too-low': ['cannot-overfit', 'not-learning'],
  'labels-unrelated': ['not-learning', 'model'],
  contradictions: ['labels-unrelated', 'not-learning'],
};

/** The most likely first. */
export function ranked(causes: readonly Cause[]): Cause[] {
  const explained = (c: Cause): boolean =>
    causes.some((other) => other.certainty >= 0.6 && (explains[other.kind]?.includes(c.kind) ?? false));
  return causes
    .map((c) => (explained(c) ? { ...c, certainty: Math.round(50 * c.certainty) / 100 } : c))
    .sort((a, b) => b.certainty - a.certainty);
}
