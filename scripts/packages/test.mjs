// Installs the tarballs of packages/ (`npm run package` makes them) as users do, and runs the programs of test/package with
// what was installed: by every package manager, under every line of Node, with nothing but Node in PATH. Prints a table.
//
//   node scripts/packages/test.mjs              all of them (ten minutes on two cores)
//   node scripts/packages/test.mjs pnpm 22      those whose names begin with `pnpm`, under Node 22
//   node scripts/packages/test.mjs --build      without platform packages: the error at import, then the command that it
//                                              gives, with compilers in PATH, and the programs once more (--portable: for
//                                              one instruction set, and not optimised)
//
// Package managers, Node's binaries and the compiler of TypeScript come from the npm registry.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startRegistry } from './registry.mjs';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');
const require = createRequire(import.meta.url);
const { addonPackages, cudaPackages } = require('../../dist/lib/native/platforms.js');
const { version } = require('../../package.json');
const here = (file) => path.join(root, 'packages', file);
const tarballs = fs.existsSync(here('')) ? fs.readdirSync(here('')).filter((f) => f.endsWith(`-${version}.tgz`)) : [];
if (!tarballs.includes(`nodegrad-${version}.tgz`)) {
  console.error('nodegrad: packages/ has no tarballs: run `npm run package` first.');
  process.exit(1);
}
const tools = path.join(root, 'build', 'packages', 'tools');
// Projects lie outside the clone, whose packages they would find.
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'nodegrad-installed-'));

const nodes = ['20', '22', '24', '26'];
const own = 'own'; // the Node that runs this, where the registry has none for the machine (musl)
const yarn4 = {
  YARN_ENABLE_TELEMETRY: '0',
  YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
  YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
};
// What installs, with which environment, what runs a program if Node alone does not, and the oldest Node it runs on.
const managers = {
  'npm-10': { of: 'npm@10', cli: 'bin/npm-cli.js', add: ['install'] },
  'npm-12': { of: 'npm@12', cli: 'bin/npm-cli.js', add: ['install'], oldest: 22 },
  // What an arm64 machine installs, run by qemu-user and Debian's arm64 libraries (g++-aarch64-linux-gnu).
  'npm-10-arm64': {
    of: 'npm@10',
    cli: 'bin/npm-cli.js',
    add: ['install', '--os=linux', '--cpu=arm64', '--libc=glibc'],
    emulate: ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu'],
  },
  'pnpm-10': { of: 'pnpm@10', cli: 'bin/pnpm.cjs', add: ['add'] },
  'yarn-1': { of: 'yarn@1', cli: 'bin/yarn.js', add: ['add'] },
  'yarn-4': {
    of: '@yarnpkg/cli-dist@4',
    cli: 'bin/yarn.js',
    add: ['add'],
    env: { ...yarn4, YARN_NODE_LINKER: 'node-modules' },
  },
  'yarn-4-pnp': {
    of: '@yarnpkg/cli-dist@4',
    cli: 'bin/yarn.js',
    add: ['add'],
    env: { ...yarn4, YARN_NODE_LINKER: 'pnp' },
    run: ['node'],
  },
};

const [flags, words] = [
  process.argv.slice(2).filter((a) => a.startsWith('--')),
  process.argv.slice(2).filter((a) => !a.startsWith('--')),
];
const build = flags.includes('--build');
const isNode = (w) => w === own || nodes.includes(w);
const chosenNodes = words.some(isNode) ? words.filter(isNode) : build ? [own] : nodes;
const asked = words.filter((w) => !isNode(w));
const chosenManagers = Object.keys(managers).filter((m) => !asked.length || asked.some((w) => m.startsWith(w)));

/** Runs a program; the registry of this process answers meanwhile. */
function run(command, args, options) {
  return new Promise((resolve) => {
    let said = '';
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
    child.on('error', (e) => resolve({ ok: false, said: e.message }));
    child.on('close', (status) => resolve({ ok: status === 0, said }));
  });
}

const programFile = (name) =>
  process.env.PATH.split(':')
    .map((dir) => path.join(dir, name))
    .find((f) => fs.existsSync(f));

/** Gets a package of the registry once, as `name`. */
async function tool(name, spec) {
  const dir = path.join(tools, 'node_modules', name);
  if (fs.existsSync(dir)) return dir;
  fs.mkdirSync(tools, { recursive: true });
  const args = [
    'install',
    '--no-save',
    '--no-package-lock',
    '--ignore-scripts',
    '--no-audit',
    '--force',
    '--prefix',
    tools,
  ];
  // npm takes away what no package.json names; --force is for binaries of other machines.
  const file = path.join(tools, 'package.json');
  const { dependencies = {} } = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
  fs.writeFileSync(file, JSON.stringify({ private: true, dependencies: { ...dependencies, [name]: `npm:${spec}` } }));
  const { ok, said } = await run('npm', args);
  if (!ok) throw new Error(`${spec} cannot be had: ${said}`);
  return dir;
}

/** Node's binary. */
async function binaryOf(major, cpu = process.arch) {
  if (major === own) return process.execPath;
  return path.join(await tool(`node-${major}-${cpu}`, `node-${process.platform}-${cpu}@${major}`), 'bin/node');
}

/** A folder with `node` in it and nothing else. */
async function folderOfNode(major) {
  const dir = path.join(work, `node-${major}`);
  const binary = await binaryOf(major);
  fs.mkdirSync(dir, { recursive: true });
  fs.rmSync(path.join(dir, 'node'), { force: true });
  fs.symlinkSync(binary, path.join(dir, 'node'));
  return dir;
}

