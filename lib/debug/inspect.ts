/** @file Data looked at before training: what stands out, in words. */
import { type Given, readOptions } from '../core/arguments';
import { ArgumentError, ShapeError } from '../core/errors';
import { isFloat } from '../core/dtype';
import { Param } from '../core/params';
import { showShape } from '../core/shape';
import { Tensor } from '../core/tensor';
import { type Arrays, isArray, listOf, type Tensors, toTensors } from '../train/tensors';
import { bySeverity, type Finding } from './finding';
import { columnOf, inspectColumns, keyOf, type Rows } from './inspect-columns';
import { classesOf, inspectLeaks, inspectTarget } from './inspect-target';
import { columns, percent, Report } from './report';

/** Settings of {@link inspect}. */
export interface InspectOptions {
  /** The examples to be tested with: inputs, or `[x, y]`. Rows that are in both parts are found. */
  test?: Arrays | readonly [x: Arrays, y: Arrays] | undefined;
}
const spec = { test: new Param<Arrays | readonly [x: Arrays, y: Arrays]>('arrays', (v) => v as Arrays).optional() };

/** What stands out in data: what {@link inspect} found. */
export class Inspection extends Report {
  readonly advice: string;

  /** @internal */
  constructor(
    /** The worst first. */
    readonly findings: readonly Finding[],
    /** How many examples there are. */
    readonly examples: number,
  ) {
    super();
    this.advice = findings[0]?.advice ?? 'Nothing stands out; look at a few examples with their labels yourself.';
  }

  protected lines(): string[] {
    const head = `${this.examples} examples, ${this.findings.length} findings`;
    if (this.findings.length === 0) return [head];
    return [
      head,
      ...columns(
        ['severity', 'finding'],
        this.findings.map((f) => [f.severity, f.what]),
      ),
    ];
  }
}

const where = { device: 'cpu', dtype: 'float32' } as const;

async function rowsOf(name: string, t: Tensor): Promise<Rows> {
  const rows = t.shape[0];
  if (rows === undefined || t.numel === 0)
    throw new ShapeError(`[inspect] ${name} must have a row for each example, got shape ${showShape(t.shape)}`);
  const values = (await t.detach().to('float64').data()) as Float64Array;
  return { name, values, rows, columns: values.length / rows, integers: !isFloat(t.dtype) };
}

const namesOf = (name: string, v: Tensors): string[] =>
  v instanceof Tensor ? [name] : Object.keys(v).map((key) => (Array.isArray(v) ? `${name}[${key}]` : `${name}.${key}`));

async function allRows(name: string, given: unknown): Promise<Rows[]> {
  const v = toTensors('inspect', name, given, where);
  const names = namesOf(name, v);
  const list = await Promise.all(listOf(v).map((t, i) => rowsOf(names[i]!, t)));
  if (list.length === 0) throw new ArgumentError(`[inspect] ${name} holds nothing`);
  return list;
}

// One key per example, of all inputs.
function exampleKeys(inputs: readonly Rows[]): string[] {
  return Array.from({ length: inputs[0]!.rows }, (_, i) =>
    inputs.map((r) => keyOf(r.values.slice(i * r.columns, (i + 1) * r.columns))).join('|'),
  );
}

function rowFindings(keys: readonly string[], y: Rows | undefined): Finding[] {
  const labels = y && (classesOf(y) ?? (y.columns === 1 ? columnOf(y, 0) : undefined));
  const first = new Map<string, number>();
  let [copies, contradictions] = [0, 0];
  keys.forEach((key, i) => {
    const before = first.get(key);
    if (before === undefined) first.set(key, i);
    else {
      copies++;
      if (labels && labels[i] !== labels[before]) contradictions++;
    }
  });
  const out: Finding[] = [];
  if (contradictions > 0)
    out.push({
      kind: 'contradictions',
      severity: 'warning',
      what: `${contradictions} examples have the inputs of another one and a different target`,
      advice: 'Check the labels of equal examples, or add the inputs in which they differ.',
    });
  if (copies > 0)
    out.push({
      kind: 'duplicate-rows',
      severity: copies > 0.05 * keys.length ? 'warning' : 'note',
      what: `${copies} examples (${percent(copies / keys.length)}) are copies of others`,
      advice: 'Leave copies out before splitting, so that none is in both parts.',
    });
  return out;
}

function testFindings(train: readonly string[], test: readonly string[]): Finding[] {
  const known = new Set(train);
  const both = test.filter((key) => known.has(key)).length;
  if (both === 0) return [];
  return [
    {
      kind: 'test-leak',
      severity: 'error',
      what: `${both} of ${test.length} test examples (${percent(both / test.length)}) are in the training part too`,
      advice: 'Split before anything else, by rows that belong together; what is in both parts measures memory.',
    },
  ];
}

function testInputs(test: unknown): unknown {
  const pair: unknown = test;
  return Array.isArray(pair) && pair.length === 2 && !isArray(pair) ? (pair as unknown[])[0] : pair;
}

/**
 * Looks at data before anything is trained with it. Inputs: NaN, infinities, columns that are constant or there twice, scale; rows that
 * are there twice. Targets: values that are none, classes that are rare, missing or negative, scale. Both: a column that
 * is the target or tells it alone; equal inputs with different targets; rows that are in the training and in the test part.
 *
 * @param x - one row per example: a tensor or arrays, or a list or record of several inputs
 * @param y - targets: whole numbers are classes, as are one-hot rows
 * @param options - `test`: the test part
 * @returns findings in words, the worst first
 * @throws ShapeError where x, y and test do not fit; ArgumentError for what is no data
 * @example
 * console.log(await ng.debug.inspect(xTrain, yTrain, { test: xTest }));
 */
export async function inspect(x: Arrays, y?: Arrays, options?: Given<InspectOptions>): Promise<Inspection> {
  const { test } = readOptions('inspect', spec, options as object);
  const inputs = await allRows('x', x);
  const targets = y === undefined ? [] : await allRows('y', y);
  const n = inputs[0]!.rows;
  for (const r of [...inputs, ...targets])
    if (r.rows !== n) throw new ShapeError(`[inspect] ${r.name} has ${r.rows} rows, ${inputs[0]!.name} has ${n}`);
  const keys = exampleKeys(inputs);
  const findings = [
    ...inputs.flatMap(inspectColumns),
    ...targets.flatMap((t) => [...inspectTarget(t), ...inputs.flatMap((r) => inspectLeaks(r, t))]),
    ...rowFindings(keys, targets.length === 1 ? targets[0] : undefined),
  ];
  if (test !== undefined) {
    const other = await allRows('test', testInputs(test));
    if (other.length !== inputs.length || other.some((r, i) => r.columns !== inputs[i]!.columns))
      throw new ShapeError('[inspect] test must have the inputs of x, with as many columns');
    findings.push(...testFindings(keys, exampleKeys(other)));
  }
  return new Inspection(bySeverity(findings), n);
}
