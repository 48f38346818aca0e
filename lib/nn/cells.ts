/** @file One step of a recurrent layer: RNNCell, LSTMCell, GRUCell. */
import { noGrad } from '../core/autograd';
import { ArgumentError, DTypeError, ShapeError } from '../core/errors';
import { describe, sameShape, showShape } from '../core/shape';
import { Tensor } from '../core/tensor';
import { readSettings, type Values } from '../core/arguments';
import { boolean } from '../core/params';
import { zeros } from '../ops/tensors/create';
import { type CellKind, gatesOf, recurrentLayer } from '../ops/layers/recurrent';
import { squeeze } from '../ops/shape/views';
import { uniform_ } from './init';
import { newParameter, weightDefaults, type WeightOptions } from './linear';
import { checkInput, Module } from './module';
import { asRow } from './packed';
import type { Parameter } from './parameter';
import { nonlinearity, type RecurrentArguments, sizes } from './recurrent';
import { showSettings } from '../core/python';

/** Options of the cells. */
export interface CellOptions extends WeightOptions {
  /** Default true. */
  bias?: boolean | undefined;
}

/** Options of {@link RNNCell}. */
export interface RNNCellOptions extends CellOptions {
  /** Default 'tanh'. */
  nonlinearity?: 'tanh' | 'relu' | undefined;
}

const bias = boolean.or(true);
const cellSpec = { ...sizes, bias, ...weightDefaults };
const rnnSpec = { ...sizes, bias, nonlinearity, ...weightDefaults };

/** What the cells share. */
export abstract class CellBase extends Module {
  static override readonly stateNames = {
    weightIh: 'weight_ih',
    weightHh: 'weight_hh',
    biasIh: 'bias_ih',
    biasHh: 'bias_hh',
  };
  weightIh: Parameter;
  weightHh: Parameter;
  biasIh: Parameter | null;
  biasHh: Parameter | null;

  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly bias: boolean;

  constructor(
    protected readonly kind: CellKind,
    o: Values<typeof cellSpec>,
  ) {
    super();
    const { inputSize, hiddenSize, bias } = o;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.bias = bias;
    const rows = gatesOf[kind] * hiddenSize;
    this.weightIh = newParameter([rows, inputSize], o);
    this.weightHh = newParameter([rows, hiddenSize], o);
    this.biasIh = bias ? newParameter([rows], o) : null;
    this.biasHh = bias ? newParameter([rows], o) : null;
    this.resetParameters();
  }

  /** Draws new values as PyTorch does: uniform within 1 / sqrt(hiddenSize). */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize);
    noGrad(() => this.parameters().forEach((p) => uniform_(p, -bound, bound)));
  }

  private state(t: unknown, name: string, x: Tensor): Tensor {
    const layer = this.constructor.name;
    const want = [...x.shape.slice(0, -1), this.hiddenSize];
    if (t === undefined || t === null) return zeros(want, { dtype: x.dtype, device: x.device });
    if (!(t instanceof Tensor)) throw new ArgumentError(`[${layer}] ${name} must be a tensor, got ${describe(t)}`);
    if (!sameShape(t.shape, want))
      throw new ShapeError(`[${layer}] ${name} must be ${showShape(want)}, got ${showShape(t.shape)}`);
    if (t.dtype !== x.dtype) throw new DTypeError(`[${layer}] ${name} is ${t.dtype}, the input ${x.dtype}`);
    return t;
  }

  protected step(x: Tensor, h: unknown, c: unknown): [Tensor, Tensor | undefined] {
    checkInput(this, x);
    const layer = this.constructor.name;
    if ((x.ndim !== 1 && x.ndim !== 2) || x.shape[x.ndim - 1] !== this.inputSize)
      throw new ShapeError(
        `[${layer}] expected input [batch, ${this.inputSize}] or [${this.inputSize}], got ${showShape(x.shape)}`,
      );
    if (x.dtype !== this.weightIh.dtype)
      throw new DTypeError(`[${layer}] input is ${x.dtype}, the weights ${this.weightIh.dtype}`);
    const [h0, c0] = [this.state(h, 'h', x), this.kind === 'lstm' ? this.state(c, 'c', x) : null];
    const weights = {
      inputWeight: this.weightIh,
      hiddenWeight: this.weightHh,
      inputBias: this.biasIh,
      hiddenBias: this.biasHh,
    };
    const single = x.ndim === 1;
    const rows = (t: Tensor): Tensor => (single ? asRow(t) : t);
    const steps = [rows(x).shape[0]!];
    const [, hn, cn] = recurrentLayer(this.kind, rows(x), steps, weights, rows(h0), c0 && rows(c0), false);
    return single ? [squeeze(hn, 0), cn && squeeze(cn, 0)] : [hn, cn];
  }

  override extraRepr(): string {
    const parts = [`${this.inputSize}, ${this.hiddenSize}`];
    if (!this.bias) parts.push(showSettings({ bias: false }));
    if (this.kind === 'relu') parts.push('nonlinearity=relu');
    return parts.join(', ');
  }
}

/** h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu. */
export class RNNCell extends CellBase {
  constructor(...settings: RecurrentArguments<RNNCellOptions>) {
    const o = readSettings('RNNCell', rnnSpec, settings);
    super(o.nonlinearity, o);
  }
  /** @param x - [batch, inputSize] or [inputSize] */
  forward(x: Tensor, h?: Tensor | null): Tensor {
    return this.step(x, h, null)[0];
  }
}

/** One step of a {@link GRU}. */
export class GRUCell extends CellBase {
  constructor(...settings: RecurrentArguments<CellOptions>) {
    super('gru', readSettings('GRUCell', cellSpec, settings));
  }
  /** @param x - [batch, inputSize] or [inputSize] */
  forward(x: Tensor, h?: Tensor | null): Tensor {
    return this.step(x, h, null)[0];
  }
}

/** One step of an {@link LSTM}. */
export class LSTMCell extends CellBase {
  constructor(...settings: RecurrentArguments<CellOptions>) {
    super('lstm', readSettings('LSTMCell', cellSpec, settings));
  }
  /**
   * @param x - [batch, inputSize] or [inputSize]
   * @returns the new [h, c]
   */
  forward(x: Tensor, state?: readonly [Tensor, Tensor] | null): [h: Tensor, c: Tensor] {
    if (state != null && (!Array.isArray(state) || state.length !== 2))
      throw new ArgumentError(`[LSTMCell] the state must be [h, c], got ${describe(state)}`);
    return this.step(x, state?.[0], state?.[1]) as [Tensor, Tensor];
  }
}
