// Every name that the package exports has a comment for its readers (TSDoc), also those of its namespaces (`ng.nn`, ...).
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const entry = path.join(root, 'lib/index.ts');
const program = ts.createProgram([entry], {
  module: ts.ModuleKind.Node16,
  target: ts.ScriptTarget.ES2022,
  strict: true,
  noEmit: true,
  skipLibCheck: true,
});
const checker = program.getTypeChecker();

const seen = new Set();
const missing = [];

function visit(symbol, prefix) {
  for (const exported of checker.getExportsOfModule(symbol)) {
    const s = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    if (seen.has(s)) continue;
    seen.add(s);
    const name = `${prefix}.${exported.name}`;
    if (s.flags & ts.SymbolFlags.ValueModule) {
      visit(s, name);
      continue;
    }
    if (s.getDocumentationComment(checker).length > 0 || s.getJsDocTags(checker).length > 0) continue;
    const at = s.declarations[0].getSourceFile();
    const { line } = at.getLineAndCharacterOfPosition(s.declarations[0].getStart());
    missing.push(`${path.relative(root, at.fileName)}:${line + 1}: ${name} has no comment`);
  }
}

visit(checker.getSymbolAtLocation(program.getSourceFile(entry)), 'ng');
for (const m of missing) console.error(m);
console.log(`${seen.size} exported names, ${missing.length} without a comment`);
process.exitCode = missing.length ? 1 : 0;
