/** @file A program: statements that each try one expression. What is generated, run, minimised and printed. */

/** `target = expression`; a promise is awaited unless `floats`. */
export interface Statement {
  target: string;
  expr: string;
  floats?: boolean;
}

/** What a program did wrong, and in which statement. */
export interface Failure {
  kind: 'crash' | 'hang' | 'memory' | 'raw error' | 'guard' | 'unhandled' | 'leak' | 'invariant';
  /** One line: the signal, the error's text. The same fault gives the same text, apart from numbers. */
  text: string;
  at?: string;
}

/** The same fault found twice has the same signature. */
export function signature(f: Failure): string {
  // A crash's report names addresses; a raw error of one op is one fault whatever the values were.
  const words = f.text
    .replace(/0x[0-9a-f]+/g, '#')
    .replace(/\d+/g, '#')
    .replace(/\bv#\b/g, 'v')
    .slice(0, 160);
  const op = /(?:^|\W)(?:ng\.)?([\w.]+)\($/.exec(f.at?.split('(')[0] + '(')?.[1] ?? '';
  return `${f.kind}: ${f.kind === 'crash' || f.kind === 'hang' ? `${op} ` : ''}${words}`;
}

/** As a program to run with `node`, beside an installed nodegrad. */
export function print(statements: Statement[], comment: string[]): string {
  const lines = statements.map(
    (s) =>
      `  const ${s.target} = ${s.floats ? '' : 'await '}tried(() => ${s.expr.trimStart().startsWith('{') ? `(${s.expr})` : s.expr});`,
  );
  return [
    ...comment.map((c) => `// ${c}`),
    `const ng = require('nodegrad');`,
    `const tried = async (f) => { try { return await f(); } catch (e) { console.log(e); } };`,
    `(async () => {`,
    ...lines,
    `  await tried(() => ng.synchronize());`,
    `})();`,
    '',
  ].join('\n');
}
