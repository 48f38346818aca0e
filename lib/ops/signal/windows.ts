/**
 * @file The windows of signal processing under the names of torch.signal.windows (`ng.signal.windows`), and
 * kaiserWindow. generators.ts has the other ones of torch itself. All are computed in float64 and rounded once.
 */
import { readArguments, type InOrderOrByName } from '../../core/arguments';
import { ArgumentError } from '../../core/errors';
import { boolean, device, dtype, integer, number, numbers } from '../../core/params';
import type { Tensor } from '../../core/tensor';
import { add, div, mul, sub } from '../elementwise/arithmetic';
import { cast } from '../tensors/cast';
import { arange, full, ones, type TensorOptions } from '../tensors/create';
import { abs, clampMin, cos, exp, sin, sqrt, square } from '../elementwise/math';
import { i0 } from '../elementwise/special-functions';

/** What all windows take. */
export interface SignalWindowOptions extends TensorOptions {
  /** How many samples. */
  M: number;
  /** Symmetric (default), or periodic: the symmetric one of M + 1 samples without the last. */
  sym?: boolean | undefined;
}

const samples = { M: integer({ least: 0 }) };
const made = { dtype: dtype.optional(), device: device.optional(), requiresGrad: false };
const common = { sym: boolean.or(true), ...made };

type Windowed<O> = InOrderOrByName<[M: number], SignalWindowOptions & O>;

// `f` of the numbers 0 .. n - 1; one sample is 1.
function windowOf(n: number, o: TensorOptions, f: (k: Tensor) => Tensor): Tensor {
  const wide = { dtype: 'float64', ...(o.device && { device: o.device }) } as const;
  const out = cast(n === 1 ? ones([1], wide) : f(arange(n, wide)), o.dtype ?? 'float32');
  if (o.requiresGrad) out.requiresGrad = true;
  return out;
}

// How many steps there are from the first sample to the one with its value at the other end.
const span = (M: number, sym: boolean): number => (sym ? M - 1 : M);

// sum_i (-1)^i a[i] cos(i x), x one turn over the span.
function cosines(M: number, a: readonly number[], sym: boolean, o: TensorOptions): Tensor {
  return windowOf(M, o, (k) => {
    const x = mul(k, (2 * Math.PI) / span(M, sym));
    return a.map((v, i) => mul(cos(mul(x, i)), i % 2 === 0 ? v : -v)).reduce((t, u) => add(t, u));
  });
}

const generalCosineArguments = { ...samples, a: numbers, ...common };
/** A sum of cosines: a[0] - a[1] cos(x) + a[2] cos(2 x) - .., x one turn over the window. */
export function generalCosine(
  ...args: InOrderOrByName<[M: number, a: readonly number[]], SignalWindowOptions & { a: readonly number[] }>
): Tensor {
  const { M, a, sym, ...o } = readArguments('signal.windows.generalCosine', generalCosineArguments, args);
  if (a.length === 0) throw new ArgumentError('[signal.windows.generalCosine] needs at least one coefficient');
  return cosines(M, a, sym, o);
}

const generalHammingArguments = { ...samples, alpha: number().or(0.54), ...common };
/** alpha - (1 - alpha) cos(x); alpha defaults to 0.54. */
export function generalHamming(...args: Windowed<{ alpha?: number | undefined }>): Tensor {
  const { M, alpha, sym, ...o } = readArguments('signal.windows.generalHamming', generalHammingArguments, args);
  return cosines(M, [alpha, 1 - alpha], sym, o);
}

const plainArguments = { ...samples, ...common };
type Plain = (...args: Windowed<object>) => Tensor;
const sumOfCosines = (name: string, a: readonly number[]): Plain => {
  const op = `signal.windows.${name}`;
  return (...args) => {
    const { M, sym, ...o } = readArguments(op, plainArguments, args);
    return cosines(M, a, sym, o);
  };
};
/** (1 - cos(x)) / 2 */
export const hann = sumOfCosines('hann', [0.5, 0.5]);
/** 0.54 - 0.46 cos(x) */
export const hamming = sumOfCosines('hamming', [0.54, 0.46]);
/** 0.42 - 0.5 cos(x) + 0.08 cos(2 x) */
export const blackman = sumOfCosines('blackman', [0.42, 0.5, 0.08]);
/** Nuttall's window of four terms with the least side lobes. */
export const nuttall = sumOfCosines('nuttall', [0.3635819, 0.4891775, 0.1365995, 0.0106411]);

