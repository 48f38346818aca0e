// The oldest glibc on which a published addon runs. A linker takes the newest version of every function that the glibc of
// this machine has; link stubs make it take the oldest one instead. They are empty libraries with the names and versions of
// the real ones, and nothing is loaded from them: what the addon asks for by its old name is there in every later glibc.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** Node's own binaries need it. */
export const oldestGlibc = '2.28';
const baseVersion = { x64: 'GLIBC_2.2.5', arm64: 'GLIBC_2.17' };
// Functions with a version above `oldestGlibc`, by the library that had them then.
const renewed = {
  'libm.so.6': ['exp', 'exp2', 'hypot', 'hypotf', 'log', 'log2', 'pow'],
  'libpthread.so.0': ['pthread_create', 'pthread_detach', 'pthread_join', 'pthread_mutex_trylock'],
  'libdl.so.2': ['dlerror', 'dlopen', 'dlsym'],
};
// New since then; libstdc++ reads it, and 0 is the answer for programs with threads.
const single = '__attribute__((visibility("hidden"))) char __libc_single_threaded = 0;\n';

/**
 * Makes the stubs in folder `dir` with C compiler `cc`.
 * @returns what the linker has to be given
 */
export function linkStubs(dir, cc, cpu) {
  fs.mkdirSync(dir, { recursive: true });
  const compile = (source, text, ...args) => {
    fs.writeFileSync(path.join(dir, source), text);
    execFileSync(cc, [...args, '-w', '-fPIC', '-fno-builtin', '-nostdlib', source], { cwd: dir });
  };
  const libraries = Object.entries(renewed).map(([name, functions]) => {
    fs.writeFileSync(path.join(dir, 'versions.map'), `${baseVersion[cpu]} { ${functions.join('; ')}; };\n`);
    const text = functions.map((f) => `void ${f}(void) {}\n`).join('');
    compile(`${name}.c`, text, '-shared', `-Wl,-soname,${name},--version-script,versions.map`, '-o', name);
    return path.join(dir, name);
  });
  compile('single.c', single, '-c', '-o', 'single.o');
  return ['-Wl,--push-state,--no-as-needed', ...libraries, '-Wl,--pop-state', path.join(dir, 'single.o')];
}

/** The versions that `file` asks of libraries, by their kind: `{ GLIBC: ['2.3', '2.28'], GCC: ['3.0'] }`, each in order. */
export function neededVersions(file) {
  const text = execFileSync('readelf', ['--wide', '--version-info', file], { encoding: 'utf8' });
  const needs = text.slice(text.indexOf('Version needs section'));
  const found = {};
  for (const [, kind, version] of needs.matchAll(/Name: ([A-Z_]+?)_([\d.]+)/g))
    (found[kind] ??= new Set()).add(version);
  const order = (a, b) => a.localeCompare(b, 'en', { numeric: true });
  return Object.fromEntries(Object.entries(found).map(([kind, versions]) => [kind, [...versions].sort(order)]));
}

/** What of `file` an older system does not have, a sentence each. */
export function tooNew(file) {
  const { GLIBC = [], ...others } = neededVersions(file);
  const highest = GLIBC.at(-1) ?? '0';
  const problems = [];
  if (highest.localeCompare(oldestGlibc, 'en', { numeric: true }) > 0)
    problems.push(
      `${file} needs glibc ${highest}, ${oldestGlibc} is allowed: name the function in scripts/packages/glibc.mjs`,
    );
  for (const kind of ['GLIBCXX', 'CXXABI'])
    if (others[kind]) problems.push(`${file} needs ${kind}_${others[kind].at(-1)}: libstdc++ is not inside`);
  return problems;
}
