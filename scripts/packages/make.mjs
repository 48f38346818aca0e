// `npm run package`: the packages that users install, as tarballs in packages/.
//
//   npm run package                        the main package, the addon of this machine, and the CUDA library if it is built
//   npm run package -- linux-arm64-gnu     the addon of that platform only, by its cross compiler where this is not it
//   npm run package -- main                the main package only
//
// The main package is not the repository: what only a clone needs is left out of its package.json, and what names the
// platform packages comes in (lib/native/platforms.ts lists them). They are not in the repository's package.json because
// `npm ci` in a clone would ask the registry for versions that are published from that clone later.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { linkStubs, oldestGlibc, tooNew } from './glibc.mjs';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');
const require = createRequire(import.meta.url);
const own = require('../../package.json');
const { addonPackages, cudaPackages } = require('../../dist/lib/native/platforms.js');
const out = path.join(root, 'packages');
const work = path.join(root, 'build', 'packages');
const nickname = (name) => name.slice(name.indexOf('/') + 1);

/** What all packages say of themselves. Where they come from, the workflow knows that publishes them with provenance. */
const { version, license, engines, keywords } = own;
const slug = process.env.GITHUB_REPOSITORY;
const repository = slug && { type: 'git', url: `git+https://github.com/${slug}.git` };
const shared = { version, license, engines, keywords, ...(repository && { repository }) };

function fail(sentence) {
  console.error(`nodegrad: ${sentence}`);
  process.exit(1);
}

