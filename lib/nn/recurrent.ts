/** @file Recurrent layers over whole sequences: RNN, LSTM, GRU. */
import { noGrad } from '../core/autograd';
import { isFloat } from '../core/dtype';
import { ArgumentError, DTypeError, ShapeError } from '../core/errors';
import { type Generator } from '../core/random';
import { describe, sameShape, showShape } from '../core/shape';
import { Tensor } from '../core/tensor';
import { readSettings, type Values, type WithRequired } from '../core/arguments';
import { boolean, integer, oneOf, positive, probability, generator as generatorParam } from '../core/params';
import { zeros } from '../ops/tensors/create';
import { dropped, dropping } from '../ops/layers/dropout';
import { cat } from '../ops/shape/joining';
import { type CellKind, type CellWeights, gatesOf, recurrentLayer } from '../ops/layers/recurrent';
import { narrow, reshape, squeeze, transpose, unsqueeze } from '../ops/shape/views';
import { uniform_ } from './init';
import { newParameter, weightDefaults, type WeightOptions } from './linear';
import { Module } from './module';
import { PackedSequence, permuteBatch } from './packed';
import type { Parameter } from './parameter';
import { showSettings } from '../core/python';

/** Options of the recurrent layers. */
export interface RecurrentOptions extends WeightOptions {
  /** Layers on top of each other. Default 1. */
  numLayers?: number | undefined;
  /** Default true. */
  bias?: boolean | undefined;
  /** Input and output are [batch, time, ...] instead of [time, batch, ...]. Default false. */
  batchFirst?: boolean | undefined;
  /** The probability of dropping outputs of all layers but the last. Default 0. */
  dropout?: number | undefined;
  /** Run in both directions; outputs are concatenated. Default false. */
  bidirectional?: boolean | undefined;
  /** Where dropout draws from. Default: the generator in use; see `ng.withGenerator`. */
  generator?: Generator | null | undefined;
}

/** Options of {@link RNN}. */
export interface RNNOptions extends RecurrentOptions {
  /** Default 'tanh'. */
  nonlinearity?: 'tanh' | 'relu' | undefined;
}

/** Options of {@link LSTM}. */
export interface LSTMOptions extends RecurrentOptions {
  /** Project outputs to this size. Default 0: not. */
  projSize?: number | undefined;
}

/** What recurrent layers cannot do without. */
export interface RecurrentSizes {
  inputSize: number;
  hiddenSize: number;
}
/** Arguments of recurrent layers and cells with options S. */
export type RecurrentArguments<S extends object> = WithRequired<
  [inputSize: number, hiddenSize: number],
  RecurrentSizes,
  S
>;

/** For cells too. */
export const sizes = { inputSize: positive, hiddenSize: positive };
export const nonlinearity = oneOf('tanh', 'relu').or('tanh' as const);
// More layers than anybody stacks: each makes tensors of its own, which takes minutes before memory runs out.
const numLayers = integer({ least: 1, most: 2 ** 16 }).or(1);
const behind = {
  ...{ bias: boolean.or(true), batchFirst: boolean.or(false), dropout: probability.or(0) },
  bidirectional: boolean.or(false),
};
const random = { generator: generatorParam.orNull() };
// In the orders of PyTorch.
const rnnSpec = { ...sizes, numLayers, nonlinearity, ...behind, ...weightDefaults, ...random };
const gruSpec = { ...sizes, numLayers, ...behind, ...weightDefaults, ...random };
const lstmSpec = {
  ...sizes,
  numLayers,
  ...behind,
  projSize: integer({ least: 0 }).or(0),
  ...weightDefaults,
  ...random,
};

/** weightIhL0Reverse -> weight_ih_l0_reverse */
export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

/** State: h, and c for an LSTM; [layers directions, batch, size]. */
type States = [Tensor, Tensor?];

/** What RNN, LSTM and GRU share. */
export abstract class RecurrentBase extends Module {
  /** weightIhL0, weightHhL0, biasIhL0, biasHhL0, weightHrL0, ..L1 and so on, and the same with Reverse at the end. */
  [weights: `weight${string}` | `bias${string}Reverse` | `biasIhL${number}` | `biasHhL${number}`]: Parameter;
  readonly mode: string;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly projSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  /** May be changed. */
  dropout: number;
  /** Null: the generator in use. */
  readonly generator: Generator | null;
  readonly bidirectional: boolean;

  constructor(
    readonly kind: CellKind,
    o: Values<typeof gruSpec> & { projSize?: number | undefined },
  ) {
    super();
    const layer = this.constructor.name;
    const { inputSize, hiddenSize } = o;
    this.mode = { tanh: 'RNN_TANH', relu: 'RNN_RELU', lstm: 'LSTM', gru: 'GRU' }[kind];
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.projSize = o.projSize ?? 0;
    if (this.projSize >= hiddenSize)
      throw new ArgumentError(
        `[${layer}] projSize must be smaller than hiddenSize: ${this.projSize} and ${hiddenSize}`,
      );
    this.numLayers = o.numLayers;
    this.bias = o.bias;
    this.batchFirst = o.batchFirst;
    this.dropout = o.dropout;
    this.generator = o.generator;
    this.bidirectional = o.bidirectional;
    const gates = gatesOf[kind] * hiddenSize;
    const size = this.outputSize;
    this.each((suffix, l) => {
      const input = l === 0 ? inputSize : size * this.directions;
      const add = (name: string, shape: number[]): void =>
        this.registerParameter(name + suffix, newParameter(shape, o));
      add('weightIh', [gates, input]);
      add('weightHh', [gates, size]);
      if (o.bias) for (const name of ['biasIh', 'biasHh']) add(name, [gates]);
      if (this.projSize > 0) add('weightHr', [this.projSize, hiddenSize]);
    });
    this.resetParameters();
  }

