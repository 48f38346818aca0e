// `npm run build:cuda`: build/cuda/libnodegrad_cuda.so, which the addon opens when a GPU is asked for. Needs CMake, nvcc
// and the cuBLAS headers of the same major version: a CUDA toolkit, or the vendor's Python wheels (`pip install
// nvidia-cublas`). No GPU is needed. Exit code 3: nvcc or the headers are missing, and a sentence says so.
//
//   node scripts/build-cuda.mjs            by nvcc
//   node scripts/build-cuda.mjs --emulate  the same kernels by the host's compiler, build/cuda-emulated (for tests)
//
// CUDA_HOME names the toolkit, NODEGRAD_CUBLAS_INCLUDE the folder of cublasLt.h where they aren't found.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const emulate = process.argv.includes('--emulate');
const { env } = process;

function fail(code, sentence) {
  console.error(`nodegrad: ${sentence}`);
  process.exit(code);
}

const folders = (list) => (list ?? '').split(path.delimiter).filter(Boolean);
const isFile = (f) => fs.statSync(f, { throwIfNoEntry: false })?.isFile() ?? false;

/** The files that `pattern` names; a part `*` stands for any name that begins with what is before it. */
function glob(...parts) {
  return parts
    .flatMap((p) => p.split('/'))
    .reduce(
      (found, part) => {
        if (!part.includes('*')) return found.map((f) => path.join(f, part));
        const begin = part.slice(0, part.indexOf('*'));
        return found.flatMap((f) => {
          const names = fs.existsSync(f) && fs.statSync(f).isDirectory() ? fs.readdirSync(f).sort().reverse() : [];
          return names.filter((n) => n.startsWith(begin)).map((n) => path.join(f, n));
        });
      },
      ['/'],
    );
}

const homes = [env.CUDA_HOME, env.CUDA_PATH, '/usr/local/cuda', ...glob('usr/local/cuda-*')].filter(Boolean);

function findNvcc() {
  const candidates = [
    ...[env.CUDA_HOME, env.CUDA_PATH].filter(Boolean).map((h) => path.join(h, 'bin/nvcc')),
    ...folders(env.PATH).map((d) => path.join(d, 'nvcc')),
    ...homes.map((h) => path.join(h, 'bin/nvcc')),
  ];
  return candidates.find(isFile);
}

/** The folder of cublasLt.h of CUDA `major`: beside the toolkit, or in a Python environment. */
function findHeaders(major) {
  const prefixes = [env.VIRTUAL_ENV, env.CONDA_PREFIX, ...folders(env.PATH).map((d) => path.dirname(d))];
  prefixes.push(path.join(os.homedir(), '.local'), '/usr/local', '/usr');
  const candidates = [
    env.NODEGRAD_CUBLAS_INCLUDE,
    ...homes.flatMap((h) => [path.join(h, 'include'), ...glob(h, 'targets/*/include')]),
    ...[...new Set(prefixes.filter(Boolean))].flatMap((p) => [
      ...glob(p, 'lib/python3*/site-packages/nvidia/*/include'),
      ...glob(p, 'lib/python3*/dist-packages/nvidia/*/include'),
    ]),
    '/usr/include',
  ];
  return candidates.filter(Boolean).find((dir) => {
    if (!isFile(path.join(dir, 'cublasLt.h')) || !isFile(path.join(dir, 'cublas_api.h'))) return false;
    const text = fs.readFileSync(path.join(dir, 'cublas_api.h'), 'utf8');
    return Number(/#define CUBLAS_VER_MAJOR (\d+)/.exec(text)?.[1]) === major;
  });
}

function run(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status === 0) return stdout;
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`);
  return fail(1, `building the CUDA library failed, see above.`);
}

if (process.platform !== 'linux') fail(3, 'the CUDA library is built on Linux only; on Windows, use WSL.');
if (spawnSync('cmake', ['--version']).status !== 0) {
  fail(emulate ? 3 : 1, 'CMake is missing: install it, e.g. with `apt-get install cmake` or `pip install cmake`.');
}
const build = path.join(root, 'build', emulate ? 'cuda-emulated' : 'cuda');
const settings = ['-S', root, '-B', build, '-DNG_ADDON=OFF', '-DCMAKE_BUILD_TYPE=Release'];
if (emulate) {
  settings.push('-DNG_CUDA=EMULATE');
} else {
  const nvcc = findNvcc();
  if (!nvcc) fail(3, 'nvcc is missing: install the CUDA toolkit, or name its folder in CUDA_HOME.');
  const major = Number(/release (\d+)\./.exec(run(nvcc, ['--version']))?.[1]);
  const headers = findHeaders(major);
  if (!headers) {
    fail(
      3,
      `the headers of cuBLAS ${major} are missing: install the whole CUDA toolkit ${major}, or run ` +
        '`pip install nvidia-cublas` and name the folder of cublasLt.h in NODEGRAD_CUBLAS_INCLUDE.',
    );
  }
  console.log(`nvcc: ${nvcc}\ncuBLAS headers: ${headers}`);
  settings.push('-DNG_CUDA=ON', `-DNG_NVCC=${nvcc}`, `-DNG_CUBLAS_INCLUDE=${headers}`);
}
run('cmake', settings);
const started = Date.now();
run('cmake', ['--build', build, '--target', 'nodegrad_cuda', '-j', String(os.availableParallelism())]);
const library = path.join(build, 'libnodegrad_cuda.so');
const size = (fs.statSync(library).size / 2 ** 20).toFixed(1);
console.log(`${path.relative(process.cwd(), library)}: ${size} MiB, ${((Date.now() - started) / 1000).toFixed(0)} s`);