/** Runs npm in `cwd`. */
function npm(args, cwd) {
  const cli = process.env.npm_execpath?.endsWith('npm-cli.js') ? [process.execPath, process.env.npm_execpath] : ['npm'];
  return execFileSync(cli[0], [...cli.slice(1), ...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** What `npm pack` says of the one package of `cwd`: a list until npm 11, an object by name since 12. */
const packed = (args, cwd) => Object.values(JSON.parse(npm(['pack', '--json', ...args], cwd)))[0];

/** Packs the folder `build/packages/<name>` of a package, which gets `manifest`, and says how large it is. */
function pack(dir, manifest) {
  fs.copyFileSync(path.join(root, 'LICENSE'), path.join(dir, 'LICENSE'));
  fs.writeFileSync(path.join(dir, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  fs.mkdirSync(out, { recursive: true });
  const { filename, size, unpackedSize, entryCount } = packed(['--pack-destination', out], dir);
  const mb = (n) => (n / 1e6).toFixed(2);
  console.log(`packages/${filename}: ${mb(size)} MB, ${mb(unpackedSize)} MB unpacked, ${entryCount} files`);
}

/** The package.json of users: what they need of the repository's, and the platform packages. */
function publishedManifest() {
  const manifest = { ...own };
  for (const key of ['private', 'scripts', 'devDependencies', 'overrides', 'jest', 'files']) delete manifest[key];
  const exact = (packages) => Object.fromEntries(packages.map(({ name }) => [name, version]));
  return {
    ...manifest,
    ...shared,
    // A build from source writes into the package, which Yarn's Plug'n'Play allows to unpacked ones only.
    preferUnplugged: true,
    optionalDependencies: exact(addonPackages),
    peerDependencies: { ...own.peerDependencies, ...exact(cudaPackages) },
    peerDependenciesMeta: {
      ...own.peerDependenciesMeta,
      ...Object.fromEntries(cudaPackages.map(({ name }) => [name, { optional: true }])),
    },
  };
}

/** Lets links to files of the repository work on npm's page: they lead to this version. */
function absoluteLinks(file) {
  const text = fs.readFileSync(file, 'utf8');
  const to = `https://github.com/${slug}/blob/v${version}/`;
  fs.writeFileSync(file, text.replace(/\]\((?!https?:|#)/g, `](${to}`));
}

function packMain() {
  const dir = path.join(work, own.name);
  fs.rmSync(dir, { recursive: true, force: true });
  const { files } = packed(['--dry-run', '--ignore-scripts'], root);
  for (const { path: file } of files) {
    const to = path.join(dir, file === 'binding.gyp' ? 'native/binding.gyp' : file); // scripts/bootstrap.mjs says why
    fs.mkdirSync(path.dirname(to), { recursive: true });
    fs.copyFileSync(path.join(root, file), to);
    // The maps stay behind: they and the TypeScript they point to are larger than all else together, and what
    // is published is readable, with its comments.
    if (/\.m?js$/.test(file))
      fs.writeFileSync(to, fs.readFileSync(to, 'utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'));
  }
  if (slug) absoluteLinks(path.join(dir, 'README.md'));
  pack(dir, publishedManifest());
  const sbom = JSON.parse(npm(['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev'], root));
  // npm names it after the folder, and says that the repository is private.
  Object.assign(sbom.metadata.component, { name: own.name, properties: [] });
  fs.writeFileSync(path.join(out, `${own.name}-${version}.cdx.json`), `${JSON.stringify(sbom, null, 2)}\n`);
}

function packPlatform({ name, os: system, cpu, libc }, file, description) {
  const dir = path.join(work, nickname(name));
  fs.mkdirSync(dir, { recursive: true });
  const base = path.basename(file);
  for (const stale of fs.readdirSync(dir)) fs.rmSync(path.join(dir, stale), { recursive: true });
  fs.copyFileSync(file, path.join(dir, base));
  fs.writeFileSync(path.join(dir, 'README.md'), `# ${name}\n\n${description}\n`);
  pack(dir, {
    name,
    ...shared,
    description,
    main: base,
    files: [base],
    os: [system],
    cpu: [cpu],
    ...(libc && { libc: [libc] }),
    preferUnplugged: true,
    publishConfig: { access: 'public' },
  });
}

const isMusl = () => !process.report.getReport().header.glibcVersionRuntime;

/** The platform of this machine. */
function hostPackage() {
  const libc = process.platform !== 'linux' ? undefined : isMusl() ? 'musl' : 'glibc';
  return addonPackages.find((p) => p.os === process.platform && p.cpu === process.arch && p.libc === libc);
}

/** How the addon of a platform is compiled and linked here. */
function toolchain({ os: system, cpu, libc }, dir) {
  if (system !== process.platform) fail(`an addon for ${system} is built on ${system}.`);
  if ((libc === 'musl') !== (system === 'linux' && isMusl()))
    fail(`an addon for ${libc} is built on a system with ${libc}.`);
  if (system !== 'linux') return cpu === process.arch ? {} : fail(`build it on a machine with ${cpu}.`);
  const prefix = cpu === process.arch ? '' : `${{ arm64: 'aarch64', x64: 'x86_64' }[cpu]}-linux-gnu-`;
  const tools = prefix
    ? { CC: `${prefix}gcc`, CXX: `${prefix}g++`, AR: `${prefix}ar` }
    : { CC: process.env.CC ?? 'gcc', CXX: process.env.CXX ?? 'g++' };
  const visible = path.join(dir, 'visible.map');
  fs.writeFileSync(visible, '{ global: napi_register_module_v1; node_api_module_get_api_version_v1; local: *; };\n');
  // libstdc++ inside, because the one of an older system lacks functions; nothing of it is seen from outside.
  const flags = ['-static-libstdc++', `-Wl,--version-script=${visible}`, '-Wl,--gc-sections', '-s'];
  if (libc === 'glibc') flags.push(...linkStubs(path.join(dir, 'stubs'), tools.CC, cpu));
  return { ...tools, LDFLAGS: flags.join(' ') };
}

/** Builds the addon of a platform in a folder of its own, so that the one that the clone uses stays. */
function buildAddon(platform) {
  const dir = path.join(root, 'build', 'platforms', nickname(platform.name));
  fs.mkdirSync(dir, { recursive: true });
  for (const part of ['native', 'scripts', 'binding.gyp', 'package.json']) {
    fs.rmSync(path.join(dir, part), { force: true });
    fs.symlinkSync(path.join(root, part), path.join(dir, part));
  }
  const env = { ...process.env, ...toolchain(platform, dir) };
  const gyp = require.resolve('node-gyp/bin/node-gyp.js');
  const args = [
    gyp,
    'configure',
    'build',
    '--release',
    `--arch=${platform.cpu}`,
    '-j',
    String(os.availableParallelism()),
  ];
  const prefix = path.join(path.dirname(fs.realpathSync(process.execPath)), '..');
  if (fs.existsSync(path.join(prefix, 'include/node/node_api.h'))) args.push(`--nodedir=${prefix}`);
  const log = path.join(dir, 'build.log');
  console.log(`building ${platform.name} (${path.relative(root, log)})`);
  try {
    execFileSync(process.execPath, args, {
      cwd: dir,
      env,
      stdio: ['ignore', fs.openSync(log, 'w'), fs.openSync(log, 'a')],
    });
  } catch {
    process.stderr.write(fs.readFileSync(log, 'utf8').slice(-4000));
    fail(`building ${platform.name} failed, see above.`);
  }
  const addon = path.join(dir, 'build/Release/nodegrad.node');
  const problems = platform.libc === 'glibc' ? tooNew(addon) : [];
  if (problems.length) fail(problems.join('\n'));
  return addon;
}

function packAddon(platform) {
  const { os: system, cpu, libc } = platform;
  const needs = libc === 'glibc' ? `, glibc ${oldestGlibc} or later` : libc === 'musl' ? ', musl' : '';
  packPlatform(
    platform,
    buildAddon(platform),
    `The native addon of nodegrad for ${system} ${cpu}${needs}. nodegrad installs it.`,
  );
}

/** The CUDA library, if it is built, and from these sources. */
function packCuda() {
  const library = path.join(root, 'build/cuda/libnodegrad_cuda.so');
  if (!fs.existsSync(library)) return;
  const { reason } = require('../../dist/lib/index.js').cuda;
  if (reason.includes('another version')) console.log(`no package of the CUDA library: ${reason}`);
  else
    packPlatform(
      cudaPackages[0],
      library,
      'The CUDA library of nodegrad. Install it beside nodegrad, in the same version.',
    );
}

const [what] = process.argv.slice(2);
const named = addonPackages.find(({ name }) => nickname(name) === what);
if (what !== undefined && what !== 'main' && !named)
  fail(`there is no "${what}": main, ${addonPackages.map(({ name }) => nickname(name)).join(', ')}.`);
if (what === undefined || what === 'main') packMain();
if (named) packAddon(named);
if (what === undefined) {
  const host = hostPackage();
  if (host) packAddon(host);
  else console.log('no platform package: lib/native/platforms.ts has none for this machine');
  packCuda();
}
