/**
 * @file Expressions for arguments: what the type asks for, mostly, and now and then something hostile. Everything is
 * JavaScript source that uses only `ng` and earlier variables, so that a failing program can be printed as it is.
 */
import type { Random } from './random';
import type { Callable, Kind, Parameter } from './surface';

/** An earlier result: the expression that names it, and what it is. */
export interface Held {
  name: string;
  value: unknown;
}

type Class = abstract new (...args: never[]) => unknown;

export const dtypes = ['float32', 'float64', 'int32', 'int64', 'uint8', 'bool', 'bfloat16', 'float16'];

const hostileNumbers = [
  'NaN', 'Infinity', '-Infinity', '-0', '-1', '0', '0.5', '1e9', '2 ** 31', '2 ** 32 + 1', '2 ** 53', '-(2 ** 31)',
  '1e300', '5e-324', 'Number.MAX_SAFE_INTEGER',
]; // prettier-ignore

/** Thrown by hostile callbacks on purpose; it may come out of any call that runs one. */
export const mine = 'mine';

const hostile = [
  'null', 'undefined', 'true', "''", "'abc'", "'1'", "'__proto__'", "'constructor'", "'float32'", '2n', "Symbol('s')",
  '[]', '[[]]', '[1, 2]', '[NaN]', "['1']", '[, 1]', '[1.5]', '[null]', '{}', '{ length: 2 }', '{ length: -1 }',
  'Object.create(null)', 'new Map([[1, 2]])', 'new Set([1])', 'new Date(0)', '/x/', 'Promise.resolve(1)', '() => 1',
  'new Float32Array(2)', 'new Uint8Array(0)', 'new BigInt64Array(1)', 'new DataView(new ArrayBuffer(4))', 'new ArrayBuffer(8)',
  '{ valueOf() { return 2; } }', "{ toString() { return '2'; } }", "{ valueOf() { throw new Error('mine'); } }",
  "{ get dtype() { throw new Error('mine'); } }", '{ __proto__: { dim: 1 } }', "JSON.parse('{\"__proto__\": 1}')",
  '(() => { const a = [1]; a.push(a); return a; })()', '(() => { const o = {}; o.o = o; return o; })()', 'ng', 'ng.Tensor',
  'ng.ones', 'class extends ng.nn.Module {}', 'new Array(3)', 'new Proxy([1, 2], {})', '(function* () { yield 1; })()',
]; // prettier-ignore

export class Values {
  /** Sizes that this program prefers, so that shapes often fit together. */
  private readonly sizes: number[];

  constructor(
    private readonly random: Random,
    private readonly surface: Callable[],
    private readonly held: Held[],
    private readonly classAt: (path: string) => Class | undefined,
    /** How often a value is hostile. */
    private readonly malice: number,
  ) {
    this.sizes = [1, 2, 3, 4].map(() => random.pick([1, 2, 2, 3, 3, 4, 5, 6, 8]));
  }

  arguments(c: Callable): string[] {
    const out: string[] = [];
    for (const p of c.params) {
      const times = p.rest ? this.random.pick([0, 1, 1, 2, 3]) : 1;
      if (p.optional && this.random.chance(0.4)) break;
      for (let i = 0; i < times; i++) out.push(this.parameter(p));
    }
    if (this.random.chance(this.malice / 4)) out.push(this.hostile());
    if (out.length && this.random.chance(this.malice / 4)) out.pop();
    return out;
  }

  private parameter(p: Parameter): string {
    return this.of(p.type, p.name, 0);
  }

  hostile(): string {
    const r = this.random;
    if (r.chance(0.3)) return r.pick(hostileNumbers);
    return r.chance(0.2) && this.held.length
      ? r.pick(this.held).name
      : r.chance(0.15)
        ? this.tensor()
        : r.pick(hostile);
  }

