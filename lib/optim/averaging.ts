/** @file Averages of weights over training: stochastic weight averaging and exponential moving averages. */
import { noGrad } from '../core/autograd';
import { ArgumentError, ShapeError } from '../core/errors';
import { describe, sameShape, showShape } from '../core/shape';
import { Tensor } from '../core/tensor';
import { type Given, type InOrderOrByName, readArguments, readOptions, type Spec } from '../core/arguments';
import {
  boolean,
  either,
  fn as fnParam,
  integer,
  number,
  numbers,
  oneOf,
  tensor as tensorParam,
  tensors,
} from '../core/params';
import { tensor } from '../ops/tensors/create';
import { denseOf } from '../ops/kit/launch';
import { joins, runLerp } from '../ops/kit/segments';
import { moved } from '../ops/tensors/to';
import { type LoadResult, Module, type StateDict } from '../nn/module';
import { Parameter } from '../nn/parameter';
import { type AnyOptimizer, Formula, type Group } from './lr/base';

/** The new average from the average so far, the present value, and how many values the average is of. Runs untracked. */
export type AverageFn = (averaged: Tensor, current: Tensor, numAveraged: number) => Tensor;

const count = integer({ least: 0 });

/** The mean of all values: stochastic weight averaging (Izmailov et al. 2018). */
export const getSwaAvgFn = (): AverageFn => (a, x, n) => {
  const op = 'getSwaAvgFn';
  const averaged = tensorParam.check(op, 'averaged', a);
  return averaged.add(
    tensorParam
      .check(op, 'current', x)
      .sub(averaged)
      .div(count.check(op, 'numAveraged', n) + 1),
  );
};

const decaySpec: Spec<{ decay: number }> = { decay: number({ least: 0, most: 1 }).or(0.999) };
type DecayArguments = InOrderOrByName<[decay?: number], { decay?: number | undefined }>;

/** decay * average + (1 - decay) * value; decay defaults to 0.999. */
export function getEmaAvgFn(...args: DecayArguments): AverageFn {
  const op = 'getEmaAvgFn';
  const { decay } = readArguments(op, decaySpec, args);
  return (a, x) => {
    const averaged = tensorParam.check(op, 'averaged', a);
    return averaged.add(
      tensorParam
        .check(op, 'current', x)
        .sub(averaged)
        .mul(1 - decay),
    );
  };
}

/** Changes averages, given in a list, towards the present values in another one. Runs untracked. */
export type MultiAverageFn = (averaged: Tensor[], current: Tensor[], numAveraged: number) => void;

/** As {@link getSwaAvgFn}, all tensors in one pass. */
export const getSwaMultiAvgFn = (): MultiAverageFn => (a, x, n) =>
  approach('getSwaMultiAvgFn', a, x, 1 / (count.check('getSwaMultiAvgFn', 'numAveraged', n) + 1));

/** As {@link getEmaAvgFn}, all tensors in one pass. */
export function getEmaMultiAvgFn(...args: DecayArguments): MultiAverageFn {
  const { decay } = readArguments('getEmaMultiAvgFn', decaySpec, args);
  return (a, x) => approach('getEmaMultiAvgFn', a, x, 1 - decay);
}

// average += weight (value - average). The kernel trusts the lists, which users may give.
function approach(op: string, averaged: Tensor[], current: Tensor[], weight: number): void {
  tensors.check(op, 'averaged', averaged);
  tensors.check(op, 'current', current);
  if (averaged.length !== current.length)
    throw new ArgumentError(`[${op}] got ${averaged.length} averages and ${current.length} values`);
  averaged.forEach((a, i) => checkValue(op, String(i), current[i]!, a));
  if (averaged.length === 0) return;
  const values = current.map((x, i) => denseOf(moved(x, { device: averaged[i]!.device, dtype: averaged[i]!.dtype })));
  const together = averaged.map(joins(averaged[0]!));
  if (together.includes(true))
    runLerp(
      averaged.filter((_, i) => together[i]),
      values.filter((_, i) => together[i]),
      weight,
    );
  averaged.forEach((a, i) => together[i] || a.add_(values[i]!.sub(a).mul_(weight)));
}

function checkValue(op: string, name: string, value: Tensor, average: Tensor): void {
  if (!sameShape(value.shape, average.shape))
    throw new ShapeError(
      `[${op}] "${name}" has shape ${showShape(value.shape)}, its average ${showShape(average.shape)}`,
    );
}

