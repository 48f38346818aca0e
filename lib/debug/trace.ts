/** @file What goes through a model: the modules in the order of their calls, with shapes. */
import { noGrad } from '../core/grad-mode';
import { type Shape, showShape } from '../core/shape';
import { tensorsIn } from '../core/symbol';
import { type Module } from '../nn/module';
import { type Arrays, isArray, toTensor, toTensors } from '../train/tensors';
import { Trainer } from '../train/trainer';
import { looking, triedModel } from './keep';
import { columns, Report, some } from './report';
import { needModule, ownParameters } from './trial';

/** One call of one module. */
export interface TraceRow {
  /** Where the module is: 'blocks.0.norm'; '' is the model itself. */
  path: string;
  /** Its class. */
  type: string;
  /** The shape of each tensor that it got, also of those in lists and records. */
  inputShapes: Shape[];
  /** The shape of each tensor that it gave. */
  outputShapes: Shape[];
  /** Elements in its own parameters, without those of modules below. */
  parameters: number;
}

const shapesIn = (value: unknown): Shape[] => tensorsIn(value).map((t) => t.shape);

const elementsOf = (m: Module): number => ownParameters(m).reduce((n, p) => n + p.numel, 0);

/** The arguments of `forward` that stand for `x`: a list is several, a record is one. */
export function argumentsOf(op: string, model: Module, x: unknown): unknown[] {
  const where = new Trainer(model).placement();
  if (!Array.isArray(x) || isArray(x)) return [toTensors(op, 'x', x, where)];
  return (x as unknown[]).map((v, i) => (isArray(v) ? toTensor(op, `x[${i}]`, v, where) : v));
}

/** The calls of modules: what {@link trace} found. */
export class Trace extends Report {
  readonly advice: string;

  /** @internal */
  constructor(
    /** In the order in which they began. */
    readonly rows: readonly TraceRow[],
    /** Elements in all parameters of the model, each counted once. */
    readonly parameters: number,
    /** Modules with parameters of their own that were not called. */
    readonly unused: readonly string[],
  ) {
    super();
    this.advice =
      unused.length > 0
        ? `Not called, so their weights are not trained by this forward pass: ${some(unused)}; call them in forward, or leave them out.`
        : 'Follow one example down the table: every shape must be the one that you had in mind, the first dimension the batch.';
  }

  protected lines(): string[] {
    const show = (list: readonly Shape[]): string => list.map(showShape).join(', ') || '-';
    const rows = this.rows.map((r) => [
      r.path || '(model)',
      r.type,
      show(r.inputShapes),
      show(r.outputShapes),
      r.parameters === 0 ? '-' : r.parameters.toLocaleString('en-US'),
    ]);
    return [
      ...columns(['module', 'class', 'input', 'output', 'parameters'], rows),
      `${this.parameters.toLocaleString('en-US')} parameters in all`,
    ];
  }
}

/**
 * Sends `x` through the model and says what each module makes of it. The model is evaluating meanwhile and stays as it
 * was: buffers, modes, random state; layers that wait for their sizes get them in a copy.
 *
 * @param x - what `forward` takes: a tensor or arrays, a list for several inputs, a record for one that has names
 * @returns a row for each call of a module; `String()` is a table
 * @throws ArgumentError for an input that is none; what `forward` throws
 * @example
 * console.log(ng.debug.trace(model, x));
 */
export function trace(model: Module, x: Arrays | readonly unknown[]): Trace {
  needModule('trace', model);
  const tried = triedModel(model);
  const args = argumentsOf('trace', tried, x);
  const rows: TraceRow[] = [];
  looking(tried, () => {
    const open: TraceRow[] = [];
    const named = tried.namedModules();
    const hooks = named.flatMap(([path, m]) => [
      m.registerForwardPreHook((_, inputs) => {
        const row: TraceRow = {
          path,
          type: m.constructor.name,
          inputShapes: shapesIn(inputs),
          outputShapes: [],
          parameters: 0,
        };
        rows.push(row);
        open.push(row);
      }),
      m.registerForwardHook((_, __, output) => {
        const row = open.pop()!;
        row.outputShapes = shapesIn(output);
        // Known only now of layers that wait for their sizes.
        row.parameters = elementsOf(m);
      }),
    ]);
    try {
      tried.eval();
      noGrad(() => void tried.forward(...args));
    } finally {
      hooks.forEach((h) => h.remove());
    }
  });
  const called = new Set(rows.map((r) => r.path));
  const unused = tried.namedModules().filter(([path, m]) => !called.has(path) && elementsOf(m) > 0);
  const all = tried.parameters().reduce((n, p) => n + p.numel, 0);
  return new Trace(
    rows,
    all,
    unused.map(([path]) => path),
  );
}
