/** @file What stands out in targets, and inputs that give them away. */
import { moments } from '../data/columns';
import { short } from '../data/description';
import { type Finding } from './finding';
import { columnName, columnOf, type Rows } from './inspect-columns';
import { percent, some } from './report';

// Whole numbers with no more different values than these are classes.
const mostClasses = 100;
// As in data/description.ts.
const unbalanced = 5;

/** The class of each example: whole numbers, or the place of the 1 in rows of zeros; undefined for other targets. */
export function classesOf(y: Rows): Float64Array | undefined {
  if (y.columns > 1) {
    const classes = new Float64Array(y.rows);
    for (let i = 0; i < y.rows; i++) {
      const row = y.values.subarray(i * y.columns, (i + 1) * y.columns);
      if (!row.every((v) => v === 0 || v === 1) || row.reduce((a, b) => a + b, 0) !== 1) return undefined;
      classes[i] = row.indexOf(1);
    }
    return classes;
  }
  if (!y.values.every(Number.isInteger)) return undefined;
  const different = new Set(y.values).size;
  return different <= mostClasses && (y.integers || different <= y.rows / 2) ? y.values : undefined;
}

function classFindings(y: Rows, classes: Float64Array): Finding[] {
  const counts = new Map<number, number>();
  for (const c of classes) counts.set(c, (counts.get(c) ?? 0) + 1);
  const names = [...counts.keys()].sort((a, b) => a - b);
  const out: Finding[] = [];
  if (names.length === 1)
    return [
      {
        kind: 'constant-target',
        severity: 'error',
        what: `all examples have the label ${names[0]}`,
        advice: 'Check where the labels come from: a model learns nothing but to say this one.',
      },
    ];
  if (y.integers && names[0]! < 0)
    out.push({
      kind: 'label-range',
      severity: 'error',
      what: `${[...counts].reduce((n, [c, k]) => n + (c < 0 ? k : 0), 0)} labels are negative, the least is ${names[0]}`,
      advice: 'Classes are numbered from 0 (data.LabelEncoder); crossEntropy leaves out -100 and refuses others.',
    });
  const last = names.at(-1)!;
  const gaps = last < 10 * mostClasses ? [...Array(last).keys()].filter((c) => !counts.has(c)) : [];
  if (y.columns === 1 && y.integers && names[0]! >= 0 && gaps.length > 0)
    out.push({
      kind: 'label-gaps',
      severity: 'warning',
      what: `labels go up to ${last}, but there is no example of ${some(gaps.map(String))}`,
      advice:
        gaps[0] === 0 && gaps.length === names[0]
          ? 'Number the classes from 0 (data.LabelEncoder), or the model has outputs that are never right.'
          : 'Number the classes without gaps (data.LabelEncoder), or check what became of the others.',
    });
  const ranked = [...counts].sort((a, b) => b[1] - a[1]);
  const [most, least] = [ranked[0]!, ranked.at(-1)!];
  if (most[1] >= unbalanced * least[1])
    out.push({
      kind: 'imbalance',
      severity: 'warning',
      what: `class ${most[0]} is ${percent(most[1] / classes.length)} of the examples, class ${least[0]} ${percent(least[1] / classes.length)}`,
      advice: 'Split with stratify, use classWeight, and look at F1 or AUC rather than accuracy.',
    });
  return out;
}

function numberFindings(y: Rows): Finding[] {
  const out: Finding[] = [];
  for (let j = 0; j < y.columns; j++) {
    const { mean, variance } = moments(columnOf(y, j));
    const std = Math.sqrt(variance);
    const name = columnName(y, j);
    if (std === 0)
      out.push({
        kind: 'constant-target',
        severity: 'error',
        what: `${name} is always ${short(mean)}`,
        advice: 'Check where the targets come from: there is nothing to learn.',
      });
    else if (Math.hypot(mean, std) > 100 || std < 0.001)
      out.push({
        kind: 'target-scale',
        severity: 'warning',
        what: `${name} has mean ${short(mean)}, deviation ${short(std)}`,
        advice: 'Scale targets with data.StandardScaler too, and its inverseTransform for predictions.',
      });
  }
  return out;
}

/** Values that are none, classes, range. */
export function inspectTarget(y: Rows): Finding[] {
  const bad = y.values.reduce((n, v) => n + Number(!Number.isFinite(v)), 0);
  if (bad > 0)
    return [
      {
        kind: 'nan-target',
        severity: 'error',
        what: `${bad} values of ${y.name} are NaN or infinite`,
        advice: 'Leave out examples without a target.',
      },
    ];
  const classes = classesOf(y);
  return classes ? classFindings(y, classes) : numberFindings(y);
}

// Fewer examples than these are separated by chance.
const enough = 20;
const affine = 0.99999;

function correlation(a: Float64Array, b: Float64Array): number {
  const [ma, mb] = [moments(a), moments(b)];
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - ma.mean) * (b[i]! - mb.mean);
  return sum / a.length / Math.sqrt(ma.variance * mb.variance);
}

// Whether each value of the column, or each range between two of them, has one class only.
function separates(column: Float64Array, classes: Float64Array): 'values' | 'ranges' | undefined {
  const of = new Map<number, number>();
  for (let i = 0; i < column.length; i++) {
    const c = of.get(column[i]!);
    if (c === undefined) of.set(column[i]!, classes[i]!);
    else if (c !== classes[i]!) return undefined;
  }
  const ordered = [...of].sort((a, b) => a[0] - b[0]);
  let changes = 0;
  for (let i = 1; i < ordered.length; i++) changes += Number(ordered[i]![1] !== ordered[i - 1]![1]);
  if (changes === new Set(classes).size - 1) return 'ranges';
  return of.size <= column.length / 5 ? 'values' : undefined;
}

/** Columns that are the target, or from which it follows. */
export function inspectLeaks(x: Rows, y: Rows): Finding[] {
  const classes = classesOf(y);
  const targets = classes ? [classes] : Array.from({ length: y.columns }, (_, j) => columnOf(y, j));
  const alone = x.columns === 1;
  const [equal, follow]: [string[], string[]] = [[], []];
  for (let j = 0; j < x.columns; j++) {
    const column = columnOf(x, j);
    if (x.rows < enough || !column.every(Number.isFinite) || new Set(column).size === 1) continue;
    for (const t of targets) {
      if (new Set(t).size === 1 || !t.every(Number.isFinite)) continue;
      const name = columnName(x, j);
      if (Math.abs(correlation(column, t)) > affine) equal.push(name);
      else if (classes && separates(column, classes)) follow.push(name);
    }
  }
  const advice = 'Leave the column out unless it is known before the target is: else the model learns to copy it.';
  const out: Finding[] = [];
  // Of one input a straight line may be the task.
  if (equal.length > 0)
    out.push({
      kind: 'leaked-target',
      severity: alone ? 'note' : 'error',
      what: `the target is in the inputs: ${some([...new Set(equal)])} is the target, up to scale and offset`,
      advice,
    });
  if (follow.length > 0)
    out.push({
      kind: 'leaked-target',
      severity: alone ? 'note' : 'warning',
      what: `one column alone tells the class of every example: ${some(follow)}`,
      advice,
    });
  return out;
}
