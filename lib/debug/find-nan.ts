/** @file Where NaN and infinity are: in data, weights, gradients, optimizer state. */
import { isOptions, readOptions } from '../core/arguments';
import { ArgumentError, type ValueCounts } from '../core/errors';
import { instance, Param } from '../core/params';
import { Tensor } from '../core/tensor';
import { Module } from '../nn/module';
import { isUnsized } from '../nn/parameter';
import { Optimizer } from '../optim/optimizer';
import { type AnyOptimizer } from '../optim/lr/base';
import { type Arrays, isArray, toTensor } from '../train/tensors';
import { counted, isClean, rangeWords } from './count';
import { columns, Report, some } from './report';

/** Where {@link findNaN} looks. At least one is given. */
export interface FindNaNOptions {
  /** A tensor or arrays, or a list or record of them, as deep as one likes. */
  data?: Arrays | readonly unknown[] | undefined;
  /** Its weights, buffers and gradients. */
  model?: Module | undefined;
  /** Its state. With it, weights and gradients that no model names are looked at too. */
  optimizer?: AnyOptimizer | undefined;
}

const spec = {
  data: new Param<unknown>('tensors or arrays', (v) => v).optional(),
  model: instance<Module>('a module', Module).optional(),
  optimizer: instance<AnyOptimizer>('an optimizer', Optimizer as never).optional(),
};

/** What a tensor is for. */
export type NaNPlace = 'data' | 'weight' | 'buffer' | 'gradient' | 'optimizer';

/** A tensor that holds NaN or infinities. */
export interface NaNRow extends ValueCounts {
  place: NaNPlace;
  /** 'x[0]', 'layers.0.weight', 'layers.0.weight.expAvg'. */
  name: string;
}

const advices: Readonly<Record<NaNPlace, (names: string) => string>> = {
  data: (n) => `The data itself holds them (${n}): clean or fill it (data.Imputer) before anything else.`,
  buffer: (n) =>
    `Running statistics hold them (${n}): some batch did; load an older state, and look at the data of that batch.`,
  weight: (n) =>
    `The weights hold them (${n}), so training has to go back to an older state: lower the learning rate, clip gradients, ` +
    'and find the operation with debug.detectAnomaly.',
  gradient: (n) =>
    `The gradients hold them and the weights do not (${n}): make no step with them, and run the step in debug.detectAnomaly, which names the operation.`,
  optimizer: (n) => `The optimizer's state holds them (${n}): make a new optimizer, or load an older state.`,
};

/** Tensors with NaN or infinities: what {@link findNaN} found. */
export class FindNaN extends Report {
  readonly advice: string;

  /** @internal */
  constructor(
    /** One for each tensor that holds some; none if all is well. */
    readonly found: readonly NaNRow[],
    /** How many tensors were looked at. */
    readonly looked: number,
  ) {
    super();
    const first = (['data', 'weight', 'buffer', 'gradient', 'optimizer'] as const).find((p) =>
      found.some((r) => r.place === p),
    );
    this.advice =
      first === undefined
        ? 'All values are finite; if the loss is not, run the step in debug.detectAnomaly.'
        : advices[first](some(found.filter((r) => r.place === first).map((r) => r.name)));
  }

  protected lines(): string[] {
    if (this.found.length === 0) return [`${this.looked} tensors, no NaN and no infinity`];
    const rows = this.found.map((r) => [
      r.place,
      r.name,
      String(r.nan),
      String(r.infinite),
      String(r.count),
      rangeWords(r),
    ]);
    return columns(['where', 'name', 'NaN', 'infinite', 'of', 'finite values'], rows);
  }
}

type Named = [place: NaNPlace, name: string, t: Tensor];

function dataOf(v: unknown, name: string, out: Named[]): void {
  if (isArray(v)) out.push(['data', name, toTensor('findNaN', name, v, { device: 'cpu', dtype: 'float32' })]);
  else if (Array.isArray(v)) v.forEach((e, i) => dataOf(e, `${name}[${i}]`, out));
  else if (isOptions(v)) for (const [key, e] of Object.entries(v as object)) dataOf(e, `${name}.${key}`, out);
  else toTensor('findNaN', name, v, { device: 'cpu', dtype: 'float32' });
}

/**
 * Counts NaN and infinities in what a training consists of.
 *
 * @param where - `data` (tensors, arrays, lists and records of them), `model`, `optimizer`
 * @returns a row with names and counts for each tensor that holds some
 * @throws ArgumentError where nothing is given, or something that is none
 * @example
 * const { found } = await ng.debug.findNaN({ data: x, model, optimizer });
 */
export async function findNaN(where: FindNaNOptions): Promise<FindNaN> {
  const { data, model, optimizer } = readOptions('findNaN', spec, where as object);
  if (data === undefined && !model && !optimizer)
    throw new ArgumentError('[findNaN] nothing to look at: give data, model or optimizer');
  const all: Named[] = [];
  if (data !== undefined) dataOf(data, 'data', all);
  const names = new Map<Tensor, string>(model?.namedParameters().map(([n, p]) => [p, n]));
  optimizer?.paramGroups.forEach((g, i) =>
    g.params.forEach((p, j) => names.has(p) || names.set(p, `group ${i}, parameter ${j}`)),
  );
  for (const [p, name] of names) {
    if (isUnsized(p)) continue;
    all.push(['weight', name, p]);
    if (p.grad) all.push(['gradient', name, p.grad]);
  }
  for (const [name, b] of model?.namedBuffers() ?? []) if (!isUnsized(b)) all.push(['buffer', name, b]);
  for (const [p, state] of optimizer?.state ?? [])
    for (const [key, v] of Object.entries(state))
      if (v instanceof Tensor) all.push(['optimizer', `${names.get(p) ?? 'a parameter'}.${key}`, v]);
  const found: NaNRow[] = [];
  for (const [place, name, t] of all) {
    const counts = await counted(t);
    if (!isClean(counts)) found.push({ place, name, ...counts });
  }
  return new FindNaN(found, all.length);
}