/** Options of {@link AveragedModel}. */
export interface AveragedModelOptions {
  /** What becomes of one average. */
  avgFn?: AverageFn | null | undefined;
  /** What becomes of all of them; not beside `avgFn`. Default: the mean ({@link getSwaMultiAvgFn}). */
  multiAvgFn?: MultiAverageFn | null | undefined;
  /** Average the buffers too (running statistics). Default false: they are the model's own. */
  useBuffers?: boolean | undefined;
}
const averagedSpec: Spec<Required<AveragedModelOptions>> = {
  avgFn: fnParam<AverageFn>().orNull(),
  multiAvgFn: fnParam<MultiAverageFn>().orNull(),
  useBuffers: boolean.or(false),
};

const swappedParam = fnParam();
function needModule(op: string, model: unknown): void {
  if (!(model instanceof Module)) throw new ArgumentError(`[${op}] expected a module, got ${describe(model)}`);
}

/**
 * Averages of a model's parameters. Call `updateParameters()` after each optimizer step (or epoch); `forward` then
 * computes with the averages, without gradients. The model itself is not changed. Names in the state dict are PyTorch's:
 * `n_averaged`, and the model's own behind `module.`.
 */
export class AveragedModel<M extends Module = Module> extends Module {
  // Private, so that the model is no submodule: its parameters are not those of the average.
  readonly #model: M;
  readonly #averages: Map<string, Tensor>;
  readonly #average: MultiAverageFn;
  /** How many values the averages are of. */
  nAveraged = 0;

  constructor(model: M, options?: AveragedModelOptions) {
    super();
    needModule('AveragedModel', model);
    const { avgFn, multiAvgFn, useBuffers } = readOptions('AveragedModel', averagedSpec, options);
    if (avgFn && multiAvgFn) throw new ArgumentError('[AveragedModel] takes one of avgFn and multiAvgFn, not both');
    this.#model = model;
    this.#average = avgFn
      ? (averaged, current, n) =>
          averaged.forEach((a, i) =>
            a.copy_(tensorParam.check('AveragedModel', 'what avgFn returns', avgFn(a, current[i]!, n))),
          )
      : (multiAvgFn ?? getSwaMultiAvgFn());
    const tensors = [...model.namedParameters(), ...(useBuffers ? model.namedBuffers() : [])];
    this.#averages = noGrad(() => new Map(tensors.map(([name, t]) => [name, new Parameter(t.clone(), false)])));
  }

