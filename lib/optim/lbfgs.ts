/** @file L-BFGS (Liu and Nocedal 1989), as torch.optim.LBFGS. */
import type { Given } from '../core/arguments';
import { enableGrad, noGrad } from '../core/autograd';
import type { Synchronous } from '../core/grad-mode';
import { ArgumentError } from '../core/errors';
import { describe } from '../core/shape';
import { Tensor } from '../core/tensor';
import { tensor, zeros } from '../ops/tensors/create';
import { cat, stack } from '../ops/shape/joining';
import { checkHyper } from './check';
import { type Point, strongWolfe } from './line-search';
import { Optimizer, type OptimizerState, type Params, type ParamState } from './optimizer';

/** Settings of {@link LBFGS}. */
export interface LBFGSOptions {
  /** Default 1. */
  lr: number;
  /** Iterations per step, default 20. */
  maxIter: number;
  /** Evaluations of the closure per step, default 1.25 maxIter. */
  maxEval: number | null;
  /** Stop when no element of the gradient is larger, default 1e-7. */
  toleranceGrad: number;
  /** Stop when the loss, or no parameter, changes by more; default 1e-9. */
  toleranceChange: number;
  /** Remembered changes, default 100. */
  historySize: number;
  /** Default: none, every step is `lr` long. */
  lineSearchFn: 'strongWolfe' | 'strong_wolfe' | null;
}

// What is remembered between steps. Vectors hold all parameters.
interface Memory {
  direction: Tensor;
  /** How far the last step went along it. */
  t: number;
  /** Changes of the gradient and of the parameters, oldest first, and 1 / their product. */
  dirs: Tensor[];
  steps: Tensor[];
  ro: number[];
  /** Scale of the first guess of the inverse Hessian. */
  scale: number;
  grad: Tensor;
  loss: number;
}

const dot = (a: Tensor, b: Tensor): number => a.mul(b).sum().itemSync();
const largest = (t: Tensor): number => (t.dataSync() as Float64Array).reduce((m, v) => Math.max(m, Math.abs(v)), 0);

/**
 * L-BFGS: steps along an estimate of the inverse Hessian times the gradient. `step` needs a closure that clears the
 * gradients, computes the loss, calls backward and returns the loss; it is called several times, and each time its value
 * is waited for. One parameter group only.
 */
export class LBFGS extends Optimizer<LBFGSOptions> {
  private memory: Memory | undefined;
  private iterations = 0;
  private evaluations = 0;

  constructor(params: Params<LBFGSOptions>, options?: Given<LBFGSOptions>) {
    const tolerances = { toleranceGrad: 1e-7, toleranceChange: 1e-9 };
    const defaults = { lr: 1, maxIter: 20, maxEval: null, ...tolerances, historySize: 100, lineSearchFn: null };
    super(params, defaults, options);
    if (this.paramGroups.length !== 1) throw new ArgumentError('[LBFGS] takes one parameter group');
  }

  protected check(o: LBFGSOptions): void {
    const { lr, toleranceGrad, toleranceChange, maxIter, historySize, maxEval, lineSearchFn } = o;
    checkHyper('LBFGS', { lr, toleranceGrad, toleranceChange });
    for (const [name, v] of Object.entries({ maxIter, historySize, maxEval: maxEval ?? 1 }))
      if (!Number.isSafeInteger(v) || v < 1)
        throw new ArgumentError(`[LBFGS] ${name} must be a positive integer, got ${describe(v)}`);
    if (lineSearchFn !== null && lineSearchFn !== 'strongWolfe' && lineSearchFn !== 'strong_wolfe')
      throw new ArgumentError(`[LBFGS] lineSearchFn is 'strongWolfe' or null, got ${describe(lineSearchFn)}`);
  }

  protected stateNames(): string[] {
    return [];
  }

  protected update(): void {
    throw new ArgumentError('[LBFGS] step needs a closure that computes the loss and its gradients');
  }

  private get params(): Tensor[] {
    return this.paramGroups[0]!.params;
  }

  private gradient(): Tensor {
    return cat(this.params.map((p) => (p.grad ?? zeros(p.shape, { dtype: p.dtype, device: p.device })).reshape([-1])));
  }

  private move(direction: Tensor, t: number): void {
    let at = 0;
    for (const p of this.params) {
      p.add_(direction.narrow(0, at, p.numel).reshape(p.shape).mul(t));
      at += p.numel;
    }
  }

  override step(): void;
  override step<R>(closure: () => Synchronous<R>): R;
  override step<R>(closure?: () => Synchronous<R>): R | undefined {
    if (typeof closure !== 'function') return void this.update();
    this.check(this.paramGroups[0]!);
    return noGrad<R>(() => this.minimize<R>(closure) as Synchronous<R>);
  }

