/** @file Which addon is loaded: the built one, the platform package's, and never one of somebody else. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { addonPackages, cudaPackages, forThisMachine } from '../lib/native/platforms';

const root = join(__dirname, '..', '..');
const addon = process.env['NODEGRAD_ADDON'] || join(root, 'build', 'Release', 'nodegrad.node');
const [own] = forThisMachine(addonPackages);
const name = own?.name ?? '@nodegrad/none';

let project: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'nodegrad-project-'));
  const main = join(project, 'node_modules', 'nodegrad');
  for (const room of ['native', 'core'])
    cpSync(join(root, 'dist', 'lib', room), join(main, 'dist', 'lib', room), { recursive: true });
  writeFileSync(join(main, 'package.json'), '{ "name": "nodegrad", "version": "1.2.3" }');
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

/** Puts a package with the addon of these tests, or with `content`, under `folder` of the project. */
function install(folder: string, version: string, content?: string): void {
  const dir = join(project, folder, 'node_modules', name);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ name, version }));
  if (content === undefined) symlinkSync(addon, join(dir, 'nodegrad.node'));
  else writeFileSync(join(dir, 'nodegrad.node'), content);
}

/** What a program prints that asks the nodegrad installed in `folder` for `expression`. */
function ask(expression: string, env: Record<string, string> = {}, folder = project): string {
  const door = join(folder, 'node_modules', 'nodegrad', 'dist', 'lib', 'native', 'index.js');
  const code = `try { console.log(require(${JSON.stringify(door)}).${expression}) } catch (e) { console.log(e.code, e.message) }`;
  const r = spawnSync(process.execPath, ['-e', code], {
    env: { ...process.env, NODEGRAD_ADDON: '', NODEGRAD_CUDA_LIBRARY: '', ...env },
    encoding: 'utf8',
  });
  expect(r.stderr).toBe('');
  return r.stdout.trim();
}

const names = addonPackages.concat(cudaPackages).map((p) => p.name);

test('every platform has one package, in the scope of nodegrad', () => {
  expect(new Set(names).size).toBe(names.length);
  for (const n of names) expect(n).toMatch(/^@nodegrad\/(linux|darwin)-(x64|arm64)(-gnu|-musl|-cuda)?$/);
});

// What follows needs a platform that has a package.
const onPlatform = own ? test : test.skip;

onPlatform('the platform package is loaded from beside nodegrad, or from inside it', () => {
  install('.', '1.2.3');
  expect(ask('getThreads() > 0')).toBe('true');
  rmSync(join(project, 'node_modules', dirname(name)), { recursive: true });
  install('node_modules/nodegrad', '1.2.3');
  expect(ask('getThreads() > 0')).toBe('true');
});

onPlatform('a local build comes first, and one that cannot be loaded is not the end', () => {
  const built = join(project, 'node_modules', 'nodegrad', 'build', 'Release');
  mkdirSync(built, { recursive: true });
  symlinkSync(addon, join(built, 'nodegrad.node'));
  install('.', '1.2.3', 'not an addon');
  expect(ask('getThreads() > 0')).toBe('true');
  rmSync(built, { recursive: true });
  mkdirSync(built);
  writeFileSync(join(built, 'nodegrad.node'), 'not an addon');
  rmSync(join(project, 'node_modules', dirname(name)), { recursive: true });
  install('.', '1.2.3');
  expect(ask('getThreads() > 0')).toBe('true');
});

onPlatform('one of another version is refused', () => {
  install('.', '1.2.4');
  expect(ask('getThreads() > 0')).toMatch(
    /^ERR_ADDON_NOT_FOUND .*@nodegrad\/\S+ has version 1\.2\.4, and nodegrad has 1\.2\.3/,
  );
});

onPlatform('one in a folder above the project is not looked at', () => {
  cpSync(join(project, 'node_modules'), join(project, 'inner', 'node_modules'), { recursive: true });
  install('.', '1.2.3');
  expect(ask('getThreads() > 0', {}, join(project, 'inner'))).toMatch(
    /^ERR_ADDON_NOT_FOUND .*@nodegrad\/\S+ is not installed/,
  );
});

test('without any, the error says what was tried and what to do', () => {
  const said = ask('getThreads() > 0');
  const main = join(project, 'node_modules', 'nodegrad');
  expect(said).toContain(`ERR_ADDON_NOT_FOUND there is no native addon for this machine (${process.platform}-`);
  expect(said).toContain(`build it: node "${join(main, 'scripts', 'bootstrap.mjs')}" native`);
  expect(said).toContain(`Tried: ${join(main, 'build', 'Release', 'nodegrad.node')} does not exist`);
  if (own) expect(said).toContain(`${own.name} is not installed`);
});

test('an addon named by the environment is the only one, and the advice is about it', () => {
  install('.', '1.2.3');
  expect(ask('getThreads() > 0', { NODEGRAD_ADDON: join(project, 'gone.node') })).toMatch(
    /^ERR_ADDON_NOT_FOUND NODEGRAD_ADDON does not name an addon: .* Tried: \S+gone\.node does not exist\.$/,
  );
});

onPlatform('the package of the CUDA library is looked for in the same way', () => {
  install('.', '1.2.3');
  const reason = ask('gpus().reason');
  if (process.platform !== 'linux') return expect(reason).toMatch('Linux only');
  expect(reason).toContain('there is no CUDA library; ');
  if (forThisMachine(cudaPackages).length > 0) expect(reason).toContain('install @nodegrad/linux-x64-cuda, or run');
  const named = ask('gpus().reason', { NODEGRAD_CUDA_LIBRARY: '/gone.so' });
  return expect(named).toBe('NODEGRAD_CUDA_LIBRARY: /gone.so does not exist; correct it or unset it.');
});

test('a build from source that lacks what it needs says so in one sentence', () => {
  const main = join(project, 'node_modules', 'nodegrad');
  cpSync(join(root, 'scripts'), join(main, 'scripts'), { recursive: true });
  const r = spawnSync(process.execPath, [join(main, 'scripts', 'bootstrap.mjs'), 'native'], {
    env: { PATH: join(project, 'empty') },
    encoding: 'utf8',
  });
  expect(r.status).toBe(1);
  expect(r.stderr).toMatch(/^nodegrad: to build the addon, install what is missing \(a C\+\+20 compiler: .*\n$/);
  expect(r.stderr).toMatch('make; Python 3): run `');
});
