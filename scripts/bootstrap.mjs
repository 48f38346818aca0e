// Brings a clone to the state in which its programs run: packages, native addon, compiled TypeScript. Each step is
// skipped when its result is newer than what it is made from, so that `npm start` costs nothing the second time.
// Needs only Node's built-in modules, since it runs before anything is installed.
//
//   node scripts/bootstrap.mjs                        all three steps
//   node scripts/bootstrap.mjs native [--force]       the addon (also where the package is installed and no platform package
//                                                     fits); with --portable, its kernels for that instruction set only,
//                                                     in a third of the time
//   node scripts/bootstrap.mjs typescript [--force]   the TypeScript (also the prepare script)
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const local = (...parts) => path.join(root, ...parts);
// An installed package has no sources of TypeScript, and only what it needs to build the addon.
const isClone = fs.existsSync(local('tsconfig.json'));
// A package with a binding.gyp at its top is built by npm, pnpm and yarn when it is installed, though nobody asked.
// So where it is published it lies below, and comes up for the build.
const gypBelow = fs.existsSync(local('native/binding.gyp'));
const say = (text) => process.stderr.write(`nodegrad: ${text}\n`);

/** Ends the process with one sentence that says what is wrong. */
function fail(sentence) {
  say(sentence);
  process.exit(1);
}

function filesUnder(dir, accept) {
  if (!fs.existsSync(local(dir))) return [];
  return fs.readdirSync(local(dir), { withFileTypes: true }).flatMap((entry) => {
    const name = `${dir}/${entry.name}`;
    if (entry.isDirectory()) return filesUnder(name, accept);
    return accept(name) ? [name] : [];
  });
}

/**
 * A stamp records what a step was made from: it is stale when a file was added, removed or changed since. Returns the
 * recorded list (empty when there is none) beside the verdict.
 */
function readStamp(file, inputs, variant = '') {
  const platform = `${process.platform}-${process.arch}${variant}`;
  try {
    const stamp = JSON.parse(fs.readFileSync(file, 'utf8'));
    const { mtimeMs } = fs.statSync(file);
    const same = stamp.platform === platform && stamp.inputs.join() === inputs.join();
    return { fresh: same && inputs.every((f) => fs.statSync(local(f)).mtimeMs <= mtimeMs), inputs: stamp.inputs };
  } catch {
    return { fresh: false, inputs: [] };
  }
}

function writeStamp(file, inputs, started, variant = '') {
  fs.writeFileSync(file, JSON.stringify({ platform: `${process.platform}-${process.arch}${variant}`, inputs }));
  // The time at which the step began, so that a file edited while it ran counts as changed.
  fs.utimesSync(file, started, started);
}

function packagesInstalled() {
  try {
    const wanted = JSON.parse(fs.readFileSync(local('package-lock.json'), 'utf8')).packages;
    const found = JSON.parse(fs.readFileSync(local('node_modules/.package-lock.json'), 'utf8')).packages;
    // Compared by content, not by time: a touched lock file must not send an offline machine to the registry.
    return Object.entries(wanted).every(([name, { version, optional }]) => {
      if (name === '') return true;
      return name in found ? found[name].version === version : Boolean(optional);
    });
  } catch {
    return false;
  }
}

function installPackages() {
  if (packagesInstalled()) return;
  say('installing packages (npm ci)');
  // The install and prepare scripts of this package are the two other steps below, so they aren't run here.
  const args = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund'];
  const cli = process.env.npm_execpath ?? '';
  const npm = cli.endsWith('npm-cli.js') ? [process.execPath, cli] : ['npm'];
  const { status, error } = spawnSync(npm[0], [...npm.slice(1), ...args], {
    cwd: root,
    stdio: ['ignore', 2, 'inherit'],
  });
  if (error) fail(`npm is missing (${error.message}): install Node.js 20 or later together with its npm.`);
  if (status !== 0) fail('npm ci failed, see above: a connection to the npm registry is needed the first time.');
}

const runs = (command, args, input) => spawnSync(command, args, { input, encoding: 'utf8' }).status === 0;

