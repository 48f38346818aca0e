// The published declarations, as a strict user compiles them, by the installed TypeScript and by the oldest supported one:
//   test/types   compiles without @types/node and without skipLibCheck, and what must not compile there does not
//   undefined    every optional property takes it, for exactOptionalPropertyTypes
//   any          is nowhere, but in the arguments of functions and classes of whatever kind (`...args: any[]`), and in records
//                of what the caller knows (`Record<string, any>`)
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const oldest = '5.2.2'; // README.md names it

/** Where the oldest TypeScript is: not a dependency, because two of them would fight for the name `tsc`. */
function oldestCompiler() {
  const dir = path.join(root, 'build', `typescript-${oldest}`);
  const found = path.join(dir, 'node_modules/typescript');
  if (fs.existsSync(found)) return found;
  fs.mkdirSync(dir, { recursive: true });
  const args = [
    'install',
    '--no-save',
    '--no-package-lock',
    '--ignore-scripts',
    '--prefix',
    dir,
    `typescript@${oldest}`,
  ];
  if (spawnSync('npm', args, { cwd: dir, stdio: 'ignore' }).status === 0) return found;
  console.log(`skip   TypeScript ${oldest} (npm does not get it here)`);
  return undefined;
}

let failed = false;
for (const compiler of [path.join(root, 'node_modules/typescript'), oldestCompiler()]) {
  if (!compiler) continue;
  const args = [path.join(compiler, 'bin/tsc'), '-p', path.join(root, 'test/types')];
  if (spawnSync(process.execPath, args, { stdio: 'inherit' }).status === 0) continue;
  console.error(`by ${path.relative(root, compiler)}`);
  failed = true;
}

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
process.exitCode = failed || problems.length ? 1 : 0;
