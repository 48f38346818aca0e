/** @file Keras's table of a model: layers, output shapes, numbers of parameters. */
import { readOptions } from '../core/arguments';
import { type DType } from '../core/dtype';
import { noGrad } from '../core/grad-mode';
import { dtype as dtypeParam, fn, integers } from '../core/params';
import { Tensor } from '../core/tensor';
import { Module } from '../nn/module';
import { isUnsized } from '../nn/parameter';
import { zeros } from '../ops/tensors/create';
import type { ModelNode } from './functional/model';
import { evaluating } from '../nn/modes';

/** Settings of `summary`. */
export interface SummaryOptions {
  /** The shape of one example. Default: what the first layer was told, else output shapes are left out. */
  inputShape?: readonly number[] | undefined;
  /** Of the example that is sent through, default float32. */
  dtype?: DType | undefined;
  /** Gets the table, default `console.log`. */
  print?: ((table: string) => void) | undefined;
}
const summarySpec = {
  inputShape: integers.optional(),
  dtype: dtypeParam.optional(),
  print: fn<(table: string) => void>().or((table: string): void => console.log(table)),
};

/** One line of the table. */
interface Row {
  layer: string;
  shape: string;
  params: string;
  /** What its inputs come from; of functional models. */
  connected?: string;
}

const count = (tensors: readonly Tensor[]): number => tensors.reduce((n, t) => n + (isUnsized(t) ? 0 : t.numel), 0);
const plain = (n: number): string => n.toLocaleString('en-US');

/** What the first layer that knows was told of its input. */
function shapeOfInput(model: Module): readonly number[] | undefined {
  const first = model.modules().find((m) => m !== model && m.children().length === 0) as
    (Module & { inputShape?: readonly number[] | undefined }) | undefined;
  return first?.inputShape;
}

// None stands for the number of examples, as in Keras.
const shown = (output: unknown): string => {
  if (output instanceof Tensor) return `(${['None', ...output.shape.slice(1)].join(', ')})`;
  return Array.isArray(output) ? output.map(shown).join(', ') : '?';
};

// The outputs of the layers, of an example of zeros that nobody sees.
function outputShapes(
  model: Module,
  layers: readonly Module[],
  shape: readonly number[],
  dtype: DType,
): Map<Module, string> {
  const seen = new Map<Module, string>();
  const hooks = layers.map((m) =>
    m.registerForwardHook((layer, _, output) => void (seen.has(layer) || seen.set(layer, shown(output)))),
  );
  try {
    evaluating(model, () =>
      noGrad(() => model.forward(zeros([1, ...shape], { dtype, device: model.parameters()[0]?.device }))),
    );
  } finally {
    hooks.forEach((h) => h.remove());
  }
  return seen;
}

// The layers of a module, and what an example makes of each.
function layerRows(model: Module, options?: SummaryOptions): Row[] {
  const { inputShape, dtype } = readOptions('summary', summarySpec, options as object);
  const layers = model.namedChildren();
  const shape = inputShape ?? shapeOfInput(model);
  const shapes = shape
    ? outputShapes(
        model,
        layers.map(([, m]) => m),
        shape,
        dtype ?? 'float32',
      )
    : new Map<Module, string>();
  return layers.map(([name, m]): Row => {
    const unsized = m.parameters().some((p) => isUnsized(p));
    return {
      layer: `${name} (${m.constructor.name})`,
      shape: shapes.get(m) ?? '?',
      params: unsized ? '? (unbuilt)' : plain(count([...m.parameters(), ...m.buffers()])),
    };
  });
}

// The inputs, layers and functions of a functional model, which knows their shapes.
const nodeRows = (nodes: readonly ModelNode[]): Row[] =>
  nodes.map((n) => ({
    layer: n.layer || n.type === 'Input' ? `${n.name} (${n.type})` : n.type,
    shape: n.outputShapes.map((s) => `(${s.map((d) => (d < 0 ? 'None' : d)).join(', ')})`).join(', '),
    params: plain(n.parameters),
    connected: n.connectedTo.join(', ') || '-',
  }));

/** The table of a module. @throws what its `forward` throws for an example of `inputShape` */
function summaryOf(model: Module, options?: SummaryOptions): string {
  const nodes = (model as Module & { nodes?(): readonly ModelNode[] }).nodes?.();
  const rows = nodes ? nodeRows(nodes) : layerRows(model, options);
  const all = count([...model.parameters(), ...model.buffers()]);
  const trainable = count(model.parameters().filter((p) => p.requiresGrad));
  return [
    `Model: "${model.constructor.name}"`,
    ...table(rows),
    ` Total params: ${plain(all)}`,
    ` Trainable params: ${plain(trainable)}`,
    ` Non-trainable params: ${plain(all - trainable)}`,
  ].join('\n');
}

function table(rows: readonly Row[]): string[] {
  const head: Required<Row> = {
    layer: 'Layer (type)',
    shape: 'Output Shape',
    params: 'Param #',
    connected: 'Connected to',
  };
  const keys = ['layer', 'shape', 'params', 'connected'] as const;
  const shown = rows.some((r) => r.connected !== undefined) ? keys : keys.slice(0, 3);
  const columns = shown.map((key) => ({ key, width: Math.max(...[head, ...rows].map((r) => (r[key] ?? '').length)) }));
  const rule = (left: string, middle: string, right: string, line = '─'): string =>
    left + columns.map((c) => line.repeat(c.width + 2)).join(middle) + right;
  const line = (row: Row, edge: string): string =>
    edge +
    columns
      .map((c) => ` ${c.key === 'params' ? row.params.padStart(c.width) : (row[c.key] ?? '').padEnd(c.width)} `)
      .join(edge === '┃' ? '┃' : '│') +
    edge;
  return [
    rule('┏', '┳', '┓', '━'),
    line(head, '┃'),
    rule('┡', '╇', '┩', '━'),
    ...rows.flatMap((row, i) => (i === 0 ? [line(row, '│')] : [rule('├', '┼', '┤'), line(row, '│')])),
    rule('└', '┴', '┘'),
  ];
}

function printSummary(this: Module, options?: SummaryOptions): void {
  readOptions('summary', summarySpec, options as object).print(summaryOf(this, options));
}
Object.defineProperty(Module.prototype, 'summary', { value: printSummary, writable: true, configurable: true });
declare module '../nn/module' {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- merged declarations have the same parameters
  interface Module<In extends readonly unknown[] = readonly unknown[], Out = unknown> {
    /**
     * Prints Keras's table of layers, output shapes and numbers of parameters. Output shapes need `inputShape`, unless the
     * first layer was told it.
     * @throws what `forward` throws for an example of `inputShape`
     */
    summary(options?: SummaryOptions): void;
  }
}
