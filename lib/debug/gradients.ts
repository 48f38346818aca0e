/** @file How gradients compare with weights, layer by layer. */
import { type Given, readOptions } from '../core/arguments';
import { ArgumentError } from '../core/errors';
import { noGrad } from '../core/grad-mode';
import { instance, number } from '../core/params';
import { type Tensor } from '../core/tensor';
import { short } from '../data/description';
import { type Module } from '../nn/module';
import { isUnsized, type Parameter } from '../nn/parameter';
import { type AnyOptimizer } from '../optim/lr/base';
import { Optimizer } from '../optim/optimizer';
import { columns, Report, some } from './report';
import { needModule, ownParameters } from './trial';

/** Settings of {@link gradients}. */
export interface GradientsOptions {
  /** The optimizer that will take the step: its learning rates count. */
  optimizer?: AnyOptimizer | undefined;
  /** The learning rate, in place of the optimizer's. Default 1e-3. */
  lr?: number | undefined;
}
const spec = {
  optimizer: instance<AnyOptimizer>('an optimizer', Optimizer as never).optional(),
  lr: number({ above: 0 }).optional(),
};
const usualRate = 1e-3;

/**
 * What a layer's gradient is. `'vanishing'`, `'exploding'`: see {@link gradients}; `'none'`: there is none, since the layer is
 * frozen, is not part of the loss, or `backward` was not called.
 */
export type GradientVerdict = 'vanishing' | 'exploding' | 'ok' | 'none';

/** The gradients of one layer: of all parameters that the module holds itself. */
export interface GradientRow {
  /** Its path; '' is the model itself. */
  layer: string;
  type: string;
  /** Euclidean length of its gradients as one vector; NaN without any. */
  gradientNorm: number;
  /** Of its weights. */
  weightNorm: number;
  /** Length of the step lr * gradient over that of the weights: what plain SGD would change. Infinity for weights of zero. */
  updateRatio: number;
  /** Whether none of its parameters is trained. */
  frozen: boolean;
  verdict: GradientVerdict;
}

/** The gradients of all layers: what {@link gradients} found. */
export class Gradients extends Report {
  readonly advice: string;

  /** @internal */
  constructor(
    /** In the order of the model, those with parameters only. */
    readonly layers: readonly GradientRow[],
    /** The model's gradients as one vector: what `clipNorm` looks at. */
    readonly norm: number,
  ) {
    super();
    const of = (v: GradientVerdict, frozen = false): string[] =>
      layers.filter((r) => r.verdict === v && r.frozen === frozen).map((r) => r.layer || '(model)');
    const [exploding, vanishing, none] = [of('exploding'), of('vanishing'), of('none')];
    this.advice =
      exploding.length > 0
        ? `Gradients explode in ${some(exploding)}: clip them (clipNorm: 1), lower the learning rate, check the initialisation and the scale of inputs and targets.`
        : vanishing.length > 0
          ? `Gradients vanish in ${some(vanishing)}: use ReLU in place of saturated sigmoids, normalisation or residual connections, and the initialisation that fits the activation.`
          : none.length > 0
            ? `No gradient reaches ${some(none)}: call loss.backward() first, and look for detach(), noGrad() or layers that forward leaves out.`
            : 'Every layer gets a gradient of a usual size: updates near a thousandth of the weights are what one wants to see.';
  }

  protected lines(): string[] {
    const n = (v: number): string => (Number.isNaN(v) ? '-' : short(v));
    const rows = this.layers.map((r) => [
      r.layer || '(model)',
      r.type,
      n(r.gradientNorm),
      n(r.weightNorm),
      n(r.updateRatio),
      r.frozen ? 'frozen' : r.verdict,
    ]);
    return columns(['layer', 'class', 'gradient', 'weight', 'update/weight', 'verdict'], rows);
  }
}

// Squares of what has vanished are zero in float32.
const squared = (list: readonly Tensor[]): Promise<number>[] =>
  noGrad(() => list.map((t) => t.detach().to('float64').square().sum().item()));
