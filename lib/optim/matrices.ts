/** @file Optimizers that look at the rows and columns of a matrix: Adafactor, Muon. */
import type { Given } from '../core/arguments';
import { ArgumentError, ShapeError } from '../core/errors';
import { finfo } from '../core/limits';
import { describe, type Shape, showShape } from '../core/shape';
import type { Tensor } from '../core/tensor';
import { denseOf } from '../ops/kit/launch';
import { matmul } from '../ops/linear/matmul';
import { runAssign } from '../ops/kit/segments';
import { checkHyper } from './check';
import type { CommonOptions } from './fused';
import { type GroupInput, Optimizer, type ParamGroup, type Params, type Segments } from './optimizer';

// One parameter in one step.
interface Update<O> {
  group: ParamGroup<O>;
  param: Tensor;
  /** With the sign of `maximize`; not to be changed. */
  grad: Tensor;
  /** The number of this step, from 1. */
  step: number;
  /** The state tensor of that name; not to be changed. */
  of(name: string): Tensor;
  /** What is to take the place of the parameter and of its states. */
  set(values: Record<string, Tensor> & { param: Tensor }): void;
}

// A matrix is changed by products and sums over its rows and columns, not by a formula for each element.
abstract class MatrixOptimizer<O extends CommonOptions> extends Optimizer<O> {
  protected abstract updateOne(u: Update<O>): void;

  protected override get severalCalls(): boolean {
    return true;
  }

  protected update(group: ParamGroup<O>, s: Segments): void {
    const names = this.stateNames(group);
    s.params.forEach((param, i) => {
      const grad = group.maximize ? s.grads[i]!.neg() : s.grads[i]!;
      const of = (name: string): Tensor => s.lists[names.indexOf(name)]![i]!;
      const set: Update<O>['set'] = ({ param: value, ...states }) => {
        const changed = Object.keys(states);
        runAssign([param, ...changed.map(of)], [value, ...Object.values(states)].map(denseOf), s.guard);
      };
      this.updateOne({ group, param, grad, step: s.step + 1, of, set });
    });
  }
}

// decay average + (1 - decay) value
const blend = (average: Tensor, value: Tensor, decay: number): Tensor =>
  value
    .sub(average)
    .mul_(1 - decay)
    .add_(average);

/** Settings of {@link Adafactor}. */
export interface AdafactorOptions extends CommonOptions {
  /** The decay of the mean of squares in step t is 1 - t^beta2Decay. Default -0.8. */
  beta2Decay: number;
  /** The least root of a mean of squares (default: the machine epsilon of the parameter), and of the step; [null, 1e-3]. */
  eps: readonly [number | null, number];
  /** Updates whose root mean square is larger are scaled down to it. Default 1. */
  d: number;
}

const rms = (t: Tensor): Tensor => t.square().mean().sqrt();

/**
 * Adafactor (Shazeer and Stern 2018): Adam without momentum, whose mean of squares of a matrix is kept as one number
 * per row and one per column. Steps are relative to the size of the parameter. Default lr 1e-2 (an upper bound: step t
 * takes 1 / sqrt(t) if that is less); weightDecay is decoupled.
 */
export class Adafactor extends MatrixOptimizer<AdafactorOptions> {
  constructor(params: Params<AdafactorOptions>, options?: Given<AdafactorOptions>) {
    const defaults = { lr: 1e-2, beta2Decay: -0.8, eps: [null, 1e-3] as const, d: 1, weightDecay: 0, maximize: false };
    super(params, defaults, options);
  }

  protected check({ lr, beta2Decay, eps, d, weightDecay }: AdafactorOptions): void {
    checkHyper('Adafactor', { lr, weightDecay });
    if (!Array.isArray(eps) || eps.length !== 2)
      throw new ArgumentError(`[Adafactor] eps must be two numbers, got ${describe(eps)}`);
    checkHyper('Adafactor', { 'eps[0]': (eps[0] as number | null) ?? 0, 'eps[1]': eps[1] as unknown });
    if (!(beta2Decay <= 0)) throw new ArgumentError(`[Adafactor] beta2Decay must be at most 0, got ${beta2Decay}`);
    if (!(d >= 1)) throw new ArgumentError(`[Adafactor] d must be at least 1, got ${d}`);
  }

  protected stateNames(): string[] {
    return ['rowVar', 'colVar', 'variance'];
  }

  // Of [..., rows, columns]: [..., rows, 1] and [..., 1, columns]. Vectors and scalars have all their squares.
  protected override stateShape(name: string, { shape }: Tensor): Shape | null {
    if (shape.length < 2) return name === 'variance' ? shape : null;
    if (name === 'rowVar') return [...shape.slice(0, -1), 1];
    return name === 'colVar' ? [...shape.slice(0, -2), 1, shape.at(-1)!] : null;
  }

  protected updateOne({ group, param, grad, step, of, set }: Update<AdafactorOptions>): void {
    const { lr, beta2Decay, d, weightDecay } = group;
    const eps1 = group.eps[0] ?? finfo(param.dtype).eps;
    const fresh = step ** beta2Decay;
    const rate = rms(param)
      .clampMin(group.eps[1])
      .mul_(Math.min(lr, 1 / Math.sqrt(step)));
    let squares: Tensor;
    let states: Record<string, Tensor>;
    if (param.ndim > 1) {
      const rows = blend(of('rowVar'), grad.square().mean(-1, { keepdim: true }), 1 - fresh);
      const columns = blend(of('colVar'), grad.square().mean(-2, { keepdim: true }), 1 - fresh);
      squares = matmul(rows, columns).div_(rows.mean(-2, { keepdim: true }).clampMin(eps1));
      states = { rowVar: rows, colVar: columns };
    } else {
      squares = blend(of('variance'), grad.square(), 1 - fresh);
      states = { variance: squares };
    }
    const change = squares
      .clampMin(eps1 * eps1)
      .rsqrt()
      .mul_(grad);
    // Nothing waits for the norms.
    const kept = weightDecay === 0 ? param : param.mul(1 - lr * weightDecay);
    set({ param: kept.sub(change.mul(rate.div_(rms(change).div_(d).clampMin(1)))), ...states });
  }
}