/** A triangle from 0 to 1 and back. */
export const bartlett: Plain = (...args) => {
  const { M, sym, ...o } = readArguments('signal.windows.bartlett', plainArguments, args);
  return windowOf(M, o, (k) => sub(1, abs(sub(mul(k, 2 / span(M, sym)), 1))));
};

/** Half a turn of a sine. */
export const cosine: Plain = (...args) => {
  const { M, sym, ...o } = readArguments('signal.windows.cosine', plainArguments, args);
  return windowOf(M, o, (k) => sin(mul(add(k, 0.5), Math.PI / (span(M, sym) + 1))));
};

const positive = number({ above: 0 });

const exponentialArguments = { ...samples, center: number().orNull(), tau: positive.or(1), ...common };
/** exp(-|k - center| / tau). A center (default the middle) can be given only for a periodic window. */
export function exponential(
  ...args: Windowed<{ center?: number | null | undefined; tau?: number | undefined }>
): Tensor {
  const op = 'signal.windows.exponential';
  const { M, center, tau, sym, ...o } = readArguments(op, exponentialArguments, args);
  if (sym && center !== null) throw new ArgumentError(`[${op}] a symmetric window has its center in the middle`);
  const middle = center ?? span(M, sym) / 2;
  return windowOf(M, o, (k) => exp(mul(abs(sub(k, middle)), -1 / tau)));
}

const gaussianArguments = { ...samples, std: positive.or(1), ...common };
/** exp(-(k - middle)^2 / (2 std^2)) */
export function gaussian(...args: Windowed<{ std?: number | undefined }>): Tensor {
  const { M, std, sym, ...o } = readArguments('signal.windows.gaussian', gaussianArguments, args);
  return windowOf(M, o, (k) => exp(mul(square(sub(k, span(M, sym) / 2)), -0.5 / std ** 2)));
}

// I0(beta sqrt(1 - x^2)) / I0(beta), x from -1 to 1 over the window.
function kaiserOf(M: number, beta: number, sym: boolean, o: TensorOptions): Tensor {
  return windowOf(M, o, (k) => {
    const x = sub(mul(k, 2 / span(M, sym)), 1);
    const most = i0(full([], beta, { dtype: 'float64', ...(o.device && { device: o.device }) }));
    // Rounding may lead beyond the end.
    return div(i0(mul(sqrt(clampMin(sub(1, square(x)), 0)), beta)), most);
  });
}
const beta = number({ least: 0 }).or(12);

const kaiserArguments = { ...samples, beta, ...common };
/** Kaiser's window: {@link kaiserWindow}, symmetric unless said otherwise. */
export function kaiser(...args: Windowed<{ beta?: number | undefined }>): Tensor {
  const { M, beta: b, sym, ...o } = readArguments('signal.windows.kaiser', kaiserArguments, args);
  return kaiserOf(M, b, sym, o);
}

/** Options of {@link kaiserWindow}. */
export interface KaiserOptions extends TensorOptions {
  windowLength: number;
  /** Leave the last value out, so that copies side by side go on without a break. Default true. */
  periodic?: boolean | undefined;
  /** How narrow the window is. Default 12. */
  beta?: number | undefined;
}
const kaiserWindowArguments = { windowLength: integer({ least: 0 }), periodic: true, beta, ...made };
/** Kaiser's window of n samples: I0(beta sqrt(1 - x^2)) / I0(beta), x from -1 to 1. */
export function kaiserWindow(
  ...args: InOrderOrByName<[windowLength: number, periodic?: boolean, beta?: number], KaiserOptions>
): Tensor {
  const { windowLength, periodic, beta: b, ...o } = readArguments('kaiserWindow', kaiserWindowArguments, args);
  return kaiserOf(windowLength, b, !periodic, o);
}
