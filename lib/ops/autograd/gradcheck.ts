/** @file Checks of gradients against finite differences, as torch.autograd.gradcheck. */
import { enableGrad } from '../../core/autograd';
import { isFloat } from '../../core/dtype';
import { ArgumentError, AutogradError } from '../../core/errors';
import { describe, showShape } from '../../core/shape';
import { Tensor } from '../../core/tensor';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { boolean, fn as fnParam, number, Param } from '../../core/params';
import { cast } from '../tensors/cast';
import { tensor, zeros } from '../tensors/create';
import { grad, listOf } from './backward';

/** A function under test: tensors to a tensor, or to several. */
export type Checked = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

/** Options of {@link gradcheck}. */
export interface GradcheckOptions {
  /** Step of the finite differences. Default 1e-6. */
  eps?: number | undefined;
  /** Absolute tolerance. Default 1e-5. */
  atol?: number | undefined;
  /** Relative tolerance. Default 1e-3. */
  rtol?: number | undefined;
  /** Throw where gradients differ, rather than return false. Default true. */
  raiseException?: boolean | undefined;
}

/** Arguments of {@link gradcheck} by name. */
export interface GradcheckArguments extends GradcheckOptions {
  func: Checked;
  inputs: Tensor | readonly Tensor[];
}
/** Arguments of {@link gradgradcheck} by name. */
export interface GradgradcheckArguments extends GradcheckArguments {
  /** Where the gradients start; default: numbers of this function's own, for float outputs. */
  gradOutputs?: Tensor | readonly Tensor[] | null | undefined;
}
const tensorsParam = new Param<Tensor | readonly Tensor[]>('a tensor or an array of tensors', (v, op, name) => {
  const list: unknown[] = Array.isArray(v) ? v : [v];
  for (const t of list) {
    if (!(t instanceof Tensor)) throw new ArgumentError(`[${op}] ${name} must be tensors, got ${describe(t)}`);
    t.checkAlive(op);
  }
  return v as Tensor | readonly Tensor[];
});
const required = { func: fnParam<Checked>(), inputs: tensorsParam };
const optionSpec: Spec<Required<GradcheckOptions>> = {
  ...{ eps: number({ above: 0 }).or(1e-6), atol: number({ least: 0 }).or(1e-5), rtol: number({ least: 0 }).or(1e-3) },
  raiseException: boolean.or(true),
};
const checkSpec: Spec<Required<GradcheckArguments>> = { ...required, ...optionSpec };
const gradgradSpec: Spec<Required<GradgradcheckArguments>> = {
  ...required,
  gradOutputs: tensorsParam.orNull(),
  ...optionSpec,
};

const valuesOf = (t: Tensor): Float64Array => cast(t.detach(), 'float64').dataSync() as Float64Array;
const leafOf = (values: Float64Array, like: Tensor): Tensor =>
  tensor(values, { shape: like.shape, dtype: 'float64', device: like.device }).requiresGrad_();

// Inputs that require gradients, in float64: finite differences need the digits.
function prepare(op: string, inputs: Tensor | readonly Tensor[]): Tensor[] {
  const list = listOf(inputs).map((t) => {
    if (!t.requiresGrad || t.dtype === 'float64') return t;
    return cast(t.detach(), 'float64').requiresGrad_();
  });
  if (!list.some((t) => t.requiresGrad))
    throw new ArgumentError(`[${op}] at least one input must require gradients, or there is nothing to check`);
  return list;
}

// What the function under test returned, which may be anything.
const tensorsOf = (op: string, returned: unknown): readonly Tensor[] =>
  listOf(tensorsParam.check(op, 'what func returns', returned));

// Float outputs of fn that depend on the inputs; of others the gradient is taken to be zero.
const outputsOf = (fn: Checked, inputs: readonly Tensor[]): Tensor[] =>
  enableGrad(() => tensorsOf('gradcheck', fn(...inputs)).filter((t) => isFloat(t.dtype)));

// d outputs / d inputs[which], by central differences: [output][input element][output element].
function numerical(fn: Checked, inputs: readonly Tensor[], which: number, eps: number): Float64Array[][] {
  const base = valuesOf(inputs[which]!);
  const columns: Float64Array[][] = [];
  const at = (element: number, step: number): Float64Array[] => {
    const moved = base.slice();
    moved[element]! += step;
    const list = inputs.map((t, i) => (i === which ? leafOf(moved, t) : t));
    return outputsOf(fn, list).map(valuesOf);
  };
  for (let e = 0; e < base.length; e++) {
    const low = at(e, -eps);
    at(e, eps).forEach((high, o) => {
      if (low[o]?.length !== high.length)
        throw new AutogradError('[gradcheck] the function returns other shapes for inputs that hardly differ');
      (columns[o] ??= []).push(high.map((v, k) => (v - low[o]![k]!) / (2 * eps)));
    });
  }
  return columns;
}

