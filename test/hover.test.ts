/** @file What editors show: every method of a tensor has the documentation of its function, in the published declarations. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

function root(): string {
  let dir = __dirname;
  while (!existsSync(join(dir, 'package.json'))) dir = dirname(dir);
  return dir;
}

const options: ts.CompilerOptions = {
  strict: true,
  module: ts.ModuleKind.Node16,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts'],
  types: [],
};
const declarations = join(root(), 'dist/lib/index.js');
const asked = [
  ...['sum', 'mean', 'relu', 'add', 'pow', 'matmul', 'reshape', 'view', 'softmax', 'sort', 'topk', 'max', 'argmax'],
  ...['gather', 'cumsum', 'std', 'stft', 'qr', 'item', 'nonzero', 'add_', 'abs_', 'T', 'shape', 'dtype', 'backward'],
];
const program = `import { type Tensor } from ${JSON.stringify(declarations)};
export const see = (x: Tensor): unknown[] => [${asked.map((name) => `x.${name}`).join(', ')}];
export const call = (x: Tensor): unknown[] => [x.sum(1), x.relu(), x.add(1)];
`;
const file = join(root(), 'dist/test/hover-program.ts');
const host: ts.LanguageServiceHost = {
  fileExists: (name) => name === file || existsSync(name),
  readFile: (name) => ts.sys.readFile(name),
  directoryExists: (name) => ts.sys.directoryExists(name),
  getScriptFileNames: () => [file],
  getScriptVersion: () => '1',
  getScriptSnapshot: (name) => {
    const text = name === file ? program : existsSync(name) ? readFileSync(name, 'utf8') : undefined;
    return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
  },
  getCurrentDirectory: root,
  getCompilationSettings: () => options,
  getDefaultLibFileName: (o) => ts.getDefaultLibFilePath(o),
};
const service = ts.createLanguageService(host);

const shownAt = (text: string): string => {
  const at = program.indexOf(text);
  expect(at).toBeGreaterThan(0);
  return ts.displayPartsToString(service.getQuickInfoAtPosition(file, at + 2)?.documentation);
};

test.each(asked)('hovering over x.%s shows what it does', (name) => {
  expect(shownAt(`x.${name}`).length).toBeGreaterThan(9);
});

test('the text is that of the function, in calls too', () => {
  expect(shownAt('x.sum')).toBe('The sum over `axes`. Integers and bool are summed as int64.');
  expect(shownAt('x.sum(1)')).toBe(shownAt('x.sum'));
  expect(shownAt('x.relu()')).toContain('max(x, 0)');
  expect(shownAt('x.add(1)')).toBe('a + alpha b');
});

test('no member of a tensor is without a text', () => {
  const checker = service.getProgram()!.getTypeChecker();
  const at = service.getProgram()!.getSourceFile(file)!;
  const tensor = checker.getExportsOfModule(checker.getSymbolAtLocation(at)!).find((s) => s.name === 'see')!;
  const type = checker.getTypeOfSymbol(tensor).getCallSignatures()[0]!.parameters[0]!;
  const bare = checker
    .getTypeOfSymbol(type)
    .getProperties()
    .filter((s) => /^[a-z]/i.test(s.name) && s.getDocumentationComment(checker).length === 0)
    // Private members of the class have none to show: their declarations have no type.
    .filter((s) => !s.declarations?.every((d) => ts.getCombinedModifierFlags(d) & ts.ModifierFlags.Private))
    // Of the machinery: @internal and nothing else.
    .filter((s) => s.getJsDocTags(checker).every((tag) => tag.name !== 'internal'));
  expect(bare.map((s) => s.name)).toEqual([]);
});
