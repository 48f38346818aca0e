/** @file Models made of symbols: `ng.model({ inputs, outputs })`. */
import { isOptions, readArguments, type Spec } from '../../core/arguments';
import { ArgumentError, ShapeError } from '../../core/errors';
import { Param } from '../../core/params';
import { describe, type Shape, showShape } from '../../core/shape';
import { anyLength, showSymbolic } from '../../core/symbol';
import { needTensor, Tensor } from '../../core/tensor';
import { Module } from '../../nn/module';
import { Model } from '../model';
import { Parameter } from '../../nn/parameter';
import { registerModule } from '../architecture/registry';
import { buildGraph, type Graph, slotsIn, type Step, symbolsOf } from './graph';
import { runGraph } from './run';

/** A symbol, a list or a record of them. */
export type Symbols = Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>>;

/** What `forward` of a functional model takes: as the inputs were given, in order, as a list, or by name. */
export type Given<I> = [inputs: I extends Tensor ? Tensor : { readonly [K in keyof I]: Tensor }] | AnyGiven;
type AnyGiven = Tensor[] | [list: readonly Tensor[]] | [named: Readonly<Record<string, Tensor>>];
/** What it returns: as the outputs were given. */
export type Returned<O> = O extends Tensor
  ? Tensor
  : O extends readonly unknown[] | Readonly<Record<string, unknown>>
    ? { -readonly [K in keyof O]: Returned<O[K]> }
    : O;

/** Settings of {@link model}. */
export interface ModelSettings<I extends Symbols, O> {
  /** What `ng.input` made, one, several in a list, or by name. Any other symbol may stand there too. */
  inputs: I;
  /** What follows from them: one symbol, or lists and records of them. */
  outputs: O;
  /** Names for layers. Others are called after their class: `dense`, `dense_1`, ... */
  layers?: Readonly<Record<string, Module>> | undefined;
}

const symbols = <T>(what: 'inputs' | 'outputs'): Param<T> =>
  new Param<T>('symbols', (v) => (symbolsOf(what, v), v as T));
const layersParam = new Param<Readonly<Record<string, Module>>>('modules by name', (v, op) => {
  if (!isOptions(v) || !Object.values(v).every((m) => m instanceof Module))
    throw new ArgumentError(`[${op}] layers must be modules by name, got ${describe(v)}`);
  return v as Record<string, Module>;
});
const spec: Spec<ModelSettings<Symbols, unknown>> = {
  inputs: symbols<Symbols>('inputs'),
  outputs: symbols<unknown>('outputs'),
  layers: layersParam.optional(),
};

/** One call in a functional model, or one input. */
export interface ModelNode {
  /** Of the input, the layer or the function. */
  readonly name: string;
  /** Null for inputs and functions. */
  readonly layer: Module | null;
  /** The class of the layer, the name of the function, or `Input`. */
  readonly type: string;
  /** One for each tensor that it makes; -1 is the batch. */
  readonly outputShapes: readonly Shape[];
  /** How many elements the layer's parameters have; 0 where a layer is used again. */
  readonly parameters: number;
  /** The names of the nodes that its inputs come from. */
  readonly connectedTo: readonly string[];
}

/**
 * A model that was made of symbols. It holds its layers in fields of their names, in the order in which they were applied; a
 * layer that is put into such a field takes the place of the one before.
 */
export class FunctionalModel<I extends Symbols = Symbols, O = unknown> extends Model {
  /** @internal What it computes: plain data. */
  readonly graph: Graph;

  constructor(settings: ModelSettings<I, O>) {
    super();
    const { inputs, outputs, layers } = readArguments('model', spec, [settings]);
    const list = symbolsOf('inputs', inputs);
    if (new Set(list).size !== list.length) throw new ArgumentError('[model] an input is given twice', 'ERR_GRAPH');
    const keys = isOptions(inputs) ? Object.keys(inputs) : [];
    const named = new Map(Object.entries(layers ?? {}).map(([name, m]) => [m, name]));
    if (named.size < Object.keys(layers ?? {}).length)
      throw new ArgumentError('[model] a layer is given two names', 'ERR_GRAPH');
    const held = new Map<Tensor, string>();
    const graph = buildGraph(
      {
        inputs: list,
        keys: list.map((_, i) => keys[i]),
        outputs,
        named,
      },
      {
        taken: (name) => name in this,
        layer: (name, layer) => this.addModule(name, layer as Module),
        tensor: (t, unused) => {
          const name = held.get(t) ?? unused(t instanceof Parameter ? 'parameter' : 'constant');
          if (!held.has(t)) {
            if (t instanceof Parameter) this.registerParameter(name, t);
            else this.registerBuffer(name, t);
          }
          held.set(t, name);
          return name;
        },
      },
    );
    this.graph = graph;
  }