/** What is missing of what the build needs, and where it comes from, in one sentence. */
function missingTools() {
  const cxx = (process.env.CXX ?? (process.platform === 'darwin' ? 'c++' : 'g++')).split(' ');
  const program =
    '#include <bit>\n#include <concepts>\ntemplate <std::integral T> T f(T x) { return std::rotl(x, 1); }';
  const compiles = runs(cxx[0], [...cxx.slice(1), '--version']);
  if (compiles && !runs(cxx[0], [...cxx.slice(1), '-std=c++20', '-fsyntax-only', '-x', 'c++', '-'], program))
    return `${cxx[0]} does not compile C++20: install GCC 12, Clang 14 or later and name it in the CXX environment variable.`;
  const pythons = [process.env.npm_config_python, process.env.PYTHON, 'python3', 'python'].filter(Boolean);
  const needed = [
    [compiles, `a C++20 compiler: ${cxx[0]} does not run`, 'g++', 'gcc-c++'],
    [runs('make', ['--version']), 'make', 'make', 'make'],
    [
      pythons.some((p) => runs(p, ['-c', 'import sys; assert sys.version_info >= (3, 6)'])),
      'Python 3',
      'python3',
      'python3',
    ],
  ];
  const missing = needed.filter(([found]) => !found);
  if (missing.length === 0) return undefined;
  const [what, apt, dnf] = [1, 2, 3].map((i) => missing.map((m) => m[i]));
  const how =
    process.platform === 'darwin'
      ? 'run `xcode-select --install`'
      : `run \`apt-get install ${apt.join(' ')}\` (Debian, Ubuntu; \`apk add\` on Alpine) or \`dnf install ${dnf.join(' ')}\` (Fedora, RHEL)`;
  return `to build the addon, install what is missing (${what.join('; ')}): ${how}.`;
}

/** The folder of the npm that lies beside Node or in PATH: it brings node-gyp, whichever package manager is in use. */
function npmFolders() {
  const beside = path.join(path.dirname(fs.realpathSync(process.execPath)), '../lib/node_modules/npm');
  const inPath = (process.env.PATH ?? '').split(path.delimiter).map((dir) => path.join(dir, 'npm'));
  const found = inPath.filter((file) => fs.existsSync(file)).map((file) => path.join(fs.realpathSync(file), '../..'));
  return [beside, ...found];
}

/** node-gyp of this clone, the one of the package manager that runs this, or npm's. */
function nodeGyp() {
  const program = 'node_modules/node-gyp/bin/node-gyp.js';
  const candidates = [
    () => require.resolve('node-gyp/bin/node-gyp.js'),
    () => process.env.npm_config_node_gyp,
    () => path.join(path.dirname(process.env.npm_execpath), '..', program),
    ...npmFolders().flatMap((npm) => [
      () => path.join(npm, program),
      () => path.join(npm, '../node-gyp/bin/node-gyp.js'),
    ]),
  ];
  for (const candidate of candidates) {
    try {
      const file = candidate();
      if (file && fs.existsSync(file)) return file;
    } catch {
      // Not there: the next candidate.
    }
  }
  return fail('node-gyp is missing: install it with `npm install -g node-gyp`.');
}

/** Node's own headers when they lie beside it, which spares node-gyp a download. */
function headersBesideNode() {
  const prefix = path.join(path.dirname(fs.realpathSync(process.execPath)), '..');
  try {
    const text = fs.readFileSync(path.join(prefix, 'include/node/node_version.h'), 'utf8');
    const part = (name) => new RegExp(`#define NODE_${name}_VERSION (\\d+)`).exec(text)?.[1];
    const version = ['MAJOR', 'MINOR', 'PATCH'].map(part).join('.');
    return version === process.versions.node ? prefix : undefined;
  } catch {
    return undefined;
  }
}

/** Runs a build quietly: a line that counts compiled files on a terminal, and the whole output if it fails. */
function runBuild(command, args, total) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let compiled = 0;
    const take = (chunk) => {
      output += chunk;
      compiled += chunk.split(/^ {2}CXX\(target\)/m).length - 1;
      if (process.stderr.isTTY) process.stderr.write(`\r  ${Math.min(compiled, total)} of ${total} files compiled `);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', (error) => resolve({ status: 1, output: error.message }));
    child.on('close', (status) => {
      if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
      resolve({ status, output });
    });
  });
}