/** A project with nodegrad, and how to run programs in it; or what went wrong. */
async function install(manager, major, registry) {
  const { of, cli, add, env = {}, run: runner, emulate } = managers[manager];
  const project = path.join(work, `${manager}-on-${major}`);
  fs.rmSync(project, { recursive: true, force: true });
  fs.cpSync(path.join(root, 'test', 'package'), project, { recursive: true });
  fs.writeFileSync(path.join(project, 'package.json'), '{ "name": "user", "private": true, "type": "module" }\n');
  fs.writeFileSync(path.join(project, 'yarn.lock'), '');
  const bin = await folderOfNode(major);
  const node = path.join(bin, 'node');
  const program = path.join(await tool(manager, of), cli);
  const options = {
    cwd: project,
    env: {
      PATH: bin,
      HOME: path.join(work, 'home'),
      npm_config_registry: registry.address,
      npm_config_cache: path.join(work, 'cache', 'npm'),
      npm_config_store_dir: path.join(work, 'cache', 'pnpm'),
      YARN_CACHE_FOLDER: path.join(work, 'cache', of.replace(/[@/]/g, '-')),
      YARN_NPM_REGISTRY_SERVER: registry.address,
      ...env,
    },
  };
  const { ok, said } = await run(node, [program, ...add, `nodegrad@${version}`], options);
  const start = [node];
  if (runner) start.push(program, ...runner);
  if (emulate) start.splice(0, 1, programFile(emulate[0]), ...emulate.slice(1), await binaryOf(major, 'arm64'));
  const execute = (...args) => run(start[0], [...start.slice(1), ...args], options);
  return { ok, said, options, execute, yarn: `#!/bin/sh\nexec "${node}" "${program}" "$@"\n` };
}

const programs = ['check.mjs', 'check.cjs'];

/** The sentence of what fails first, or nothing. */
async function tryOut({ execute }) {
  for (const program of programs) {
    const { ok, said } = await execute(program);
    if (!ok || said.trim() !== 'trained') return `${program}: ${said.trim()}`;
  }
  return '';
}

/** The types, under three ways to resolve modules. */
async function typeErrors({ options }) {
  const ways = [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
    ['commonjs', 'node10'],
  ];
  const tsc = require.resolve('typescript/bin/tsc');
  for (const [module, resolution] of ways) {
    const { ok, said } = await run(
      process.execPath,
      [tsc, '-p', '.', '--module', module, '--moduleResolution', resolution],
      options,
    );
    if (!ok) return `types, ${resolution}: ${said}`;
  }
  return '';
}

/** Without a platform package: the error, then what it says is done, and the programs run. */
async function buildAsTold(installed) {
  const { said } = await installed.execute('check.cjs');
  const command = /build it: (.+ native)\. Tried/.exec(said)?.[1];
  if (!said.includes('ERR_ADDON_NOT_FOUND') || !command) return `no advice: ${said}`;
  const portable = flags.includes('--portable');
  // The advice for Plug'n'Play begins with `yarn`.
  const bin = path.join(work, 'bin');
  fs.mkdirSync(bin, { recursive: true });
  fs.writeFileSync(path.join(bin, 'yarn'), installed.yarn, { mode: 0o755 });
  const env = {
    ...installed.options.env,
    PATH: `${installed.options.env.PATH}:${bin}:${process.env.PATH}`,
    ...(portable && { CXXFLAGS: '-O0' }),
  };
  const done = await run('/bin/sh', ['-c', `${command}${portable ? ' --portable' : ''}`], {
    ...installed.options,
    env,
  });
  if (!done.ok) return `${command}: ${done.said}`;
  return tryOut(installed);
}

const kept = build ? [`nodegrad-${version}.tgz`] : tarballs;
// yarn 1 wants to know every one of them, also those that are not for this machine.
const platforms = [...addonPackages, ...cudaPackages].map((p) => (build ? { ...p, os: 'aix' } : p));
const registry = await startRegistry(kept.map(here), platforms, work);

/** Whether the table can have that row here. */
function missing({ emulate }, major) {
  if (!emulate) return '';
  if (build || major === own) return 'not built';
  return tarballs.some((f) => f.includes('linux-arm64-gnu')) && programFile(emulate[0]) ? '' : 'not here';
}

/** A cell of the table, and what is wrong. */
async function cell(manager, major) {
  const { oldest, run: runner } = managers[manager];
  if (Number(major) < oldest) return ['does not run'];
  const why = missing(managers[manager], major);
  if (why) return [why];
  const installed = await install(manager, major, registry);
  if (!installed.ok) return ['FAILED', `install: ${installed.said}`];
  // TypeScript knows Plug'n'Play by a patch of its own only.
  const typed = major === chosenNodes[0] && !runner;
  const problem = build
    ? await buildAsTold(installed)
    : (await tryOut(installed)) || (typed ? await typeErrors(installed) : '');
  return problem ? ['FAILED', problem] : ['ok'];
}

let failed = 0;
console.log(`${''.padEnd(14)}${chosenNodes.map((n) => `Node ${n}`.padEnd(14)).join('')}`);
for (const manager of chosenManagers) {
  let row = manager.padEnd(14);
  for (const major of chosenNodes) {
    const [word, problem] = await cell(manager, major);
    row += word.padEnd(14);
    if (!problem) continue;
    failed++;
    console.error(`${manager} on Node ${major}: ${problem}`);
  }
  console.log(row);
}
registry.stop();
if (failed) console.error(`The projects are in ${work}.`);
else fs.rmSync(work, { recursive: true });
process.exitCode = failed ? 1 : 0;