  /** The names of the inputs, by which data is given. */
  get inputNames(): string[] {
    return this.graph.inputs.map((i) => i.name);
  }

  forward(...given: Given<I>): Returned<O> {
    return runGraph(this.graph, this.read(given), this) as Returned<O>;
  }

  // The inputs in order.
  private read(given: readonly unknown[]): Tensor[] {
    const op = this.constructor.name;
    const { inputs } = this.graph;
    const [first] = given;
    let list: readonly unknown[] = given;
    if (given.length === 1 && Array.isArray(first)) list = first as unknown[];
    else if (given.length === 1 && isOptions(first)) {
      const record = first as Record<string, unknown>;
      const unknown = Object.keys(record).filter((k) => !inputs.some((i) => i.name === k));
      const missing = inputs.filter((i) => record[i.name] === undefined).map((i) => i.name);
      if (unknown.length + missing.length > 0)
        throw new ArgumentError(
          `[${op}] the inputs are ${this.inputNames.join(', ')}; got ${Object.keys(record).join(', ') || 'none'}`,
        );
      list = inputs.map((i) => record[i.name]);
    }
    if (list.length !== inputs.length)
      throw new ArgumentError(
        `[${op}] takes ${inputs.length} input${inputs.length > 1 ? 's' : ''} (${this.inputNames.join(', ')}), got ${list.length}`,
      );
    return inputs.map(({ name, shape }, i) => {
      const t = list[i];
      needTensor(`${op}: ${name}`, t);
      if (t.ndim !== shape.length || t.shape.some((d, k) => shape[k] !== anyLength && shape[k] !== d))
        throw new ShapeError(`[${op}] the input ${name} is ${showSymbolic(shape)}, got ${showShape(t.shape)}`);
      return t;
    });
  }

  /** Inputs and calls in order: what `summary()` shows. */
  nodes(): ModelNode[] {
    const makers = this.graph.inputs.map((i) => i.name);
    const seen = new Set<Module>();
    const inputs = this.graph.inputs.map(({ name, shape }): ModelNode => ({
      ...{ name, layer: null, type: 'Input', outputShapes: [shape], parameters: 0, connectedTo: [] },
    }));
    return [...inputs, ...this.graph.steps.map((step) => this.node(step, makers, seen))];
  }

  private node(step: Step, makers: string[], seen: Set<Module>): ModelNode {
    const { action, name, outputs, shapes: outputShapes } = step;
    for (const slot of outputs) makers[slot] = name;
    const connectedTo = [...new Set(slotsIn(step.args).map((slot) => makers[slot]!))];
    if (!('layer' in action)) {
      const type = 'fn' in action ? action.fn : 'method' in action ? action.method : action.getter;
      return { name, layer: null, type, outputShapes, parameters: 0, connectedTo };
    }
    const layer = (this as unknown as Record<string, Module>)[name]!;
    const parameters = seen.has(layer) ? 0 : layer.parameters().reduce((n, p) => n + p.numel, 0);
    seen.add(layer);
    return { name, layer, type: layer.constructor.name, outputShapes, parameters, connectedTo };
  }
}

registerModule(FunctionalModel);

/**
 * A model from inputs to outputs, which layers and functions made of them.
 *
 * @throws ArgumentError (code `ERR_GRAPH`) if outputs need an input that is not given, an input is not needed, or they are
 *   no symbols
 */
export const model = <const I extends Symbols, const O>(settings: ModelSettings<I, O>): FunctionalModel<I, O> =>
  new FunctionalModel(settings);
