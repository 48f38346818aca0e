/** @file What all metrics are: sums over the examples seen, which stay on the device until they are asked for. */
import { noGrad } from '../../core/grad-mode';
import { outsideScopes } from '../../core/scope';
import { type Tensor } from '../../core/tensor';
import { castOf } from '../../ops/kit/launch';

/**
 * Watches predictions and targets, batch by batch; alone or in `fit`. `R` is what {@link compute} gives. A metric of
 * one's own keeps its state in ordinary fields and makes it anew in {@link reset}: trainings work with copies.
 */
export abstract class Metric<R = number> {
  /** Under which its value is found in logs. Default: the name of the class. */
  name: string;

  constructor(name?: string) {
    const own = new.target.name;
    this.name = name ?? own[0]!.toLowerCase() + own.slice(1);
  }

  /** Whether more is better; `EarlyStopping` and its kind ask. */
  abstract readonly direction: 'max' | 'min';
  /** Takes a batch into account. Nothing is waited for. */
  abstract update(prediction: Tensor, target: Tensor): void;
  /** The value over all examples since the last {@link reset}. Does not block the event loop. */
  abstract compute(): Promise<R>;
  /** Forgets all examples. */
  abstract reset(): void;

  /** Another metric with the same settings that has seen nothing. */
  fresh(): this {
    const copy = Object.assign(Object.create(Object.getPrototypeOf(this) as object) as this, this);
    copy.reset();
    return copy;
  }
}

/** A running sum of tensors of one shape, in float64 on their device. */
export class Sum {
  #total: Tensor | undefined;

  /** Adds `t` times `times`. */
  add(t: Tensor, times = 1): void {
    noGrad(() =>
      outsideScopes(() => {
        const wide = castOf(t.detach(), 'float64');
        if (this.#total) this.#total.add_(wide, { alpha: times });
        else this.#total = wide.mul(times);
      }),
    );
  }

  /** The sum, row-major; empty if nothing was added. What is added afterwards is not in it. */
  async read(): Promise<Float64Array> {
    return this.#total ? ((await this.#total.data()) as Float64Array) : new Float64Array(0);
  }
}

/** a / b, and 0 where b is 0. */
export const share = (a: number, b: number): number => (b === 0 ? 0 : a / b);