  of(kind: Kind, name: string, depth: number): string {
    const r = this.random;
    if (r.chance(this.malice)) return this.hostile();
    switch (kind.k) {
      case 'number':
        return this.number(name);
      case 'string':
        return r.pick(["'a'", "'file.safetensors'", "'cpu'", "'weight'", "'0.weight'", "'ij,jk->ik'", "''", "'mean'"]);
      case 'boolean':
        return r.pick(['true', 'false']);
      case 'null':
      case 'undefined':
        return kind.k;
      case 'typed':
        return this.typed();
      case 'any':
        return depth > 3 ? '1' : r.chance(0.4) ? this.tensorOrHeld() : r.chance(0.5) ? this.shape() : r.pick(hostile);
      case 'literal':
        return typeof kind.value === 'string' ? `'${kind.value}'` : String(kind.value);
      case 'promise':
        return `Promise.resolve(${this.of(kind.of, name, depth + 1)})`;
      case 'array':
        if (depth > 4) return '[]';
        if (kind.of.k === 'number' && /shape|size/i.test(name)) return this.shape();
        return `[${this.several(() => this.of(kind.of, name, depth + 1))}]`;
      case 'record':
        return `{ ${this.several(() => `${r.pick(['weight', 'bias', 'a', "'0.weight'", "'__proto__'"])}: ${this.of(kind.of, name, depth + 1)}`)} }`;
      case 'tuple':
        return `[${kind.of.map((k) => this.of(k, name, depth + 1)).join(', ')}]`;
      case 'union': {
        // Literals of one union count once together, so that `Tensor | 'a' | 'b' | 'c'` gets its tensors.
        const literal = kind.of.filter((k) => k.k === 'literal');
        const rest = kind.of.filter((k) => k.k !== 'literal' && (k.k !== 'undefined' || kind.of.length === 1));
        const choices = literal.length ? [...rest, r.pick(literal)] : rest;
        return choices.length ? this.of(r.pick(choices), name, depth) : 'undefined';
      }
      case 'object': {
        const given = kind.props.filter((p) => !p.optional || r.chance(1.5 / kind.props.length));
        const more = r.chance(this.malice / 2)
          ? [`${r.pick(['dim', 'axis', 'sed', 'kernelSize'])}: ${this.hostile()}`]
          : [];
        return `{ ${[...given.map((p) => `${p.name}: ${this.of(p.type, p.name, depth + 1)}`), ...more].join(', ')} }`;
      }
      case 'function':
        return this.callback(kind.returns, depth);
      case 'class':
        return this.instance(kind.path, depth);
    }
  }

  private several(make: () => string): string {
    return Array.from({ length: this.random.pick([0, 1, 1, 2, 2, 3]) }, make).join(', ');
  }

  number(name: string): string {
    const r = this.random;
    if (/dim|axis/i.test(name)) return String(r.pick([0, 0, 1, 1, -1, -1, 2, -2, 3]));
    if (/^(p|dropout|momentum|alpha|beta\d?|rate|q)$/.test(name)) return r.pick(['0', '0.5', '1', '0.1', '0.9']);
    if (/eps|lr|decay|tol/i.test(name)) return r.pick(['0.001', '1e-5', '0', '1', '0.1']);
    return r.chance(0.12)
      ? r.pick(['0.5', '-1.5', '0.1', '7', '100'])
      : String(r.pick([0, 1, 1, 2, 2, 3, 4, -1, this.size()]));
  }

  private size(): number {
    const r = this.random;
    return r.chance(0.05) ? 0 : r.chance(0.06) ? r.pick([17, 33, 64, 70, 257, 1025]) : r.pick(this.sizes);
  }

  shape(): string {
    const rank = this.random.pick([0, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5]);
    let n = 1;
    const out = Array.from({ length: rank }, () => {
      const s = n > 3000 ? 1 : this.size();
      n *= Math.max(1, s);
      return s;
    });
    return `[${out.join(', ')}]`;
  }

  private typed(): string {
    const r = this.random;
    const n = r.pick([0, 1, 2, 4, 6, 12]);
    return r.pick([
      `new Float32Array(${n})`, `new Float64Array(${n}).fill(1.5)`, `new Int32Array(${n})`, `new Uint8Array(${n}).fill(200)`,
      `new BigInt64Array(${n})`, `new Float32Array(new ArrayBuffer(64), 4, ${n})`, `new Float32Array(new SharedArrayBuffer(16))`,
      `new Float32Array([NaN, 1, Infinity])`, `structuredClone(new Float32Array(${n}))`,
    ]); // prettier-ignore
  }

