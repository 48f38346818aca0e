/** @file Names of losses, optimizers and metrics: tables that users can extend. */
import { ArgumentError } from '../core/errors';
import { fn, string } from '../core/params';
import { describe } from '../core/shape';

const functionParam = fn();

/** What names stand for. `set` adds an entry or replaces one; trainings compiled afterwards know it. */
export class Table<T> {
  readonly #entries: Map<string, T>;

  constructor(
    /** What the entries are, for errors. */
    readonly what: string,
    entries: Readonly<Record<string, T>>,
  ) {
    this.#entries = new Map(Object.entries(entries));
  }

  /** The names that there are. */
  names(): string[] {
    return [...this.#entries.keys()];
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** Gives `name` a meaning, a function. */
  set(name: string, entry: T): this {
    const op = `register${this.what[0]!.toUpperCase()}${this.what.slice(1)}`;
    this.#entries.set(string.check(op, 'name', name), functionParam.check(op, 'entry', entry) as T);
    return this;
  }

  /** What `name` stands for. @throws ArgumentError that lists the names that there are */
  get(op: string, name: unknown): T {
    const entry = this.#entries.get(name as string);
    if (entry === undefined)
      throw new ArgumentError(`[${op}] unknown ${this.what} ${describe(name)}; there are ${this.names().join(', ')}`);
    return entry;
  }
}