  /** Takes the present values of the model (or of another one of the same structure) into the averages. */
  updateParameters(model: Module = this.#model): void {
    needModule('updateParameters', model);
    count.check('AveragedModel', 'nAveraged', this.nAveraged);
    const now = new Map([...model.namedParameters(), ...model.namedBuffers()]);
    const pairs = [...this.#averages].map(([name, average]) => {
      const value = now.get(name);
      if (!value) throw new ArgumentError(`[AveragedModel] the model has no "${name}"`);
      checkValue('AveragedModel', name, value, average);
      return [average, value] as const;
    });
    noGrad(() => {
      // Counters have no mean: the last one counts.
      const moves = (t: Tensor): boolean => this.nAveraged > 0 && t.dtype.includes('float');
      for (const [average, value] of pairs) if (!moves(value)) average.copy_(value);
      const moving = pairs.filter(([, value]) => moves(value));
      const [averaged, current] = [moving.map(([a]) => a), moving.map(([, x]) => x)];
      if (moving.length > 0) this.#average(averaged, current, this.nAveraged);
    });
    this.nAveraged++;
  }

  /**
   * Runs `fn` while the model shows the averages in place of its own weights, e.g. `ema.swapped(() => evaluate(model))`. The
   * weights come back when it returns, or when its promise settles.
   */
  swapped<R>(fn: (model: M) => R): R {
    swappedParam.check('swapped', 'fn', fn);
    const own = new Map([...this.#model.namedParameters(), ...this.#model.namedBuffers()]);
    const kept = [...this.#averages].map(([name, average]) => {
      const t = own.get(name)!;
      // Another claim on the memory of the weights, which would be freed otherwise.
      const before = t.detach();
      t.adopt(average);
      return [t, before] as const;
    });
    const back = (): void => kept.forEach(([t, before]) => t.adopt(before));
    let result: R;
    try {
      result = fn(this.#model);
    } catch (e) {
      back();
      throw e;
    }
    if (result instanceof Promise) return result.finally(back) as R;
    back();
    return result;
  }

  forward(...inputs: Parameters<M['forward']>): ReturnType<M['forward']> {
    const modes = this.#model.modules().map((m) => [m, m.training] as const);
    this.#model.train(this.training);
    try {
      return this.swapped((m) => noGrad(() => m.forward(...inputs) as ReturnType<M['forward']>));
    } finally {
      modes.forEach(([m, training]) => (m.training = training));
    }
  }

  /** The averages. */
  override namedParameters(): [string, Parameter][] {
    return [...this.#averages].map(([name, t]) => [`module.${name}`, t as Parameter]);
  }
  override parameters(): Parameter[] {
    return this.namedParameters().map(([, p]) => p);
  }

  /** The model's state with the averages in it, for `model.loadStateDict`. */
  averagedState(): StateDict {
    return Object.fromEntries(
      Object.entries(this.#model.stateDict()).map(([name, t]) => [name, this.#averages.get(name) ?? t]),
    );
  }

  override stateDict(): StateDict {
    const state = Object.entries(this.averagedState()).map(([name, t]) => [`module.${name}`, t]);
    return { n_averaged: tensor([BigInt(this.nAveraged)]).reshape([]), ...Object.fromEntries(state) } as StateDict;
  }

  override loadStateDict(dict: StateDict, options?: boolean | { strict?: boolean | undefined }): LoadResult {
    const held: unknown = dict?.['n_averaged'];
    if (!(held instanceof Tensor)) throw new ArgumentError('[loadStateDict] n_averaged is missing', 'ERR_STATE_DICT');
    const nAveraged = count.check('loadStateDict', 'n_averaged', Number(held.itemSync()));
    const inner = Object.entries(dict).flatMap(([name, t]): [string, Tensor][] =>
      name.startsWith('module.') ? [[name.slice('module.'.length), t]] : [],
    );
    const result = this.swapped((m) => m.loadStateDict(Object.fromEntries(inner), options));
    this.nAveraged = nAveraged;
    return result;
  }

  protected override childRepr(): string[] {
    return [`(module): ${String(this.#model).replaceAll('\n', '\n  ')}`];
  }
}

/** Options of {@link ExponentialMovingAverage}. */
export interface EmaOptions {
  /** Default 0.999. */
  decay?: number | undefined;
  /** Average the buffers too. Default false. */
  useBuffers?: boolean | undefined;
}

const emaSpec: Spec<Required<EmaOptions>> = { ...decaySpec, useBuffers: boolean.or(false) };

/** An exponential moving average of a model's parameters. The first update takes the weights as they are. */
export class ExponentialMovingAverage<M extends Module = Module> extends AveragedModel<M> {
  constructor(model: M, ...args: InOrderOrByName<[decay?: number, useBuffers?: boolean], EmaOptions>) {
    const { decay, useBuffers } = readArguments('ExponentialMovingAverage', emaSpec, args);
    super(model, { multiAvgFn: getEmaMultiAvgFn(decay), useBuffers });
  }

  /** As {@link AveragedModel.updateParameters}. */
  update(): void {
    this.updateParameters();
  }
}

/** Settings of {@link SWALR}. */
export interface SWALROptions {
  /** The rate at which weights are averaged. */
  swaLr: number | readonly number[];
  /** Steps from the present rate to that one, default 10. */
  annealEpochs: number;
  /** Default cos. */
  annealStrategy: 'cos' | 'linear';
}

const swalrSpec: Spec<SWALROptions> = {
  swaLr: either<[number, readonly number[]]>(number(), numbers),
  annealEpochs: integer({ least: 0 }).or(10),
  annealStrategy: oneOf('cos', 'linear').or('cos'),
};

/** From the present learning rate to a constant one, as torch.optim.swa_utils.SWALR. */
export class SWALR extends Formula<SWALROptions> {
  constructor(optimizer: AnyOptimizer, ...args: (SWALROptions[keyof SWALROptions] | Given<SWALROptions>)[]) {
    super(optimizer, swalrSpec, args);
  }

  protected check(): void {
    // As many rates as groups.
    this.perGroup('swaLr');
  }

  // How far the way to the final rate is done after `step` steps.
  private done(step: number): number {
    const { annealEpochs, annealStrategy } = this.settings;
    const t = Math.max(0, Math.min(1, step / Math.max(1, annealEpochs)));
    return annealStrategy === 'linear' ? t : (1 - Math.cos(Math.PI * t)) / 2;
  }

  // From the present rate, as PyTorch: the starting rate is worked out from it.
  protected rate({ lr }: Group, i: number): number {
    const final = this.perGroup<number>('swaLr')[i]!;
    // PyTorch counts steps from 1, the constructor's included.
    const step = this.settings.annealEpochs === 0 ? Math.max(1, this.lastEpoch) : this.lastEpoch;
    const before = this.done(step - 1);
    const start = before === 1 ? final : (lr - before * final) / (1 - before);
    const now = this.done(step);
    return final * now + start * (1 - now);
  }
}
