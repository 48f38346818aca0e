// `npm run sanitize`: builds the native tests under address + undefined behaviour and under thread sanitizers and runs
// them: memory with the portable kernels and those for AVX2, races with the portable ones, since threads share work the
// same way on all. What AVX-512 does is seen by the guard bytes of the op table.
//
//   npm run sanitize -- --addon   builds the addon itself under address + undefined behaviour, and says how node runs
//                                 with it: every test of the library, and the fuzzer, can be run on that build.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSanitizedAddon, sanitizedEnvironment } from './sanitized-addon.mjs';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const jobs = String(os.availableParallelism());

/** Builds and loads the addon; the status for the process. */
function addon() {
  buildSanitizedAddon();
  const variables = sanitizedEnvironment();
  const env = { ...process.env, ...variables };
  const load = ['-e', 'console.log(require(process.env.NODEGRAD_ADDON).isa)'];
  const r = spawnSync(process.execPath, load, { encoding: 'utf8', env });
  if (r.status !== 0) {
    console.error('FAILED the addon does not load', r.stderr.slice(-6000));
    return 1;
  }
  console.log(`ok     the addon under address,undefined (${r.stdout.trim()}). Run node on it with:`);
  console.log(
    `  ${Object.entries(variables)
      .map(([k, v]) => `${k}=${v}`)
      .join(' \\\n  ')} \\\n  node ...`,
  );
  return 0;
}

/** Builds and runs the native tests; how many runs failed. */
function nativeTests(sanitizer, isas) {
  const build = path.join(root, 'build', `sanitize-${sanitizer.replace(',', '-')}`);
  fs.mkdirSync(build, { recursive: true });
  const configure = [
    '-S',
    root,
    '-B',
    build,
    '-DNG_TESTS=ON',
    '-DNG_ADDON=OFF',
    `-DNG_SANITIZE=${sanitizer}`,
    `-DNG_ISAS=${isas.join(';')}`,
    '-DCMAKE_BUILD_TYPE=Debug',
  ];
  for (const args of [configure, ['--build', build, '--target', 'native_tests', '-j', jobs]]) {
    const r = spawnSync('cmake', args, { encoding: 'utf8' });
    if (r.status !== 0) {
      console.error(r.stdout.slice(-4000), r.stderr.slice(-4000));
      process.exit(1);
    }
  }
  let failed = 0;
  for (const isa of isas) {
    const env = {
      ...process.env,
      NODEGRAD_ISA: isa,
      ASAN_OPTIONS: 'detect_leaks=1:allocator_may_return_null=1',
      UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
      TSAN_OPTIONS: 'halt_on_error=1',
    };
    const r = spawnSync(path.join(build, 'native_tests'), { encoding: 'utf8', env });
    if (r.status === 2 && /does not have|must be/.test(r.stderr)) {
      console.log(`skip   ${sanitizer} ${isa}: not on this processor`);
      continue;
    }
    const ok = r.status === 0;
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${sanitizer} ${r.stdout.trim().split('\n').pop()}`);
    if (!ok) {
      failed++;
      console.error(r.stdout.slice(-3000), r.stderr.slice(-6000));
    }
  }
  return failed;
}

if (spawnSync('cmake', ['--version']).status !== 0) {
  console.error('cmake is missing: install it, e.g. with `apt-get install cmake`.');
  process.exitCode = 1;
} else if (process.argv.includes('--addon')) {
  process.exitCode = addon();
} else {
  process.exitCode =
    nativeTests('address,undefined', ['portable', 'avx2']) + nativeTests('thread', ['portable']) ? 1 : 0;
}
