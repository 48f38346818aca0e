// The addon built with address and undefined behaviour sanitizers: `npm run sanitize -- --addon` builds it, and whoever
// runs node with it (the fuzzer, a person) takes the variables from here.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const build = path.join(root, 'build', 'sanitize-addon');

/** The built file; it need not exist. */
export const sanitizedAddon = path.join(build, 'Release', 'nodegrad.node');

/** Builds it by cmake-js; ends the process with the compiler's words if that fails. Incremental. */
export function buildSanitizedAddon() {
  const tool = createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js');
  const args = ['build', '--directory', root, '--out', build, '--config', 'Release'];
  args.push('--CDNG_SANITIZE=address,undefined', '--parallel', String(os.availableParallelism()));
  // Node's own headers when they lie beside it, which spares cmake-js a download.
  const prefix = path.join(path.dirname(fs.realpathSync(process.execPath)), '..');
  const beside = fs.existsSync(path.join(prefix, 'include/node/node_api.h'));
  const env = beside ? { ...process.env, npm_config_nodedir: prefix } : process.env;
  const r = spawnSync(process.execPath, [tool, ...args], { cwd: root, env, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (r.status === 0) return;
  console.error(r.stdout.slice(-4000), r.stderr.slice(-4000));
  process.exit(1);
}

/**
 * What node's environment needs besides to load it. The sanitizer's library must be the first of the process, so it is
 * preloaded. Leaks are not looked for: V8 leaves memory behind at exit by design.
 */
export function sanitizedEnvironment() {
  const cxx = (process.env.CXX ?? 'c++').split(' ');
  const name = process.platform === 'darwin' ? 'libclang_rt.asan_osx_dynamic.dylib' : 'libasan.so';
  const runtime = execFileSync(cxx[0], [...cxx.slice(1), `-print-file-name=${name}`], { encoding: 'utf8' }).trim();
  const preload = process.platform === 'darwin' ? 'DYLD_INSERT_LIBRARIES' : 'LD_PRELOAD';
  return {
    NODEGRAD_ADDON: sanitizedAddon,
    [preload]: fs.realpathSync(runtime),
    ASAN_OPTIONS: 'detect_leaks=0:allocator_may_return_null=1:abort_on_error=1',
    UBSAN_OPTIONS: 'halt_on_error=1:abort_on_error=1:print_stacktrace=1',
  };
}