async function buildNative(force, portable) {
  const variant = portable ? '-portable' : '';
  const kernel = /\.(cpp|h|def)$/;
  const inputs = [
    gypBelow ? 'native/binding.gyp' : 'binding.gyp',
    'scripts/sources.js',
    ...filesUnder('native', (f) => kernel.test(f) && !f.startsWith('native/test/')),
  ];
  const addon = local('build/Release/nodegrad.node');
  const stamp = local('build/Release/.stamp.json');
  if (!force && fs.existsSync(addon) && readStamp(stamp, inputs, variant).fresh) return;
  if (process.platform === 'win32') fail('nodegrad builds on Linux and macOS: on Windows, use it inside WSL.');
  const missing = missingTools();
  if (missing) fail(missing);
  const jobs = os.availableParallelism();
  const isas = process.arch === 'x64' && !portable ? 3 : 1;
  const { sources } = require('./sources.js');
  const total = isas * sources('kernels').length + sources('runtime').length + sources('binding').length;
  say(`building the native addon (${jobs} jobs; a few minutes the first time)`);
  const started = new Date();
  const headers = headersBesideNode();
  const args = [nodeGyp(), 'configure', 'build', '--release', '-j', String(jobs)];
  if (headers) args.push(`--nodedir=${headers}`);
  if (portable) args.push('--isas=portable');
  if (gypBelow) fs.copyFileSync(local('native/binding.gyp'), local('binding.gyp'));
  const { status, output } = await runBuild(process.execPath, args, total);
  if (gypBelow) fs.rmSync(local('binding.gyp'));
  if (status !== 0) {
    process.stderr.write(output);
    fail('building the native addon failed, see above.');
  }
  if (!isClone) keepOnly(addon);
  writeStamp(stamp, inputs, started, variant);
}

/** Deletes what the build made besides `file`: three quarters of its size, and nobody builds again in an installed package. */
function keepOnly(file) {
  const aside = local('nodegrad.node');
  fs.renameSync(file, aside);
  fs.rmSync(local('build'), { recursive: true, force: true });
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.renameSync(aside, file);
}

async function buildTypeScript(force) {
  const { writeKernelTypes } = await import('./kernel-types.mjs');
  writeKernelTypes();
  const source = (f) => /\.m?ts$/.test(f) && !/\.d\.m?ts$/.test(f);
  const folders = ['lib', 'test', 'examples', 'scripts'];
  // What runs in browsers is a project of its own, with other globals. It knows the types of the first.
  const projects = ['tsconfig.json', 'lib/train/report/browser/tsconfig.json'];
  const inputs = ['package.json', ...projects, ...folders.flatMap((dir) => filesUnder(dir, source))];
  const stamp = local('dist/.stamp.json');
  const { fresh, inputs: before } = readStamp(stamp, inputs);
  if (fresh && !force) return;
  // What a deleted source left behind would still be imported, or run as a test.
  for (const gone of before.filter((f) => !inputs.includes(f))) {
    const [base, m] = [local('dist', gone.replace(/\.m?ts$/, '')), gone.endsWith('.mts') ? 'm' : ''];
    for (const ext of [`.${m}js`, `.${m}js.map`, `.d.${m}ts`]) fs.rmSync(base + ext, { force: true });
  }
  say('compiling the TypeScript');
  const started = new Date();
  for (const project of projects) {
    const { status } = spawnSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', project], {
      cwd: root,
      stdio: ['ignore', 2, 'inherit'],
    });
    if (status !== 0) fail('the TypeScript does not compile, see above.');
  }
  writeStamp(stamp, inputs, started);
}

const [major] = process.versions.node.split('.').map(Number);
if (major < 20) fail(`nodegrad needs Node.js 20 or later, this is ${process.versions.node}: install a newer one.`);
const [step, ...flags] = process.argv.slice(2);
const force = flags.includes('--force');
if (step === undefined) installPackages();
if (step === undefined || step === 'native') await buildNative(force, flags.includes('--portable'));
if (step === undefined || step === 'typescript') await buildTypeScript(force);
