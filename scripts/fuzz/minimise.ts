/** @file Makes a failing program short: fewer statements, then simpler expressions, as long as the same fault shows. */
import ts from 'typescript';
import type { Statement } from './program';

/** The first of the candidates that still fails in the same way, or -1. */
export type FirstFailing = (candidates: Statement[][]) => Promise<number>;

/** Stops at the deadline with what it has. */
export async function minimise(program: Statement[], fails: FirstFailing, deadline: number): Promise<Statement[]> {
  let best = program;
  const better = async (candidates: Statement[][]): Promise<boolean> => {
    const list = candidates.filter((c) => c.length > 0);
    const hit = list.length && Date.now() < deadline ? await fails(list) : -1;
    if (hit >= 0) best = list[hit]!;
    return hit >= 0;
  };
  // Simpler expressions need fewer statements before them, so both are tried until neither helps.
  for (let improved = true; improved;) {
    improved = false;
    // Large pieces first; then single statements until none can go.
    for (let size = Math.ceil(best.length / 2); size >= 1;) {
      if (await better(withoutPieces(best, size))) {
        improved = true;
        size = Math.min(size, Math.max(1, best.length - 1));
      } else if (size === 1) break;
      else size = Math.ceil(size / 2);
    }
    for (let i = 0; i < best.length;) {
      const candidates = simpler(best[i]!.expr).map((expr) => best.map((s, k) => (k === i ? { ...s, expr } : s)));
      if (await better(candidates)) improved = true;
      else i++;
    }
  }
  return best;
}

/** The program without `size` statements, from the end on: later ones matter less. */
function withoutPieces(program: Statement[], size: number): Statement[][] {
  const out: Statement[][] = [];
  for (let end = program.length; end > 0; end -= size)
    out.push([...program.slice(0, Math.max(0, end - size)), ...program.slice(end)]);
  return out;
}

const plain = ['1', 'ng.ones([2])'];

/** Expressions with one part left out or made plain, the shortest first. */
export function simpler(expr: string): string[] {
  const source = ts.createSourceFile('x.ts', `(${expr}\n)`, ts.ScriptTarget.ES2022, true);
  const text = source.text;
  const out = new Set<string>();
  const replace = (node: { pos: number; end: number }, by: string): void => {
    const s = (text.slice(0, node.pos) + by + text.slice(node.end)).slice(1, -2).trim();
    if (s.length < expr.length) out.add(s);
  };
  const without = (list: ts.NodeArray<ts.Node>, i: number): void => {
    const n = list[i]!;
    const next = list[i + 1];
    if (next) replace({ pos: n.getStart(), end: next.getStart() }, '');
    else replace({ pos: i > 0 ? list[i - 1]!.end : n.getStart(), end: n.end }, '');
  };
  const visit = (n: ts.Node): void => {
    const span = { pos: n.getStart(), end: n.end };
    // `2.mul()` would be no JavaScript.
    const part = (e: ts.Node): void => {
      if (!(ts.isNumericLiteral(e) && ts.isPropertyAccessExpression(n.parent))) replace(span, e.getText());
    };
    if (ts.isCallExpression(n) || ts.isNewExpression(n)) {
      n.arguments?.forEach((a, i) => {
        without(n.arguments!, i);
        part(a);
      });
    }
    if (ts.isArrayLiteralExpression(n)) n.elements.forEach((_, i) => without(n.elements, i));
    if (ts.isObjectLiteralExpression(n)) n.properties.forEach((_, i) => without(n.properties, i));
    const member = ts.isCallExpression(n) ? n.expression : n;
    if (ts.isPropertyAccessExpression(member) && member.expression.getText() !== 'ng') part(member.expression);
    // What is called keeps its name.
    const named =
      ts.isPropertyAccessExpression(n.parent) || (ts.isCallExpression(n.parent) && n.parent.expression === n);
    if (ts.isExpression(n) && !ts.isIdentifier(n) && !named) for (const p of plain) replace(span, p);
    if (ts.isNumericLiteral(n)) replace(span, '1');
    ts.forEachChild(n, visit);
  };
  // The parentheses around it are ours.
  ts.forEachChild((source.statements[0] as ts.ExpressionStatement).expression, visit);
  out.delete(expr);
  out.delete('');
  return [...out].sort((a, b) => a.length - b.length);
}
