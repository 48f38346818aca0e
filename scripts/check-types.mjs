// The published declarations, as a strict user compiles them: `node scripts/check-types.mjs [folder of a TypeScript]`.
//   test/types   compiles without @types/node and without skipLibCheck, and what must not compile there does not
//   undefined    every optional property takes it, for exactOptionalPropertyTypes
//   any          is nowhere, but in the arguments of functions and classes of whatever kind (`...args: any[]`), and in records
//                of what the caller knows (`Record<string, any>`)
// Without a folder the installed TypeScript compiles; the oldest that is supported is 5.2 (`npm pack typescript@5.2`).
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const compiler = path.resolve(process.argv[2] ?? path.join(root, 'node_modules/typescript'));
const { status } = spawnSync(process.execPath, [path.join(compiler, 'bin/tsc'), '-p', path.join(root, 'test/types')], {
  stdio: 'inherit',
});

const config = ts.readConfigFile(path.join(root, 'test/types/tsconfig.json'), ts.sys.readFile).config;
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, path.join(root, 'test/types'));
const program = ts.createProgram([path.join(root, 'dist/lib/index.d.ts')], options);
const checker = program.getTypeChecker();
const takesUndefined = (type) =>
  (type.isUnion() ? type.types : [type]).some(
    (t) => t.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Any | ts.TypeFlags.Unknown),
  );
const isRecordOfAny = (node) => ts.isTypeReferenceNode(node.parent) && node.parent.typeName.getText() === 'Record';
// `...args: any[]`
const isRestOfAny = (node) =>
  ts.isArrayTypeNode(node.parent) && ts.isParameter(node.parent.parent) && node.parent.parent.dotDotDotToken;

const problems = [];
function look(node, file) {
  const bad = (what) => {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
    problems.push(`${path.relative(root, file.fileName)}:${line + 1} ${what}`);
  };
  if (ts.isPropertySignature(node) && node.questionToken && !takesUndefined(checker.getTypeFromTypeNode(node.type)))
    bad(`${node.name.getText(file)} is optional and does not take undefined`);
  if (node.kind === ts.SyntaxKind.AnyKeyword && !isRestOfAny(node) && !isRecordOfAny(node)) bad('any');
  ts.forEachChild(node, (child) => look(child, file));
}
for (const file of program.getSourceFiles())
  // What only nodegrad itself calls.
  if (file.fileName.includes('/dist/lib/') && !file.fileName.endsWith('/native.d.ts')) look(file, file);
for (const p of problems) console.error(p);
process.exitCode = status || problems.length ? 1 : 0;
