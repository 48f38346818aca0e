/** @file From gradients to a step of the optimizer: accumulated over batches, clipped. */
import { noGrad } from '../core/grad-mode';
import { outsideScopes } from '../core/scope';
import { type Tensor } from '../core/tensor';
import { clipGradNorm_, clipGradValue_, getTotalNorm } from '../nn/utils';
import { type BufferArg } from '../native';
import { hearingSteps, together } from '../ops/kit/segments';
import { type AnyOptimizer } from '../optim/lr/base';

/** Settings of {@link Stepper}. */
export interface StepSettings {
  accumulate: number;
  clipNorm?: number | undefined;
  clipValue?: number | undefined;
}

/**
 * Is told the norm of all gradients as one vector, before they are clipped: a scalar that nobody has waited for, and that
 * a scope around the step disposes of.
 */
export interface NormListener {
  /** Before each step: norms are not computed for nobody. */
  wantsNorm(): boolean;
  onNorm(norm: Tensor): void;
}

/** Batches whose gradients wait for the step. */
interface Pending {
  batches: number;
  examples: number;
}

const parametersOf = (optimizer: AnyOptimizer): Tensor[] => optimizer.paramGroups.flatMap((g) => g.params);

const normOf = (params: readonly Tensor[], clipNorm: number | undefined): Tensor =>
  clipNorm === undefined ? getTotalNorm(params.flatMap((p) => p.grad ?? [])) : clipGradNorm_(params, clipNorm);

/** Steps of optimizers, for one training. */
export class Stepper {
  private readonly pending = new Map<AnyOptimizer, Pending>();
  private readonly used = new Set<AnyOptimizer>();
  // By device: what carries the failure of anything that a step so far depended on. Such a step changes nothing, and the
  // losses, which were computed before it, do not show it.
  private readonly witnesses = new Map<number, Tensor>();
  private readonly listeners: NormListener[] = [];

  constructor(
    private readonly settings: StepSettings = { accumulate: 1 },
    private readonly stepped: (optimizer: AnyOptimizer) => void = () => {},
  ) {}

  /** From now on `listener` is told of the gradients of each step. */
  listen(listener: NormListener): void {
    this.listeners.push(listener);
  }

  /** Adds the gradients of the mean loss of a batch, and makes a step when it is time to. */
  minimize(loss: Tensor, examples: number, optimizer: AnyOptimizer): void {
    this.used.add(optimizer);
    if (this.settings.accumulate === 1) {
      optimizer.zeroGrad();
      loss.backward();
      return this.step(optimizer);
    }
    let waiting = this.pending.get(optimizer);
    if (!waiting) {
      this.pending.set(optimizer, (waiting = { batches: 0, examples: 0 }));
      optimizer.zeroGrad();
    }
    // Sums over examples, divided by their number at the end: batches may differ in size.
    loss.mul(examples).backward();
    waiting.batches++;
    waiting.examples += examples;
    if (waiting.batches === this.settings.accumulate) this.finish(optimizer);
  }

  /** The steps that wait for more batches, with those that there are: the epoch is over. */
  flush(): void {
    for (const optimizer of [...this.pending.keys()]) this.finish(optimizer);
  }

  /** Drops all gradients, after a failure. */
  drop(): void {
    for (const optimizer of this.used) optimizer.zeroGrad();
    this.pending.clear();
  }

  /** Throws what kept a step since the last call from being made. Does not block the event loop. */
  async check(): Promise<void> {
    const list = [...this.witnesses.values()];
    this.witnesses.clear();
    await Promise.all(list.map((t) => t.data()));
  }

  private finish(optimizer: AnyOptimizer): void {
    const { examples } = this.pending.get(optimizer)!;
    this.pending.delete(optimizer);
    noGrad(() => {
      for (const p of parametersOf(optimizer)) p.grad?.mul_(1 / examples);
    });
    this.step(optimizer);
  }

  private step(optimizer: AnyOptimizer): void {
    const { clipNorm, clipValue } = this.settings;
    const listeners = this.listeners.filter((l) => l.wantsNorm());
    if (clipNorm !== undefined || listeners.length > 0) {
      const norm = normOf(parametersOf(optimizer), clipNorm);
      for (const l of listeners) l.onNorm(norm);
    }
    if (clipValue !== undefined) clipGradValue_(parametersOf(optimizer), clipValue);
    hearingSteps(this.witness, () => optimizer.step());
    this.stepped(optimizer);
  }

  // What a step depends on is on one device.
  private readonly witness = (inputs: readonly BufferArg[]): void => {
    const device = inputs[0]?.storage.device;
    if (device === undefined) return;
    const before = this.witnesses.get(device);
    const after = outsideScopes(() => together(before ? [before, ...inputs] : inputs));
    this.witnesses.set(device, after);
  };
}
