/** @file Instances of classes, other than modules and tensors, that a module may hold in a file. */
import { Generator, type RngState } from '../../core/random';
import { Slice } from '../../ops/indexing/plan';
import { Held, Slot } from '../functional/graph';

/** How a class is written and read. */
interface Kind {
  readonly type: abstract new (...args: never) => object;
  write(v: never): unknown[];
  read(args: readonly unknown[]): object;
}

const kinds: Record<string, Kind> = {
  slot: { type: Slot, write: (v: Slot) => [v.slot], read: ([slot]) => new Slot(slot as number) },
  held: { type: Held, write: (v: Held) => [v.name], read: ([name]) => new Held(name as string) },
  slice: {
    type: Slice,
    write: (v: Slice) => [v.start, v.stop, v.step],
    read: ([start, stop, step]) => new Slice(start as number, stop as number, step as number),
  },
  generator: {
    type: Generator,
    write: (v: Generator) => [v.getState()],
    read: ([state]) => {
      const g = new Generator(0);
      g.setState(state as RngState);
      return g;
    },
  },
  map: {
    type: Map,
    write: (v: Map<unknown, unknown>) => [...v],
    read: (list) => new Map(list as [unknown, unknown][]),
  },
  set: { type: Set, write: (v: Set<unknown>) => [...v], read: (list) => new Set(list) },
};

/** The name of the value's kind, and what it is made from; undefined for what no file can hold. */
export function partsOf(v: object): [kind: string, parts: unknown[]] | undefined {
  const found = Object.entries(kinds).find(([, k]) => v instanceof k.type);
  return found && [found[0], found[1].write(v as never)];
}

/** The reverse. */
export const fromParts = (kind: string, parts: readonly unknown[]): object | undefined => kinds[kind]?.read(parts);
