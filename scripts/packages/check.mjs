// What users would install, looked at without installing it: the main package is packed, and
//   contents   no tests, no maps, no links to maps, no script that runs at install, what the build from source needs
//   sizes      the main package, and the packages of platforms that were made (npm run package)
//   publint    and arethetypeswrong find nothing
//   workflow   .github/workflows/packages.yml builds every platform of lib/native/platforms.ts
//   glibc      the addons in packages/ run on an old system
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { tooNew } from './glibc.mjs';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');
const require = createRequire(import.meta.url);
const { addonPackages } = require('../../dist/lib/native/platforms.js');
const { version } = require('../../package.json');
const mostBytes = { main: 1e6, platform: 6e6 };
const problems = [];

execFileSync(process.execPath, ['scripts/packages/make.mjs', 'main'], { cwd: root, stdio: 'inherit' });
const packages = path.join(root, 'packages');
const main = path.join(packages, `nodegrad-${version}.tgz`);
const entries = (tarball) => execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim().split('\n');
const bytes = (tarball) => fs.statSync(tarball).size;

const files = entries(main).map((f) => f.replace(/^package\//, ''));
for (const f of files) {
  // A binding.gyp at the top is built at install, unasked.
  if (/(^|\/)(test|bench|examples)\/|\.map$|\.cu$|(?<!\.d)\.m?ts$|^binding\.gyp$/.test(f))
    problems.push(`the main package holds ${f}`);
}
for (const needed of [
  'dist/lib/index.js',
  'dist/lib/index.mjs',
  'scripts/bootstrap.mjs',
  'native/binding.gyp',
  'README.md',
  'LICENSE',
])
  if (!files.includes(needed)) problems.push(`the main package lacks ${needed}`);
if (bytes(main) > mostBytes.main)
  problems.push(`the main package has ${bytes(main)} bytes, ${mostBytes.main} are allowed`);

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'nodegrad-packed-'));
execFileSync('tar', ['-xzf', main, '-C', dir]);
const read = (f) => fs.readFileSync(path.join(dir, 'package', f), 'utf8');
for (const f of files)
  if (/\.m?js$/.test(f) && read(f).includes('sourceMappingURL=')) problems.push(`${f} names a map that is not there`);
const manifest = JSON.parse(read('package.json'));
for (const key of ['scripts', 'devDependencies', 'private'])
  if (manifest[key]) problems.push(`the package.json of users has ${key}`);
if (manifest.repository && /\]\((?!https:|#)/.test(read('README.md')))
  problems.push('README.md has links that npm cannot follow');

for (const { name } of addonPackages) {
  const tarball = path.join(packages, `${name.slice(1).replace('/', '-')}-${version}.tgz`);
  if (!fs.existsSync(tarball)) continue;
  if (bytes(tarball) > mostBytes.platform)
    problems.push(`${name} has ${bytes(tarball)} bytes, ${mostBytes.platform} are allowed`);
  if (!name.endsWith('-gnu')) continue;
  execFileSync('tar', ['-xzf', tarball, '-C', dir, 'package/nodegrad.node']);
  problems.push(
    ...tooNew(path.join(dir, 'package/nodegrad.node')).map((p) => p.replace(`${dir}/package/`, `${name}/`)),
  );
}
fs.rmSync(dir, { recursive: true });

const workflow = fs.readFileSync(path.join(root, '.github/workflows/packages.yml'), 'utf8');
for (const { name } of addonPackages) {
  const nickname = name.slice(name.indexOf('/') + 1);
  if (!workflow.includes(`platform: ${nickname}\n`)) problems.push(`the workflow does not build ${nickname}`);
}

const bin = (name) => path.join(root, 'node_modules/.bin', name);
for (const [name, ...args] of [
  ['publint', '--strict'],
  ['attw', '--no-color'],
]) {
  const { status } = spawnSync(bin(name), [main, ...args], { stdio: 'inherit' });
  if (status !== 0) problems.push(`${name} is not content, see above`);
}
for (const p of problems) console.error(p);
process.exitCode = problems.length ? 1 : 0;