  private tensorOrHeld(): string {
    return this.held.length && this.random.chance(0.5) ? this.random.pick(this.held).name : this.tensor();
  }

  /** A new tensor of any dtype and layout. */
  tensor(shape = this.shape()): string {
    const r = this.random;
    const float = r.chance(0.75);
    const dtype = float ? r.pick(['float32', 'float32', 'float32', 'float64']) : r.pick(dtypes);
    const grad = float && r.chance(0.4) ? ', requiresGrad: true' : '';
    const options = `{ dtype: '${dtype}'${grad} }`;
    const from = float ? r.pick(['randn', 'randn', 'rand', 'ones', 'zeros']) : r.pick(['ones', 'zeros', 'randint']);
    let t =
      from === 'randint'
        ? `ng.randint(0, ${r.pick([1, 2, 3, 5])}, ${shape}, { dtype: '${r.pick(['int32', 'int64', 'uint8'])}' })`
        : `ng.${from}(${shape}, ${options})`;
    if (r.chance(0.06)) t = `ng.full(${shape}, ${r.pick(hostileNumbers)}, ${options})`;
    if (r.chance(0.25)) t += this.view();
    return r.chance(0.015) ? `(() => { const t = ${t}; t.dispose(); return t; })()` : t;
  }

  private view(): string {
    const r = this.random;
    return r.pick([
      '.T', '.transpose(0, -1)', '.flip([0])', '.unsqueeze(0).expand([3])', '.at([ng.s(null, null, 2)])', '.at(0)', '.at([ng.s(1)])',
      '.unsqueeze(0)', '.unsqueeze(-1)', '.squeeze()', '.detach()', '.clone()', '.mul(2)', '.sum()', '.reshape([-1])', '.narrow(0, 0, 1)',
      '.at(["...", ng.s(null, null, 2)])', '.at(["...", 0])', `.unsqueeze(-1).expand([...${this.shape()}, 3])`, '.permute([1, 0])',
    ]); // prettier-ignore
  }

  private instance(path: string, depth: number): string {
    const r = this.random;
    const type = this.classAt(path);
    if (!type) return this.hostile();
    const live = this.held.filter((h) => h.value instanceof type);
    if (live.length && r.chance(path === 'ng.Tensor' ? 0.65 : 0.8)) return r.pick(live).name;
    if (path === 'ng.Tensor') return this.tensor();
    const makers = this.surface.filter((c) => {
      if (c.kind !== 'new') return false;
      const made = this.classAt(c.path);
      return made !== undefined && (made === type || made.prototype instanceof type);
    });
    if (!makers.length || depth > 3) return this.hostile();
    const c = r.pick(makers);
    return `new ${c.path}(${c.params
      .filter((p) => !p.optional && !p.rest)
      .map((p) => this.of(p.type, p.name, depth + 2))
      .join(', ')})`;
  }

  /** A function: well-behaved, of the wrong type, throwing, or one that calls back into the library at a bad moment. */
  callback(returns: Kind, depth: number): string {
    const r = this.random;
    const other = (): string => (this.held.length ? r.pick(this.held).name : 'ng.ones([2])');
    const n = r.below(11);
    switch (n) {
      case 0:
        return `() => { throw new Error('${mine}'); }`;
      case 1:
        return `(x) => { try { ${other()}.dispose(); } catch {} return x; }`;
      case 2:
        return `(x) => { try { ${other()}.add_(1); } catch {} return x; }`;
      case 3:
        return `(x) => { try { ng.randn([3], { requiresGrad: true }).mul(2).sum().backward(); } catch {} return x; }`;
      case 4:
        return `(x) => { try { ${other()}.sum().backward(); } catch {} return x; }`;
      case 5:
        return `() => ${this.hostile()}`;
      case 6:
        return `async (x) => x`;
      case 7:
        return depth > 3 ? '(x) => x' : `() => (${this.of(returns, 'value', depth + 1)})`;
      case 8:
        return `(x) => x.to('${r.pick(dtypes)}')`;
      default:
        return r.pick(['(x) => x', '(x) => x.mul(2)', '(x) => x.sum()', '(x, y) => x.add(y)', '(...list) => list[0]']);
    }
  }
}
