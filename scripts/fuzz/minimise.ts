/** @file Makes a failing program short: fewer statements, then simpler expressions, as long as the same fault shows. */
import ts from 'typescript';
import type { Statement } from './program';

/** The first of the candidates that still fails in the same way, or -1. */
export type FirstFailing = (candidates: Statement[][]) => Promise<number>;

/** Stops at the deadline with what it has. */
export async function minimise(program: Statement[], fails: FirstFailing, deadline: number): Promise<Statement[]> {
  let best = program;
  // Large pieces first; then single statements until none can go.
  for (let size = Math.ceil(best.length / 2); size >= 1;) {
    const candidates: Statement[][] = [];
    for (let at = best.length - size; at > -size; at -= size)
      candidates.push([...best.slice(0, Math.max(0, at)), ...best.slice(Math.max(0, at) + size)]);
    const hit = Date.now() < deadline ? await fails(candidates.filter((c) => c.length > 0)) : -1;
    if (hit >= 0) best = candidates[hit]!;
    else if (size === 1) break;
    else size = Math.ceil(size / 2);
    size = Math.min(size, Math.max(1, best.length - 1));
  }
  for (let improved = true; improved && Date.now() < deadline;) {
    improved = false;
    for (let i = 0; i < best.length && Date.now() < deadline; i++) {
      const candidates = simpler(best[i]!.expr).map((expr) => best.map((s, k) => (k === i ? { ...s, expr } : s)));
      const hit = candidates.length ? await fails(candidates) : -1;
      if (hit >= 0) {
        best = candidates[hit]!;
        improved = true;
        i--;
      }
    }
  }
  return best;
}

const plain = ['1', 'ng.ones([2])'];

/** Expressions with one part left out or made plain, the shortest first. */
export function simpler(expr: string): string[] {
  const source = ts.createSourceFile('x.ts', `(${expr}\n)`, ts.ScriptTarget.ES2022, true);
  const text = source.text;
  const out = new Set<string>();
  const replace = (node: { pos: number; end: number }, by: string): void => {
    const s = (text.slice(0, node.pos) + by + text.slice(node.end)).slice(1, -2).trim();
    if (s.length < expr.length || (plain.includes(by) && s.length <= expr.length)) out.add(s);
  };
  const without = (list: ts.NodeArray<ts.Node>, i: number): void => {
    const n = list[i]!;
    const next = list[i + 1];
    if (next) replace({ pos: n.getStart(), end: next.getStart() }, '');
    else replace({ pos: i > 0 ? list[i - 1]!.end : n.getStart(), end: n.end }, '');
  };
  const visit = (n: ts.Node): void => {
    const span = { pos: n.getStart(), end: n.end };
    const own = text.slice(span.pos, span.end);
    if (ts.isCallExpression(n) || ts.isNewExpression(n)) n.arguments?.forEach((_, i) => without(n.arguments!, i));
    if (ts.isArrayLiteralExpression(n)) n.elements.forEach((_, i) => without(n.elements, i));
    if (ts.isObjectLiteralExpression(n)) n.properties.forEach((_, i) => without(n.properties, i));
    if (ts.isCallExpression(n) && ts.isPropertyAccessExpression(n.expression) && n.expression.expression.getText() !== 'ng')
      replace(span, n.expression.expression.getText());
    if (ts.isExpression(n) && own.length > 1 && !ts.isIdentifier(n) && n.parent.kind !== ts.SyntaxKind.PropertyAccessExpression)
      for (const p of plain) if (own !== p && own !== `(${p})`) replace(span, p);
    if (ts.isNumericLiteral(n) && own !== '1') replace(span, '1');
    ts.forEachChild(n, visit);
  };
  visit(source);
  out.delete(expr);
  out.delete('');
  return [...out].sort((a, b) => a.length - b.length);
}
