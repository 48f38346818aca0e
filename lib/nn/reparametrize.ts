/**
 * @file Weights that are computed from others before each forward, as torch.nn.utils.weight_norm and spectral_norm. The
 * parameter `weight` gives way to its parts, under PyTorch's names; `weight` itself is then a plain tensor.
 */
import { noGrad } from '../core/autograd';
import { ArgumentError } from '../core/errors';
import { checkAxis, describe } from '../core/shape';
import type { Tensor } from '../core/tensor';
import { type Arguments, readArguments, type Spec } from '../core/arguments';
import { axis as axisParam, number, positive, string } from '../core/params';
import { mul } from '../ops/elementwise/arithmetic';
import { movedim } from '../ops/shape/arranging';
import { randn } from '../ops/random/random';
import { normalize } from '../ops/losses/similarity';
import { norm } from '../ops/reduce/statistics';
import { reshape } from '../ops/shape/views';
import { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from './conv';
import { cannotCopy } from './copying';
import type { HookHandle } from './hooks';
import { Module } from './module';
import { isUnsized, Parameter } from './parameter';

type Fields = Record<string, unknown>;
const fieldsOf = (module: Module): Fields => module as unknown as Fields;

// By module and name of the weight: what stands behind it.
interface Parts {
  kind: string;
  names: string[];
  /** The weight as it is now. */
  weight: () => Tensor;
  handle: HookHandle;
}
const known = new WeakMap<Module, Map<string, Parts>>();

function weightOf(op: string, module: Module, name: string): Parameter {
  if (!(module instanceof Module)) throw new ArgumentError(`[${op}] expected a module, got ${describe(module)}`);
  const layer = module.constructor.name;
  if (known.get(module)?.has(name))
    throw new ArgumentError(`[${op}] "${name}" of ${layer} is computed from others already`);
  string.check(op, 'name', name);
  const weight = fieldsOf(module)[name];
  if (!(weight instanceof Parameter)) throw new ArgumentError(`[${op}] "${name}" is no parameter of ${layer}`);
  if (isUnsized(weight))
    throw new ArgumentError(`[${op}] "${name}" of ${layer} does not know its shape before the first input`);
  return weight;
}

// Lets `name` be what `compute` gives, now and before each forward.
function recompute(
  module: Module,
  name: string,
  kind: string,
  names: string[],
  compute: (settle: boolean) => Tensor,
): void {
  const fields = fieldsOf(module);
  fields[name] = compute(false);
  const handle = module.registerForwardPreHook(() => void (fields[name] = compute(module.training)));
  const parts = known.get(module) ?? new Map<string, Parts>();
  parts.set(name, { kind, names, weight: () => compute(false), handle });
  known.set(module, parts);
  cannotCopy.set(module, `its ${name} is computed from others (${kind})`);
}

function restore<M extends Module>(op: string, kind: string, module: M, name: string): M {
  string.check(op, 'name', name);
  const parts = known.get(module)?.get(name);
  if (parts?.kind !== kind) throw new ArgumentError(`[${op}] "${name}" of ${describe(module)} has no ${kind}`);
  parts.handle.remove();
  known.get(module)!.delete(name);
  if (known.get(module)!.size === 0) cannotCopy.delete(module);
  const fields = fieldsOf(module);
  const weight = noGrad(() => parts.weight().detach().clone());
  for (const part of [...parts.names, name]) delete fields[part];
  fields[name] = new Parameter(weight);
  return module;
}

// --- weight norm ----------------------------------------------------------------------------------------------------

/** Options of {@link weightNorm}, in PyTorch's order. */
export interface WeightNormOptions {
  /** The parameter. Default 'weight'. */
  name: string;
  /** The dimension with a length of its own for each index; null: one length for all. Default 0. */
  dim: number | null;
}
const weightNormSpec = { name: 'weight', dim: axisParam.orNull().or(0) };

/**
 * Splits a weight into its length and its direction: weight = weight_g weight_v / |weight_v| (Salimans and Kingma 2016).
 * @returns the module, whose state has `weight_g` and `weight_v` in place of `weight`
 * @throws ArgumentError if there is no such parameter, or it is split already
 */
export function weightNorm<M extends Module>(module: M, ...options: Arguments<WeightNormOptions>): M {
  const { name, dim } = readArguments<WeightNormOptions>('weightNorm', weightNormSpec, options);
  const weight = weightOf('weightNorm', module, name);
  const axis = dim === null ? null : checkAxis('weightNorm', dim, weight.ndim);
  const others = weight.shape.flatMap((_, i) => (i === axis ? [] : [i]));
  const lengths = (v: Tensor): Tensor => (axis === null ? norm(v) : norm(v, 2, others, { keepdim: true }));
  const [g, v] = [`${name}_g`, `${name}_v`];
  const fields = fieldsOf(module);
  delete fields[name];
  module.registerParameter(g, new Parameter(noGrad(() => lengths(weight))));
  module.registerParameter(v, new Parameter(weight.detach()));
  recompute(module, name, 'weight norm', [g, v], () => {
    const [length, direction] = [fields[g] as Tensor, fields[v] as Tensor];
    return mul(direction, length.div(lengths(direction)));
  });
  return module;
}

/** Takes {@link weightNorm} back: the weight as it is now becomes a parameter again. */
export const removeWeightNorm = <M extends Module>(module: M, name = 'weight'): M =>
  restore('removeWeightNorm', 'weight norm', module, name);

// --- spectral norm --------------------------------------------------------------------------------------------------

/** Options of {@link spectralNorm}, in PyTorch's order. */
export interface SpectralNormOptions {
  /** The parameter. Default 'weight'. */
  name: string;
  /** Steps of the power iteration in each forward in training. Default 1. */
  nPowerIterations: number;
  /** The least length that is divided by. Default 1e-12. */
  eps: number;
  /** The dimension of the outputs. Default 0, and 1 for transposed convolutions. */
  dim: number | null;
}
const spectralNormSpec: Spec<SpectralNormOptions> = {
  ...{ name: 'weight', nPowerIterations: positive.or(1), eps: number({ least: 0 }).or(1e-12) },
  dim: axisParam.orNull(),
};

/**
 * Divides a weight by its largest singular value, as discriminators of GANs want it (Miyato et al. 2018). The singular
 * vectors are followed by power iteration: a little in each forward in training.
 * @returns the module, whose state has `weight_orig` and the buffers `weight_u` and `weight_v` in place of `weight`
 * @throws ArgumentError if there is no such parameter, or it is divided already, or a setting makes no sense
 */
export function spectralNorm<M extends Module>(module: M, ...options: Arguments<SpectralNormOptions>): M {
  const op = 'spectralNorm';
  const { name, nPowerIterations, eps, dim } = readArguments(op, spectralNormSpec, options);
  const weight = weightOf(op, module, name);
  const transposed = [ConvTranspose1d, ConvTranspose2d, ConvTranspose3d].some((c) => module instanceof c);
  const axis = checkAxis(op, dim ?? (transposed ? 1 : 0), weight.ndim);
  const matrix = (w: Tensor): Tensor => reshape(movedim(w, axis, 0), [w.shape[axis]!, -1]);
  const unit = (v: Tensor): Tensor => normalize(v, { dim: 0, eps });
  const [orig, u, v] = [`${name}_orig`, `${name}_u`, `${name}_v`];
  const fields = fieldsOf(module);
  delete fields[name];
  module.registerParameter(orig, new Parameter(weight.detach()));
  const like = { dtype: weight.dtype, device: weight.device };
  const [rows, columns] = matrix(weight.detach()).shape as [number, number];
  module.registerBuffer(u, unit(randn([rows], like)));
  module.registerBuffer(v, unit(randn([columns], like)));
  recompute(module, name, 'spectral norm', [orig, u, v], (settle) => {
    const w = fields[orig] as Tensor;
    const flat = matrix(w);
    let [left, right] = [fields[u] as Tensor, fields[v] as Tensor];
    if (settle) {
      noGrad(() => {
        for (let i = 0; i < nPowerIterations; i++) {
          right = unit(flat.T.matmul(left));
          left = unit(flat.matmul(right));
        }
        (fields[u] as Tensor).copy_(left);
        (fields[v] as Tensor).copy_(right);
      });
    } else [left, right] = [left.clone(), right.clone()]; // a later forward may change the buffers before backward
    return w.div(left.matmul(flat.matmul(right)));
  });
  return module;
}

/** Takes {@link spectralNorm} back: the weight as it is now becomes a parameter again. */
export const removeSpectralNorm = <M extends Module>(module: M, name = 'weight'): M =>
  restore('removeSpectralNorm', 'spectral norm', module, name);
