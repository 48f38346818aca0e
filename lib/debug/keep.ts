/** @file Models as they were: what a diagnosis changes, and how it is brought back. */
import { noGrad } from '../core/grad-mode';
import { Generator } from '../core/random';
import { getRngState, setRngState, withGenerator } from '../core/random-state';
import { alias, shapeOf, stridesOf, Tensor } from '../core/tensor';
import { keepModes } from '../nn/modes';
import { type Module } from '../nn/module';
import { isUnsized } from '../nn/parameter';

/**
 * The model that is tried: the user's own, so that custom classes and losses that know it work; a copy where layers wait
 * for their sizes, which could not be taken from them again.
 */
export const triedModel = <M extends Module>(model: M): M =>
  [...model.parameters(), ...model.buffers()].some((t) => isUnsized(t)) ? model.clone() : model;

// The tensor shows other memory with the same values until the function that is returned is called. Writing values back
// instead would count as a change in place, and take the gradient away from losses that wait for `backward`.
function standIn(t: Tensor): () => void {
  const { own, other } = noGrad(() => ({
    own: alias(t, shapeOf(t), stridesOf(t), t.offset),
    other: t.detach().clone(),
  }));
  t.adopt(other);
  other.dispose();
  return () => {
    t.adopt(own);
    own.dispose();
  };
}

// Generators that modules hold: those of dropout layers.
const generatorsOf = (model: Module): Generator[] =>
  model.modules().flatMap((m) => Object.values(m).filter((v): v is Generator => v instanceof Generator));

// Tensors in fields that are no state, but what `forward` leaves there: weights computed from others, a last output.
function keepFields(model: Module): () => void {
  const state = new Set<Tensor>([...model.parameters(), ...model.buffers()]);
  const kept = model.modules().flatMap((m) =>
    Object.entries(m)
      .filter(([, v]) => v instanceof Tensor && !state.has(v))
      .map(([name, v]) => [m, { [name]: v as Tensor }] as const),
  );
  return () => kept.forEach(([m, field]) => Object.assign(m, field));
}

/**
 * From here on the model may be run (with `weights`: trained). The function that is returned brings back modes, buffers
 * and generators, and weights and gradients too.
 */
export function keepModel(model: Module, weights: boolean): () => void {
  const restores = [keepModes(model), keepFields(model)];
  for (const b of model.buffers()) restores.push(standIn(b));
  for (const g of generatorsOf(model)) {
    const state = g.getState();
    restores.push(() => g.setState(state));
  }
  if (weights) {
    for (const p of model.parameters()) {
      const { grad } = p;
      p.grad = null;
      const restore = standIn(p);
      restores.push(() => {
        restore();
        p.grad = grad;
      });
    }
  }
  return () => restores.reverse().forEach((restore) => restore());
}

/** Runs `fn`, which is synchronous, with a model that may be run; the random state is brought back too. */
export function looking<R>(model: Module, fn: () => R): R {
  const random = getRngState();
  const restore = keepModel(model, false);
  try {
    return fn();
  } finally {
    restore();
    setRngState(random);
  }
}

/** Runs `fn` with a generator of its own, which begins where the one in use is: what is drawn changes nothing. */
export function aside<R>(fn: () => R): R {
  const generator = new Generator(0);
  generator.setState(getRngState());
  return withGenerator(generator, fn);
}

/** Runs `fn` with a model that may be trained, and {@link aside}. */
export async function trying<R>(model: Module, fn: () => Promise<R>): Promise<R> {
  const restore = keepModel(model, true);
  try {
    return await aside(fn);
  } finally {
    restore();
  }
}