  private get directions(): number {
    return this.bidirectional ? 2 : 1;
  }

  /** Features per direction of the output. */
  protected get outputSize(): number {
    return this.projSize || this.hiddenSize;
  }

  private each(fn: (suffix: string, layer: number) => void): void {
    for (let l = 0; l < this.numLayers; l++)
      for (let d = 0; d < this.directions; d++) fn(`L${l}${d === 1 ? 'Reverse' : ''}`, l);
  }

  protected override moduleMembers(): [field: string, name: string, value: unknown][] {
    return super.moduleMembers().map(([field, , value]) => [field, snakeCase(field), value]);
  }

  /** Draws new values as PyTorch does: uniform within 1 / sqrt(hiddenSize). */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize);
    noGrad(() => this.parameters().forEach((p) => uniform_(p, -bound, bound)));
  }

  private cellWeights(suffix: string): CellWeights {
    const get = (name: string): Parameter | undefined =>
      (this as unknown as Record<string, Parameter | undefined>)[name + suffix];
    return {
      inputWeight: get('weightIh')!,
      hiddenWeight: get('weightHh')!,
      inputBias: get('biasIh'),
      hiddenBias: get('biasHh'),
      projection: get('weightHr'),
    };
  }

  // All layers over packed rows; states in the order of the rows.
  private layers(data: Tensor, steps: readonly number[], [h0, c0]: States): [Tensor, States] {
    let x = data;
    const [hs, cs]: [Tensor[], Tensor[]] = [[], []];
    let outs: Tensor[] = [];
    this.each((suffix, l) => {
      const k = hs.length;
      const state = (t: Tensor): Tensor => squeeze(narrow(t, 0, k, 1), 0);
      const w = this.cellWeights(suffix);
      const [y, h, c] = recurrentLayer(this.kind, x, steps, w, state(h0), c0 ? state(c0) : null, outs.length === 1);
      hs.push(unsqueeze(h, 0));
      if (c) cs.push(unsqueeze(c, 0));
      outs.push(y);
      if (outs.length < this.directions) return;
      x = outs.length === 1 ? y : cat(outs, 1);
      outs = [];
      if (this.training && this.dropout > 0 && l < this.numLayers - 1)
        x = dropped.dropout(x, dropping(this.constructor.name, this.dropout, this.generator));
    });
    return [x, cs.length ? [cat(hs), cat(cs)] : [cat(hs)]];
  }

  private checkState(t: unknown, name: string, batch: number | null, size: number, like: Tensor): Tensor {
    const layer = this.constructor.name;
    const lead = this.numLayers * this.directions;
    if (!(t instanceof Tensor)) throw new ArgumentError(`[${layer}] ${name} must be a tensor, got ${describe(t)}`);
    const want = batch === null ? [lead, size] : [lead, batch, size];
    if (!sameShape(t.shape, want))
      throw new ShapeError(`[${layer}] ${name} must be ${showShape(want)}, got ${showShape(t.shape)}`);
    if (t.dtype !== like.dtype) throw new DTypeError(`[${layer}] ${name} is ${t.dtype}, the input ${like.dtype}`);
    return batch === null ? unsqueeze(t, 1) : t;
  }

  private states(hx: unknown, batch: number, unbatched: boolean, order: Tensor | null, like: Tensor): States {
    const n = unbatched ? null : batch;
    const lead = this.numLayers * this.directions;
    const none = (size: number): Tensor => zeros([lead, batch, size], { dtype: like.dtype, device: like.device });
    if (hx === undefined || hx === null) {
      const h = none(this.outputSize);
      return this.kind === 'lstm' ? [h, none(this.hiddenSize)] : [h];
    }
    if (this.kind !== 'lstm') return [permuteBatch(this.checkState(hx, 'h0', n, this.outputSize, like), order)];
    if (!Array.isArray(hx) || hx.length !== 2)
      throw new ArgumentError(`[LSTM] the initial state must be [h0, c0], got ${describe(hx)}`);
    return [
      permuteBatch(this.checkState(hx[0], 'h0', n, this.outputSize, like), order),
      permuteBatch(this.checkState(hx[1], 'c0', n, this.hiddenSize, like), order),
    ];
  }

  private checkInput(x: Tensor, dims: readonly number[]): void {
    const layer = this.constructor.name;
    const { dtype } = this.cellWeights('L0').inputWeight;
    if (!dims.includes(x.ndim) || x.shape[x.ndim - 1] !== this.inputSize)
      throw new ShapeError(
        `[${layer}] expected input [..., ${this.inputSize}] of ${dims.join(' or ')} dimensions, got ${showShape(x.shape)}`,
      );
    if (x.dtype !== dtype || !isFloat(dtype))
      throw new DTypeError(`[${layer}] input is ${x.dtype}, the weights ${dtype}`);
  }

  /** @internal Outputs and last states. */
  protected run(input: unknown, hx: unknown): [Tensor | PackedSequence, States] {
    if (input instanceof PackedSequence) {
      this.checkInput(input.data, [2]);
      const states = this.states(hx, input.steps[0] ?? 0, false, input.sortedIndices, input.data);
      const [y, last] = this.layers(input.data, input.steps, states);
      return [input.with(y), last.map((t) => permuteBatch(t!, input.unsortedIndices)) as States];
    }
    if (!(input instanceof Tensor))
      throw new ArgumentError(
        `[${this.constructor.name}] expected a tensor or a PackedSequence, got ${describe(input)}`,
      );
    this.checkInput(input, [2, 3]);
    const unbatched = input.ndim === 2;
    const x = unbatched ? unsqueeze(input, 1) : this.batchFirst ? transpose(input, 0, 1) : input;
    const [time, batch] = x.shape as [number, number];
    if (time === 0) throw new ShapeError(`[${this.constructor.name}] the sequence is empty: ${showShape(input.shape)}`);
    const states = this.states(hx, batch, unbatched, null, x);
    const [rows, last] = this.layers(
      reshape(x, [time * batch, this.inputSize]),
      new Array<number>(time).fill(batch),
      states,
    );
    const y = reshape(rows, [time, batch, rows.shape[1]!]);
    if (unbatched) return [squeeze(y, 1), last.map((t) => squeeze(t!, 1)) as States];
    return [this.batchFirst ? transpose(y, 0, 1) : y, last];
  }

  override extraRepr(): string {
    const parts = [`${this.inputSize}, ${this.hiddenSize}`];
    const { projSize, numLayers, bias, batchFirst, bidirectional } = this;
    if (projSize !== 0) parts.push(showSettings({ projSize }));
    if (numLayers !== 1) parts.push(showSettings({ numLayers }));
    if (!bias) parts.push(showSettings({ bias }));
    if (batchFirst) parts.push(showSettings({ batchFirst }));
    if (this.dropout !== 0) parts.push(showSettings({ dropout: this.dropout }));
    if (bidirectional) parts.push(showSettings({ bidirectional }));
    return parts.join(', ');
  }
}

