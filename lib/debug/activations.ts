/** @file Units that no longer learn: ReLUs that are never active, sigmoids and tanhs that are flat. */
import { readOptions, type Given } from '../core/arguments';
import { noGrad } from '../core/grad-mode';
import { probability } from '../core/params';
import { Tensor } from '../core/tensor';
import { Hardsigmoid, Hardtanh, ReLU, ReLU6, Sigmoid, Tanh } from '../nn/activations';
import { type Module } from '../nn/module';
import { type Arrays } from '../train/tensors';
import { looking, triedModel } from './keep';
import { columns, percent, Report, some } from './report';
import { argumentsOf } from './trace';
import { needModule } from './trial';

/** The units of one layer. */
export interface UnitsRow {
  /** Its path; '' is the model itself. */
  layer: string;
  type: string;
  /** Units: channels of [n, c, ...], features of [n, f] and [n, t, f]. */
  units: number;
  /** How many of them are dead (or saturated). */
  count: number;
  /** The share of them, 0 to 1. */
  share: number;
}

type Flat = (v: number) => boolean;
const layersOf = <K extends string>(
  kinds: Readonly<Record<K, readonly (abstract new (...args: never) => Module)[]>>,
): ((m: Module) => K | undefined) => {
  const names = Object.keys(kinds) as K[];
  return (m) => {
    const found = names.find((k) => kinds[k].some((c) => m instanceof c));
    if (found) return found;
    // Layers that have an activation themselves, as Dense does: by name, or a layer.
    const { activation } = m as { activation?: unknown };
    return names.find((k) => activation === k || kinds[k].some((c) => activation instanceof c));
  };
};

const relus = layersOf({ relu: [ReLU], relu6: [ReLU6] });
const saturating = layersOf({ sigmoid: [Sigmoid], tanh: [Tanh], hardsigmoid: [Hardsigmoid], hardtanh: [Hardtanh] });

// A derivative below a hundredth of its largest: sigmoid (1 - s) s < 0.0025, tanh 1 - t^2 < 0.01.
const flatAt: Readonly<Record<string, Flat>> = {
  sigmoid: (v) => v < 0.0025 || v > 0.9975,
  hardsigmoid: (v) => v <= 0 || v >= 1,
  tanh: (v) => Math.abs(v) > 0.995,
  hardtanh: (v) => Math.abs(v) >= 1,
};

// Features are last where there are 2 or 3 dimensions; images have channels second.
function unitsOf(t: Tensor): { units: number; unit: (i: number) => number } {
  const { shape } = t;
  if (shape.length < 2) return { units: 1, unit: () => 0 };
  if (shape.length <= 3) {
    const units = shape.at(-1)!;
    return { units, unit: (i) => i % units };
  }
  const units = shape[1]!;
  const inner = shape.slice(2).reduce((n, d) => n * d, 1);
  return { units, unit: (i) => Math.floor(i / inner) % units };
}

/** For each layer of the kind: in how many of its values each unit is flat, with the number of values. */
function flatUnits(
  op: string,
  model: Module,
  x: unknown,
  kind: (m: Module) => string | undefined,
  flat: (kind: string) => Flat,
): { layer: string; type: string; flat: number[]; values: number }[] {
  needModule(op, model);
  const tried = triedModel(model);
  const args = argumentsOf(op, tried, x);
  const rows = new Map<Module, { layer: string; type: string; flat: number[]; values: number }>();
  looking(tried, () => {
    const hooks = tried.namedModules().flatMap(([layer, m]) => {
      const k = kind(m);
      if (k === undefined) return [];
      const test = flat(k);
      return m.registerForwardHook((_, __, output) => {
        if (!(output instanceof Tensor)) return;
        const { units, unit } = unitsOf(output);
        const values = output.detach().dataSync();
        const row = rows.get(m) ?? { layer, type: m.constructor.name, flat: Array<number>(units).fill(0), values: 0 };
        for (let i = 0; i < values.length; i++) if (test(Number(values[i]))) row.flat[unit(i)]!++;
        row.values += values.length / units;
        rows.set(m, row);
      });
    });
    try {
      tried.eval();
      noGrad(() => void tried.forward(...args));
    } finally {
      hooks.forEach((h) => h.remove());
    }
  });
  return [...rows.values()];
}

