/**
 * @file What can be called, read from the declarations: every public function, constructor, method and setter, with the
 * types of its parameters in a form that {@link Values} can make expressions of.
 */
import ts from 'typescript';

/** A type, as far as it matters for making a value. */
export type Kind =
  | { k: 'number' | 'string' | 'boolean' | 'null' | 'undefined' | 'typed' | 'any' }
  | { k: 'literal'; value: string | number | boolean }
  | { k: 'array' | 'promise' | 'record'; of: Kind }
  | { k: 'tuple' | 'union'; of: Kind[] }
  | { k: 'object'; props: { name: string; type: Kind; optional: boolean }[] }
  | { k: 'function'; returns: Kind }
  /** An instance of a public class, e.g. `ng.Tensor`. */
  | { k: 'class'; path: string };

export interface Parameter {
  name: string;
  type: Kind;
  optional: boolean;
  rest: boolean;
}

/** One signature. `path` is `ng.add`, or the member's name for methods and setters, whose class is `owner`. */
export interface Callable {
  kind: 'function' | 'new' | 'method' | 'set';
  path: string;
  owner?: string;
  params: Parameter[];
}

const depthLimit = 5;
// A program that sets these is not using the library but taking it apart: the fields are the library's own books.
const ownBooks = /^(storage|offset|gradFn|outputIndex|base)$/;
// Protected members are called by the library and by subclasses, which the compiler checks, and by nobody else.
const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
// Events of callbacks are called by the training that they are of, with what it made.
const event = /^on(Train|Test|Predict|Epoch)[A-Z]/;
const isErrorClass = (path: string): boolean => /\.[A-Z]\w*Error$/.test(path);