// RNN and GRU: one state.
abstract class OneState extends RecurrentBase {
  /**
   * @param input - [time, batch, inputSize] (`batchFirst`: [batch, time, inputSize]), [time, inputSize], or packed
   * @param h0 - [layers directions, batch, hiddenSize]; default zeros
   * @returns the outputs of the last layer for every step, and the last state of every layer
   */
  forward(input: Tensor, h0?: Tensor | null): [output: Tensor, h: Tensor];
  forward(input: PackedSequence, h0?: Tensor | null): [output: PackedSequence, h: Tensor];
  forward(input: Tensor | PackedSequence, h0?: Tensor | null): [Tensor | PackedSequence, Tensor] {
    const [y, [h]] = this.run(input, h0);
    return [y, h];
  }
}

/** h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu. */
export class RNN extends OneState {
  readonly nonlinearity: 'tanh' | 'relu';
  constructor(...settings: RecurrentArguments<RNNOptions>) {
    const o = readSettings('RNN', rnnSpec, settings);
    super(o.nonlinearity, o);
    this.nonlinearity = o.nonlinearity;
  }
}

/** The gated recurrent unit of Cho et al. 2014, as PyTorch computes it. */
export class GRU extends OneState {
  constructor(...settings: RecurrentArguments<RecurrentOptions>) {
    super('gru', readSettings('GRU', gruSpec, settings));
  }
}

/** Long short-term memory, Hochreiter & Schmidhuber 1997, with forget gates; optionally with projected outputs. */
export class LSTM extends RecurrentBase {
  constructor(...settings: RecurrentArguments<LSTMOptions>) {
    super('lstm', readSettings('LSTM', lstmSpec, settings));
  }

  /**
   * @param input - [time, batch, inputSize] (`batchFirst`: [batch, time, inputSize]), [time, inputSize], or packed
   * @param state - [h0, c0], each [layers directions, batch, size]; default zeros
   * @returns the outputs of the last layer for every step, and the last [h, c] of every layer
   */
  forward(input: Tensor, state?: readonly [Tensor, Tensor] | null): [output: Tensor, state: [h: Tensor, c: Tensor]];
  forward(
    input: PackedSequence,
    state?: readonly [Tensor, Tensor] | null,
  ): [output: PackedSequence, state: [h: Tensor, c: Tensor]];
  forward(
    input: Tensor | PackedSequence,
    state?: readonly [Tensor, Tensor] | null,
  ): [Tensor | PackedSequence, [Tensor, Tensor]] {
    const [y, last] = this.run(input, state);
    return [y, last as [Tensor, Tensor]];
  }
}
