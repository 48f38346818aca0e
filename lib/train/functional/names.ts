/** @file What layers are called in a functional model, as in Keras: `dense`, `dense_1`, `batch_norm1d`. */

/** Keras's name for a layer of that class. */
export const snakeCase = (name: string): string =>
  name
    .replaceAll(/\W+/g, '')
    .replaceAll(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();

/** Gives out names of which no two are equal: `base`, `base_1`, `base_2`, ... */
export class Names {
  readonly #next = new Map<string, number>();

  /** @param taken - says which names are none */
  constructor(private readonly taken: (name: string) => boolean) {}

  unused(base: string): string {
    for (let i = this.#next.get(base) ?? 0; ; i++) {
      const name = i === 0 ? base : `${base}_${i}`;
      if (this.taken(name)) continue;
      this.#next.set(base, i + 1);
      return name;
    }
  }
}