/** How {@link Muon} adjusts the learning rate to the shape [a, b] of a matrix; PyTorch's spelling will do, too. */
export type AdjustLr = 'original' | 'matchRmsAdamw' | 'match_rms_adamw';

/** Settings of {@link Muon}. */
export interface MuonOptions extends CommonOptions {
  /** Decay of the mean of gradients, default 0.95. */
  momentum: number;
  /** Look one step ahead, default true. */
  nesterov: boolean;
  /** The polynomial a x + b x^3 + c x^5 that is iterated, default [3.4445, -4.775, 2.0315]. */
  nsCoefficients: readonly [number, number, number];
  /** The least norm that is divided by, default 1e-7. */
  eps: number;
  /** How often the polynomial is applied, default 5. */
  nsSteps: number;
  /** `'original'` (also null, the default): times sqrt(max(1, a / b)); `'matchRmsAdamw'`: 0.2 sqrt(max(a, b)). */
  adjustLrFn: AdjustLr | null;
}

/**
 * Muon (Jordan et al. 2024): steps along the mean of gradients with all its singular values brought near 1. For the
 * matrices of hidden layers only; biases, embeddings and the last layer are left to an optimizer like AdamW. Default lr
 * 1e-3 and weightDecay 0.1, which is decoupled. The iteration runs in the precision of the parameter, not in bfloat16.
 */
export class Muon extends MatrixOptimizer<MuonOptions> {
  constructor(params: Params<MuonOptions>, options?: Given<MuonOptions>) {
    const defaults: MuonOptions = {
      lr: 1e-3,
      weightDecay: 0.1,
      momentum: 0.95,
      nesterov: true,
      nsCoefficients: [3.4445, -4.775, 2.0315],
      eps: 1e-7,
      nsSteps: 5,
      adjustLrFn: null,
      maximize: false,
    };
    super(params, defaults, options);
  }

  protected check({ lr, weightDecay, momentum, eps, nsCoefficients, nsSteps, adjustLrFn }: MuonOptions): void {
    checkHyper('Muon', { lr, weightDecay, momentum, eps });
    const three = Array.isArray(nsCoefficients) && nsCoefficients.length === 3;
    if (!three || !nsCoefficients.every(Number.isFinite))
      throw new ArgumentError(`[Muon] nsCoefficients must be three numbers, got ${describe(nsCoefficients)}`);
    if (!Number.isInteger(nsSteps) || nsSteps < 0 || nsSteps >= 100)
      throw new ArgumentError(`[Muon] nsSteps must be an integer from 0 to 99, got ${describe(nsSteps)}`);
    if (adjustLrFn !== null && !['original', 'matchRmsAdamw', 'match_rms_adamw'].includes(adjustLrFn))
      throw new ArgumentError(`[Muon] adjustLrFn is 'original' or 'matchRmsAdamw', got ${describe(adjustLrFn)}`);
  }

  override addParamGroup(group: GroupInput<MuonOptions>): void {
    super.addParamGroup(group);
    const { params } = this.paramGroups.at(-1)!;
    const odd = params.find((p) => p.ndim !== 2);
    if (!odd) return;
    this.paramGroups.pop();
    throw new ShapeError(`[Muon] parameters must be matrices, got ${showShape(odd.shape)}`);
  }

  protected stateNames(): string[] {
    return ['momentumBuffer'];
  }

  protected updateOne({ group, param, grad, of, set }: Update<MuonOptions>): void {
    const { lr, weightDecay, momentum, nesterov } = group;
    const mean = blend(of('momentumBuffer'), grad, momentum);
    const change = orthogonal(nesterov ? grad.add(mean.sub(grad).mul_(momentum)) : mean, group);
    const [a, b] = param.shape as [number, number];
    const original = group.adjustLrFn === null || group.adjustLrFn === 'original';
    const scale = original ? Math.sqrt(Math.max(1, a / b)) : 0.2 * Math.sqrt(Math.max(a, b));
    const kept = weightDecay === 0 ? param : param.mul(1 - lr * weightDecay);
    set({ param: kept.sub(change.mul(lr * scale)), momentumBuffer: mean });
  }
}

// The Newton-Schulz iteration x <- a x + b (x x^T) x + c (x x^T)^2 x, which maps singular values by the polynomial. It
// starts within (0, 1], and works on the side with the smaller x x^T.
function orthogonal(g: Tensor, { nsCoefficients: [a, b, c], nsSteps, eps }: ParamGroup<MuonOptions>): Tensor {
  const tall = g.shape[0]! > g.shape[1]!;
  let x = tall ? g.T : g;
  x = x.div(x.square().sum().sqrt().clampMin(eps));
  for (let i = 0; i < nsSteps; i++) {
    const gram = matmul(x, x.T);
    const inner = gram.mul(b).add_(matmul(gram, gram).mul_(c));
    x = x.mul(a).add_(matmul(inner, x));
  }
  return tall ? x.T : x;
}