/** Units by layer: what {@link deadReLU} and {@link saturation} found. */
export class Units extends Report {
  /** @internal */
  constructor(
    readonly layers: readonly UnitsRow[],
    /** The share of all units of all these layers. */
    readonly share: number,
    readonly advice: string,
    private readonly word: string,
  ) {
    super();
  }

  protected lines(): string[] {
    if (this.layers.length === 0) return [`no layer that could be ${this.word}`];
    const rows = this.layers.map((r) => [
      r.layer || '(model)',
      r.type,
      String(r.units),
      String(r.count),
      percent(r.share),
    ]);
    return columns(['layer', 'class', 'units', this.word, 'share'], rows);
  }
}

function report(
  found: ReturnType<typeof flatUnits>,
  word: string,
  isFlat: (flat: number, values: number) => boolean,
  advice: (worst: string[]) => string,
  well: string,
): Units {
  const layers = found.map(({ layer, type, flat, values }): UnitsRow => {
    const count = flat.filter((n) => isFlat(n, values)).length;
    return { layer, type, units: flat.length, count, share: count / flat.length };
  });
  const units = layers.reduce((n, r) => n + r.units, 0);
  const share = units === 0 ? 0 : layers.reduce((n, r) => n + r.count, 0) / units;
  const bad = layers.filter((r) => r.share > many).map((r) => `${r.layer || '(model)'} (${percent(r.share)})`);
  const none = `No ${word === 'dead' ? 'ReLU' : 'sigmoid or tanh'} layer was found: functions inside of forward are not seen, only modules and activations of layers.`;
  return new Units(layers, share, layers.length === 0 ? none : bad.length > 0 ? advice(bad) : well, word);
}

// More than this share of a layer is worth doing something about; CS231n calls 40 % dead possible at a rate too high.
const many = 0.4;

/**
 * The share of units that no example activates, of each ReLU: such a unit gets no gradient from these examples. Sees ReLU and
 * ReLU6 modules and layers with such an activation (`new nn.Dense(8, { activation: 'relu' })`), by hooks; a function that
 * `forward` calls (`ng.relu(x)`) is no module, and not seen. The model is evaluating meanwhile and stays as it was.
 *
 * Source: CS231n notes, "Commonly used activation functions": as much as 40 % may be dead if the rate is too high.
 *
 * @param x - what `forward` takes; a few hundred examples, as a unit that is dead for ten of them is not for all
 * @returns a row for each layer: units, how many are dead, and their share
 * @throws ArgumentError for an input that is none; what `forward` throws
 */
export async function deadReLU(model: Module, x: Arrays | readonly unknown[]): Promise<Units> {
  const found = flatUnits('deadReLU', model, x, relus, () => (v) => !(v > 0));
  return report(
    found,
    'dead',
    (flat, values) => flat === values,
    (bad) =>
      `Many units are never active in ${some(bad)}: lower the learning rate, start biases at zero or slightly above, use LeakyReLU, or normalise the inputs.`,
    'The ReLUs are alive: most units are active for some example.',
  );
}

/** Settings of {@link saturation}. */
export interface SaturationOptions {
  /** A unit is saturated where at least this share of its values is flat, default 0.5. */
  threshold?: number | undefined;
}
const saturationSpec = { threshold: probability.or(0.5) };

/**
 * The share of saturated units of each sigmoid and tanh: those whose slope is less than a hundredth of the largest for half
 * of the examples (`threshold`), so that hardly any gradient passes. Sees modules and activations of layers, as {@link deadReLU}. The
 * output layer of a trained classifier is saturated where it is sure: look at the hidden ones.
 *
 * Source: Glorot and Bengio (2010), "Understanding the difficulty of training deep feedforward neural networks".
 *
 * @param x - what `forward` takes
 * @returns a row for each layer: units, how many are saturated, and their share
 * @throws ArgumentError for an input or option that is none; what `forward` throws
 */
export async function saturation(
  model: Module,
  x: Arrays | readonly unknown[],
  options?: Given<SaturationOptions>,
): Promise<Units> {
  const { threshold } = readOptions('saturation', saturationSpec, options as object);
  const found = flatUnits('saturation', model, x, saturating, (kind) => flatAt[kind]!);
  return report(
    found,
    'saturated',
    (flat, values) => flat >= threshold * values,
    (bad) =>
      `Many units are flat in ${some(bad)}: scale the inputs, use smaller initial weights (xavierUniform_), ReLU in place of them, or normalisation before them.`,
    'The sigmoids and tanhs are not saturated.',
  );
}
