/** @file Chooses the next statement of a program from the surface, from valid samples of the op table, and from habit. */
import type { Random } from './random';
import type { Callable } from './surface';
import type { Statement } from './program';
import { type Held, Values } from './values';

/** A call that works: the op's name, expressions of its arguments. */
export interface Template {
  path: string;
  args: string[];
}

export class Generator {
  private readonly values: Values;
  private readonly functions: Callable[];
  private readonly constructors: Callable[];
  private count = 0;

  constructor(
    private readonly random: Random,
    private readonly surface: Callable[],
    private readonly templates: Template[],
    private readonly held: Held[],
    private readonly classAt: (path: string) => (abstract new (...args: never[]) => unknown) | undefined,
  ) {
    // Some programs are nearly sane and get far, some are not.
    const malice = random.pick([0.005, 0.02, 0.02, 0.06, 0.15]);
    this.values = new Values(random, surface, held, classAt, malice);
    this.functions = surface.filter((c) => c.kind === 'function');
    this.constructors = surface.filter((c) => c.kind === 'new');
  }

  next(): Statement {
    const r = this.random;
    const target = `v${this.count++}`;
    const floats = r.chance(0.04);
    const roll = r.below(100);
    const expr =
      roll < 22 ? this.fromTemplate()
      : roll < 42 ? this.callOf(r.pick(this.functions))
      : roll < 50 ? this.callOf(r.pick(this.constructors))
      : roll < 72 ? this.member('ng.Tensor')
      : roll < 84 ? this.member()
      : roll < 88 ? this.values.tensor()
      : this.gradients(); // prettier-ignore
    return { target, expr, floats };
  }

  private callOf(c: Callable, self?: string): string {
    const args = this.values.arguments(c);
    if (c.kind === 'set') return `${self}.${c.path} = ${args[0] ?? 'undefined'}`;
    const name = c.kind === 'method' ? `${self}.${c.path}` : c.path;
    return `${c.kind === 'new' ? 'new ' : ''}${name}(${args.join(', ')})`;
  }

  // One argument of a call that works is replaced, or none, so that kernels are reached with odd tensors.
  private fromTemplate(): string {
    const r = this.random;
    const { path, args } = r.pick(this.templates);
    const given = [...args];
    const at = r.below(given.length + 1);
    if (at < given.length && r.chance(0.6)) {
      const shape = /^ng\.tensor\(.*shape: (\[[^\]]*\])/.exec(given[at]!)?.[1];
      const same = shape && r.chance(0.7);
      given[at] = same
        ? this.values.tensor(shape)
        : r.chance(0.3)
          ? this.values.hostile()
          : this.values.of({ k: 'any' }, 'x', 0);
    }
    return `${path}(${given.join(', ')})`;
  }

  /** A method or setter of a live instance of a class (of any, if none is named). */
  private member(path?: string): string {
    const r = this.random;
    const owner = path ? this.classAt(path) : undefined;
    const live = this.held.filter(
      (h) =>
        typeof h.value === 'object' && h.value !== null && (owner ? h.value instanceof owner : !this.isTensor(h.value)),
    );
    if (!live.length) return path ? this.values.tensor() : this.callOf(r.pick(this.constructors));
    const self = r.pick(live);
    const members = this.surface.filter((c) => {
      const type = c.owner ? this.classAt(c.owner) : undefined;
      return type !== undefined && self.value instanceof type;
    });
    if (!members.length) return this.values.tensor();
    const forward = members.filter((c) => c.path === 'forward' || c.path === 'step');
    return this.callOf(forward.length && r.chance(0.5) ? r.pick(forward) : r.pick(members), self.name);
  }

  private isTensor(v: unknown): boolean {
    const type = this.classAt('ng.Tensor');
    return type !== undefined && v instanceof type;
  }

  private gradients(): string {
    const r = this.random;
    const live = this.held.filter((h) => this.isTensor(h.value) && (h.value as { requiresGrad: boolean }).requiresGrad);
    if (!live.length) return `${this.values.tensor()}.requiresGrad_()`;
    const a = r.pick(live).name;
    const b = r.pick(live).name;
    return r.pick([
      `${a}.sum().backward()`,
      `${a}.sum().backward({ createGraph: true })`,
      `${a}.sum().backward({ retainGraph: true })`,
      `${a}.backward(${this.values.tensor(`${a}.shape`)})`,
      `ng.grad(${a}.sum(), ${b})`,
      `ng.grad(${a}, [${b}], { gradOutputs: ${this.values.tensor(`${a}.shape`)}, createGraph: true })`,
      `${a}.registerHook(${this.values.callback({ k: 'class', path: 'ng.Tensor' }, 2)})`,
      `${a}.retainGrad()`,
      `${b}.grad.add_(1)`,
    ]);
  }
}
