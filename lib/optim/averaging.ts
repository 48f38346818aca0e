/** @file Averages of weights over training: stochastic weight averaging and exponential moving averages. */
import { noGrad } from '../core/autograd';
import { ArgumentError } from '../core/errors';
import { describe } from '../core/shape';
import { Tensor } from '../core/tensor';
import { tensor } from '../ops/create';
import { type LoadResult, Module, type StateDict } from '../nn/module';
import { Parameter } from '../nn/parameter';
import { type AnyOptimizer, Formula, type Group } from './lr/base';

/** The new average from the average so far, the present value, and how many values the average is of. Runs untracked. */
export type AverageFn = (averaged: Tensor, current: Tensor, numAveraged: number) => Tensor;

/** The mean of all values: stochastic weight averaging (Izmailov et al. 2018). */
export const getSwaAvgFn = (): AverageFn => (a, x, n) => a.add(x.sub(a).div(n + 1));

/** decay * average + (1 - decay) * value. */
export function getEmaAvgFn(decay = 0.999): AverageFn {
  if (!(decay >= 0 && decay <= 1))
    throw new ArgumentError(`[getEmaAvgFn] decay must be within 0 and 1, got ${describe(decay)}`);
  return (a, x) => a.add(x.sub(a).mul(1 - decay));
}

/** Options of {@link AveragedModel}. */
export interface AveragedModelOptions {
  /** Default: the mean ({@link getSwaAvgFn}). */
  avgFn?: AverageFn;
  /** Average the buffers too (running statistics). Default false: they are the model's own. */
  useBuffers?: boolean;
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
  readonly #avgFn: AverageFn;
  /** How many values the averages are of. */
  nAveraged = 0;

  constructor(model: M, options: AveragedModelOptions = {}) {
    super();
    if (!(model instanceof Module))
      throw new ArgumentError(`[AveragedModel] expected a module, got ${describe(model)}`);
    const { avgFn = getSwaAvgFn(), useBuffers = false } = options;
    if (typeof avgFn !== 'function')
      throw new ArgumentError(`[AveragedModel] avgFn must be a function, got ${describe(avgFn)}`);
    this.#model = model;
    this.#avgFn = avgFn;
    const tensors = [...model.namedParameters(), ...(useBuffers ? model.namedBuffers() : [])];
    this.#averages = noGrad(() => new Map(tensors.map(([name, t]) => [name, new Parameter(t.clone(), false)])));
  }

  /** Takes the present values of the model (or of another one of the same structure) into the averages. */
  updateParameters(model: Module = this.#model): void {
    const now = new Map([...model.namedParameters(), ...model.namedBuffers()]);
    noGrad(() => {
      for (const [name, average] of this.#averages) {
        const value = now.get(name);
        if (!value) throw new ArgumentError(`[AveragedModel] the model has no "${name}"`);
        // Counters have no mean: the last one counts.
        const first = this.nAveraged === 0 || !value.dtype.includes('float');
        average.copy_(first ? value : this.#avgFn(average, value, this.nAveraged));
      }
    });
    this.nAveraged++;
  }

  /**
   * Runs `fn` while the model shows the averages in place of its own weights, e.g. `ema.swapped(() => evaluate(model))`. The
   * weights come back when it returns, or when its promise settles.
   */
  swapped<R>(fn: (model: M) => R): R {
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

  override loadStateDict(dict: StateDict, options: { strict?: boolean } = {}): LoadResult {
    const count: unknown = dict?.['n_averaged'];
    if (!(count instanceof Tensor)) throw new ArgumentError('[loadStateDict] n_averaged is missing', 'ERR_STATE_DICT');
    const inner = Object.entries(dict).flatMap(([name, t]): [string, Tensor][] =>
      name.startsWith('module.') ? [[name.slice('module.'.length), t]] : [],
    );
    const result = this.swapped((m) => m.loadStateDict(Object.fromEntries(inner), options));
    this.nAveraged = count.itemSync();
    return result;
  }

  protected override childRepr(): string[] {
    return [`(module): ${String(this.#model).replaceAll('\n', '\n  ')}`];
  }
}

/** Options of {@link ExponentialMovingAverage}. */
export interface EmaOptions {
  /** Default 0.999. */
  decay?: number;
  /** Average the buffers too. Default false. */
  useBuffers?: boolean;
}

/** An exponential moving average of a model's parameters. The first update takes the weights as they are. */
export class ExponentialMovingAverage<M extends Module = Module> extends AveragedModel<M> {
  constructor(model: M, { decay = 0.999, useBuffers }: EmaOptions = {}) {
    super(model, { avgFn: getEmaAvgFn(decay), useBuffers });
  }

  /** As {@link AveragedModel.updateParameters}. */
  update(): void {
    this.updateParameters();
  }
}

/** Settings of {@link SWALR}. */
export interface SWALROptions {
  /** The rate at which weights are averaged. */
  swaLr: number | readonly number[] | null;
  /** Steps from the present rate to that one, default 10. */
  annealEpochs: number;
  /** Default cos. */
  annealStrategy: 'cos' | 'linear';
}

/** From the present learning rate to a constant one, as torch.optim.swa_utils.SWALR. */
export class SWALR extends Formula<SWALROptions> {
  constructor(optimizer: AnyOptimizer, ...args: (SWALROptions[keyof SWALROptions] | Partial<SWALROptions>)[]) {
    super(optimizer, { swaLr: null, annealEpochs: 10, annealStrategy: 'cos' }, args);
  }

  protected check({ annealStrategy }: SWALROptions): void {
    if (this.perGroup<number>('swaLr').some((v) => typeof v !== 'number'))
      this.bad('swaLr', 'a number, or one per group');
    this.checkCount('annealEpochs', 0);
    if (annealStrategy !== 'cos' && annealStrategy !== 'linear') this.bad('annealStrategy', "'cos' or 'linear'");
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