const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);

// Of the update-to-weight ratio, two and four orders of magnitude from what one wants to see.
const exploding = 0.1;
const vanishing = 1e-7;
// Less than this of the gradient of the layer that gets most: it does not arrive.
const lost = 1e-5;

/**
 * Looks at the gradients that are there: call it between `loss.backward()` and `optimizer.step()`. A layer's update-to-weight
 * ratio is lr * |gradient| / |weight|; about 1e-3 is what one wants to see. A layer is `'exploding'` where the ratio is above
 * 0.1 (one step changes a tenth of the weights) or the gradient is not finite; `'vanishing'` where it is below 1e-7 (float32 weights hardly
 * change), or where the gradient is less than 1e-5 of the largest layer's, each per square root of elements.
 *
 * Source of the 1e-3: A. Karpathy, CS231n notes, "Ratio of weights:updates"; of vanishing along layers: Glorot and Bengio
 * (2010), "Understanding the difficulty of training deep feedforward neural networks".
 *
 * @param options - `optimizer` or `lr`: with which rate the step would be made, default 1e-3
 * @returns a row for each layer that has parameters
 * @throws ArgumentError for what is no module, and for unknown options
 * @example
 * loss.backward();
 * console.log(await ng.debug.gradients(model, { optimizer }));
 */
export async function gradients(model: Module, options?: Given<GradientsOptions>): Promise<Gradients> {
  needModule('gradients', model);
  const { optimizer, lr } = readOptions('gradients', spec, options as object);
  if (optimizer && lr !== undefined) throw new ArgumentError('[gradients] give optimizer or lr, not both');
  const rateOf = (p: Parameter): number =>
    optimizer ? (optimizer.paramGroups.find((g) => g.params.includes(p))?.lr ?? 0) : (lr ?? usualRate);
  const seen = new Set<Parameter>();
  const layers: { row: GradientRow; elements: number }[] = [];
  let total = 0;
  for (const [layer, m] of model.namedModules()) {
    const own = ownParameters(m).filter((p) => !seen.has(p) && !isUnsized(p));
    own.forEach((p) => seen.add(p));
    if (own.length === 0) continue;
    const withGradient = own.filter((p) => p.grad !== null);
    const rates = withGradient.map(rateOf);
    const [grads, weights] = await Promise.all([
      Promise.all(squared(withGradient.map((p) => p.grad!))),
      Promise.all(squared(own)),
    ]);
    const gradientNorm = grads.length > 0 ? Math.sqrt(sum(grads)) : NaN;
    const weightNorm = Math.sqrt(sum(weights));
    const step = grads.length > 0 ? Math.sqrt(sum(grads.map((g, i) => g * rates[i]! ** 2))) : NaN;
    total += sum(grads);
    const row: GradientRow = {
      layer,
      type: m.constructor.name,
      gradientNorm,
      weightNorm,
      updateRatio: step === 0 ? 0 : step / weightNorm,
      frozen: own.every((p) => !p.requiresGrad),
      verdict: grads.length > 0 ? 'ok' : 'none',
    };
    layers.push({ row, elements: own.reduce((n, p) => n + p.numel, 0) });
  }
  const perElement = layers.map(({ row, elements }) => row.gradientNorm / Math.sqrt(elements));
  const largest = Math.max(0, ...perElement.filter(Number.isFinite));
  const rows = layers.map(({ row }, i): GradientRow => {
    if (row.verdict === 'none') return row;
    // Weights of zero have no ratio.
    const ratio = row.weightNorm === 0 ? NaN : row.updateRatio;
    if (!Number.isFinite(row.gradientNorm) || ratio > exploding) return { ...row, verdict: 'exploding' };
    if (row.gradientNorm === 0 || ratio < vanishing || perElement[i]! < lost * largest)
      return { ...row, verdict: 'vanishing' };
    return row;
  });
  return new Gradients(rows, Math.sqrt(total));
}