  private minimize<R>(closure: () => Synchronous<R>): R {
    const { lr, maxIter, toleranceGrad, toleranceChange, lineSearchFn, maxEval } = this.paramGroups[0]!;
    const most = maxEval ?? Math.floor((maxIter * 5) / 4);
    const evaluate = (): [R, number] => {
      const result = enableGrad<R>(closure);
      const loss = result instanceof Tensor ? result.itemSync() : result;
      if (typeof loss !== 'number') throw new ArgumentError(`[LBFGS] the closure returned ${describe(loss)}, no loss`);
      this.evaluations++;
      return [result, loss];
    };
    const [first, firstLoss] = evaluate();
    let [loss, grad, calls] = [firstLoss, this.gradient(), 1];
    if (largest(grad) <= toleranceGrad) return first;

    for (let i = 1; i <= maxIter; i++) {
      const m = this.direct(grad, loss);
      this.iterations++;
      m.t = this.iterations === 1 ? Math.min(1, 1 / grad.abs().sum().itemSync()) * lr : lr;
      const slope = dot(grad, m.direction);
      if (slope > -toleranceChange) break;
      let done = 0;
      if (lineSearchFn !== null) {
        const start = this.params.map((p) => p.clone());
        const at = (t: number): Point => {
          this.move(m.direction, t);
          const [, value] = evaluate();
          const g = this.gradient();
          this.params.forEach((p, k) => p.copy_(start[k]!));
          return { t, loss: value, grad: g, slope: dot(g, m.direction) };
        };
        const origin = { t: 0, loss, grad, slope };
        const found = strongWolfe(origin, m.t, at, largest(m.direction), toleranceChange, most - calls);
        ({ loss, grad } = found.point);
        m.t = found.point.t;
        done = found.evaluations;
        this.move(m.direction, m.t);
      } else {
        this.move(m.direction, m.t);
        if (i !== maxIter) {
          loss = evaluate()[1];
          grad = this.gradient();
          done = 1;
        }
      }
      calls += done;
      if (calls >= most || largest(grad) <= toleranceGrad) break;
      if (largest(m.direction) * m.t <= toleranceChange || Math.abs(loss - m.loss) < toleranceChange) break;
    }
    return first;
  }

  // The next direction, from the gradient here and what is remembered (Nocedal and Wright, algorithm 7.4).
  private direct(grad: Tensor, loss: number): Memory {
    const before = this.memory;
    if (!before) {
      const direction = grad.neg();
      return (this.memory = { direction, t: 0, dirs: [], steps: [], ro: [], scale: 1, grad, loss });
    }
    const m = before;
    const y = grad.sub(m.grad);
    const s = m.direction.mul(m.t);
    const ys = dot(y, s);
    if (ys > 1e-10) {
      if (m.dirs.length === this.paramGroups[0]!.historySize) for (const list of [m.dirs, m.steps, m.ro]) list.shift();
      m.dirs.push(y);
      m.steps.push(s);
      m.ro.push(1 / ys);
      m.scale = ys / dot(y, y);
    }
    const q = grad.neg();
    const al: number[] = [];
    for (let i = m.dirs.length - 1; i >= 0; i--) {
      al[i] = dot(m.steps[i]!, q) * m.ro[i]!;
      q.sub_(m.dirs[i]!.mul(al[i]!));
    }
    q.mul_(m.scale);
    for (let i = 0; i < m.dirs.length; i++) q.add_(m.steps[i]!.mul(al[i]! - dot(m.dirs[i]!, q) * m.ro[i]!));
    return Object.assign(m, { direction: q, grad, loss });
  }

  /** As of the other optimizers; the state is kept under the first parameter. */
  override stateDict(): OptimizerState<LBFGSOptions> {
    const dict = super.stateDict();
    const { memory: m, iterations, evaluations } = this;
    if (!m) return dict;
    const history: Record<string, Tensor> =
      m.dirs.length > 0
        ? { oldDirs: stack(m.dirs), oldStps: stack(m.steps), ro: tensor(m.ro, { dtype: 'float64', device: 'cpu' }) }
        : {};
    const numbers = { step: iterations, funcEvals: evaluations, t: m.t, hDiag: m.scale, prevLoss: m.loss };
    dict.state[0] = { ...numbers, d: m.direction, prevFlatGrad: m.grad, ...history };
    return dict;
  }

  override loadStateDict(dict: OptimizerState<LBFGSOptions>): void {
    super.loadStateDict({ ...dict, state: {} });
    const s = dict.state?.[0] as ParamState | undefined;
    this.memory = undefined;
    this.iterations = s?.step ?? 0;
    this.evaluations = (s?.['funcEvals'] as number | undefined) ?? 0;
    if (!s) return;
    const n = this.params.reduce((sum, p) => sum + p.numel, 0);
    const { d, prevFlatGrad, oldDirs, oldStps, ro } = s as unknown as Record<string, Tensor | undefined>;
    if (!(d instanceof Tensor) || !(prevFlatGrad instanceof Tensor) || d.numel !== n || prevFlatGrad.numel !== n)
      throw new ArgumentError(`[LBFGS.loadStateDict] expected a direction of ${n} elements`, 'ERR_STATE_DICT');
    const rows = (t: Tensor | undefined): Tensor[] =>
      Array.from({ length: t?.shape[0] ?? 0 }, (_, i) => t!.narrow(0, i, 1).reshape([n]).clone());
    const { t, hDiag, prevLoss } = s as unknown as Record<string, number>;
    const numbers = { t: t!, scale: hDiag!, loss: prevLoss!, ro: ro ? Array.from(ro.dataSync() as Float64Array) : [] };
    const vectors = { direction: d.clone(), grad: prevFlatGrad.clone(), dirs: rows(oldDirs), steps: rows(oldStps) };
    this.memory = { ...numbers, ...vectors };
  }
}