/** Reads the declaration file (dist/lib/index.d.ts). */
export function readSurface(file: string): Callable[] {
  const program = ts.createProgram([file], {
    strict: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    types: ['node'],
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file)!;
  const out: Callable[] = [];
  const classes = new Map<ts.Symbol, string>();
  const resolved = (s: ts.Symbol): ts.Symbol => (s.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(s) : s);

  // Names first, so that a parameter's class is known by its public path.
  const found: [path: string, symbol: ts.Symbol][] = [];
  const walk = (prefix: string, module: ts.Symbol): void => {
    for (const e of checker.getExportsOfModule(module)) {
      // A class that leaves as a type is made by the library alone.
      if (e.declarations?.every(ts.isTypeOnlyExportDeclaration)) continue;
      const s = resolved(e);
      const path = `${prefix}.${e.name}`;
      if (s.flags & ts.SymbolFlags.ValueModule) walk(path, s);
      else if (s.flags & ts.SymbolFlags.Value) {
        found.push([path, s]);
        if (s.flags & ts.SymbolFlags.Class && !classes.has(s)) classes.set(s, path);
      }
    }
  };
  walk('ng', checker.getSymbolAtLocation(source)!);

  function kindOf(type: ts.Type, depth: number): Kind {
    const f = type.flags;
    if (type.isStringLiteral() || type.isNumberLiteral()) return { k: 'literal', value: type.value };
    if (f & ts.TypeFlags.BooleanLiteral) return { k: 'literal', value: checker.typeToString(type) === 'true' };
    if (f & ts.TypeFlags.NumberLike) return { k: 'number' };
    if (f & ts.TypeFlags.StringLike) return { k: 'string' };
    if (f & ts.TypeFlags.BooleanLike) return { k: 'boolean' };
    if (f & ts.TypeFlags.Null) return { k: 'null' };
    if (f & (ts.TypeFlags.Undefined | ts.TypeFlags.Void)) return { k: 'undefined' };
    if (depth > depthLimit) return { k: 'any' };
    const inner = (t: ts.Type): Kind => kindOf(t, depth + 1);
    if (type.isUnion()) return { k: 'union', of: type.types.map(inner) };
    if (f & ts.TypeFlags.TypeParameter) {
      const bound = checker.getBaseConstraintOfType(type);
      return bound && bound !== type ? inner(bound) : { k: 'any' };
    }
    const symbol = type.getSymbol();
    const known = symbol && classes.get(symbol);
    if (known) return { k: 'class', path: known };
    const list = checker.isArrayType(type) || symbol?.name === 'ReadonlyArray' || symbol?.name === 'Iterable';
    const args = (): readonly ts.Type[] => checker.getTypeArguments(type as ts.TypeReference);
    if (list) return { k: 'array', of: args()[0] ? inner(args()[0]!) : { k: 'any' } };
    if (checker.isTupleType(type)) return { k: 'tuple', of: args().map(inner) };
    if (symbol && /^(Promise|PromiseLike)$/.test(symbol.name))
      return { k: 'promise', of: args()[0] ? inner(args()[0]!) : { k: 'any' } };
    if (symbol && /(Array|ArrayBufferView|ArrayBuffer)$/.test(symbol.name)) return { k: 'typed' };
    const call = type.getCallSignatures()[0];
    if (call) return { k: 'function', returns: inner(checker.getReturnTypeOfSignature(call)) };
    const values = checker.getIndexTypeOfType(type, ts.IndexKind.String);
    if (values) return { k: 'record', of: inner(values) };
    const props = type.getProperties();
    if (f & ts.TypeFlags.Object && props.length > 0 && props.length < 40)
      return {
        k: 'object',
        props: props
          .filter((p) => !p.name.startsWith('__@'))
          .map((p) => ({
            name: p.name,
            type: inner(checker.getNonNullableType(checker.getTypeOfSymbol(p))),
            optional: (p.flags & ts.SymbolFlags.Optional) !== 0,
          })),
      };
    return { k: 'any' };
  }

  const parameter = (p: ts.Symbol): Parameter => {
    const d = p.valueDeclaration as ts.ParameterDeclaration | undefined;
    const rest = d?.dotDotDotToken !== undefined;
    const kind = kindOf(checker.getTypeOfSymbol(p), 0);
    return {
      name: p.name,
      type: rest && kind.k === 'array' ? kind.of : kind,
      optional: d ? d.questionToken !== undefined || d.initializer !== undefined : false,
      rest,
    };
  };
  const add = (kind: Callable['kind'], path: string, signatures: readonly ts.Signature[], owner?: string): void => {
    for (const s of signatures)
      if (!internal(s)) out.push({ kind, path, owner, params: s.getParameters().map(parameter) });
  };
  const internal = (s: ts.Symbol | ts.Signature): boolean => s.getJsDocTags().some((t) => t.name === 'internal');

  // Declared by a public class above: listed there, and found on instances of this one.
  const inherited = (m: ts.Symbol, type: ts.Type): boolean => {
    const parent = m.declarations?.[0]?.parent;
    // Methods that are mapped over a module are declared by its functions.
    if (!parent || !(ts.isClassLike(parent) || ts.isInterfaceDeclaration(parent))) return false;
    const home = checker.getTypeAtLocation(parent).getSymbol();
    return home !== undefined && home !== type.getSymbol() && classes.has(home);
  };

  function members(owner: string, type: ts.Type, kind: 'method' | 'function'): void {
    for (const m of type.getProperties()) {
      const flags = m.valueDeclaration ? ts.getCombinedModifierFlags(m.valueDeclaration) : 0;
      if (/^(__@|__#|#|prototype$)/.test(m.name) || event.test(m.name) || flags & hidden || internal(m)) continue;
      if (inherited(m, type)) continue;
      const t = checker.getTypeOfSymbol(m);
      const path = kind === 'method' ? m.name : `${owner}.${m.name}`;
      if (t.getCallSignatures().length) add(kind, path, t.getCallSignatures(), kind === 'method' ? owner : undefined);
      else if (
        kind === 'method' &&
        !(flags & ts.ModifierFlags.Readonly) &&
        (!m.declarations?.some(ts.isGetAccessor) || m.declarations.some(ts.isSetAccessor)) &&
        !ownBooks.test(path)
      )
        out.push({
          kind: 'set',
          path,
          owner,
          params: [{ name: m.name, type: kindOf(t, 0), optional: false, rest: false }],
        });
    }
  }

  for (const [path, s] of found) {
    if (isErrorClass(path)) continue;
    const type = checker.getTypeOfSymbol(s);
    add('function', path, type.getCallSignatures());
    if (s.flags & ts.SymbolFlags.Class) {
      const abstract = s.declarations?.some(
        (d) => ts.getCombinedModifierFlags(d as ts.Declaration) & ts.ModifierFlags.Abstract,
      );
      // Its description says: create one with `tensor()` and its kind, not with `new`.
      if (!abstract && path !== 'ng.Tensor') add('new', path, type.getConstructSignatures());
      members(path, checker.getDeclaredTypeOfSymbol(s), 'method');
      members(path, type, 'function');
    } else if (type.getConstructSignatures().length) {
      add('new', path, type.getConstructSignatures());
    } else if (!type.getCallSignatures().length && type.flags & ts.TypeFlags.Object) {
      members(path, type, 'function');
    }
  }
  return out;
}