// Row k of the Jacobian of one output, for every input, by backward from a unit vector.
function analytical(out: Tensor, inputs: readonly Tensor[], k: number): (Float64Array | null)[] {
  const unit = new Float64Array(out.numel);
  unit[k] = 1;
  const seed = cast(tensor(unit, { shape: out.shape, dtype: 'float64', device: out.device }), out.dtype);
  const grads = grad(out, inputs, { gradOutputs: seed, retainGraph: true, allowUnused: true });
  return (grads as (Tensor | null)[]).map((g) => g && valuesOf(g));
}

type Settings = Required<GradcheckOptions>;

function compare(fn: Checked, inputs: readonly Tensor[], { eps, atol, rtol }: Settings): string | undefined {
  const wanted = inputs.map((t, i) => ({ t, i })).filter(({ t }) => t.requiresGrad);
  const outputs = outputsOf(fn, inputs);
  const byInput = wanted.map(({ i }) => numerical(fn, inputs, i, eps));
  for (const [o, out] of outputs.entries()) {
    for (let k = 0; k < out.numel; k++) {
      const rows = out.requiresGrad
        ? analytical(
            out,
            wanted.map(({ t }) => t),
            k,
          )
        : wanted.map(() => null);
      for (const [w, { t, i }] of wanted.entries()) {
        for (let e = 0; e < t.numel; e++) {
          const n = byInput[w]![o]![e]![k]!;
          const a = rows[w]?.[e] ?? 0;
          if (Math.abs(a - n) <= atol + rtol * Math.abs(n)) continue;
          return (
            `output ${o} ${showShape(out.shape)}, element ${k}, by input ${i} ${showShape(t.shape)}, element ${e}: ` +
            `backward gives ${a}, finite differences ${n}`
          );
        }
      }
    }
  }
  return undefined;
}

function verdict(op: string, difference: string | undefined, { raiseException }: Settings): boolean {
  if (difference === undefined) return true;
  if (raiseException) throw new AutogradError(`[${op}] the gradients differ at ${difference}`, 'ERR_GRADCHECK');
  return false;
}

/**
 * Whether the gradients of `func` by backward agree with finite differences, for every input that requires gradients.
 * float32 inputs are checked as float64.
 * @throws AutogradError (ERR_GRADCHECK) naming the first element that differs
 * @throws ArgumentError (ERR_INVALID_ARG) if no input requires gradients
 */
export function gradcheck(
  ...args: InOrderOrByName<
    [func: Checked, inputs: Tensor | readonly Tensor[], options?: GradcheckOptions],
    GradcheckArguments
  >
): boolean {
  const { func, inputs, ...options } = readArguments('gradcheck', checkSpec, args);
  return verdict('gradcheck', compare(func, prepare('gradcheck', inputs), options), options);
}

/**
 * {@link gradcheck} of the gradient of `func`: second derivatives.
 * @param args - `gradOutputs` say where the gradients start; default: numbers of this function's own
 */
export function gradgradcheck(
  ...args: InOrderOrByName<
    [
      func: Checked,
      inputs: Tensor | readonly Tensor[],
      gradOutputs?: Tensor | readonly Tensor[] | null,
      options?: GradcheckOptions,
    ],
    GradgradcheckArguments
  >
): boolean {
  const { func: fn, inputs, gradOutputs, ...options } = readArguments('gradgradcheck', gradgradSpec, args);
  const list = prepare('gradgradcheck', inputs);
  const outputs = outputsOf(fn, list).filter((t) => t.requiresGrad);
  const given = gradOutputs && listOf(gradOutputs);
  if (given && given.length !== outputs.length)
    throw new ArgumentError(`[gradgradcheck] got ${given.length} gradOutputs for ${outputs.length} outputs`);
  const seeds =
    given ??
    outputs.map((t) =>
      leafOf(
        Float64Array.from({ length: t.numel }, (_, k) => Math.sin(7 * k + 1)),
        t,
      ),
    );
  const first: Checked = (...all) => {
    const own = all.slice(0, list.length);
    const wanted = own.filter((t) => t.requiresGrad);
    const outs = tensorsOf('gradgradcheck', fn(...own)).filter((t) => t.requiresGrad);
    if (outs.length !== seeds.length)
      throw new AutogradError(
        `[gradgradcheck] the function returns ${outs.length} outputs now, before ${seeds.length}`,
      );
    const starts = all.slice(list.length).map((s, i) => cast(s, outs[i]!.dtype));
    const grads = grad(outs, wanted, { gradOutputs: starts, createGraph: true, allowUnused: true });
    return (grads as (Tensor | null)[]).map((g, i) => g ?? zeros(wanted[i]!.shape, { dtype: 'float64' }));
  };
  return verdict('gradgradcheck', compare(first, [...list, ...prepareSeeds(seeds)], options), options);
}

const prepareSeeds = (seeds: readonly Tensor[]): Tensor[] =>
  seeds.map((s) => (s.requiresGrad ? s : s.detach().requiresGrad_()));
