'use strict';
// Prints the C++ sources of one part of native/, one per line, for binding.gyp and CMakeLists.txt. Nothing is listed
// by hand: a new file in a folder, or in a room of it, is built.
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const parts = {
  // Compiled once per instruction set.
  kernels: ['native/ops', 'native/gemm'],
  // Compiled once, for the baseline instruction set.
  runtime: ['native/runtime'],
  binding: ['native/binding'],
  test: ['native/test'],
  bench: ['native/bench'],
  // libnodegrad_cuda.so: by nvcc, or with the sources of `emulation` by the host's compiler.
  cuda: ['native/ops', 'native/gemm', 'native/cuda'],
  emulation: ['native/cuda'],
};

function sources(part) {
  const ext = part === 'cuda' ? '.cu' : '.cpp';
  const files = parts[part].flatMap((dir) => {
    const full = path.join(root, dir);
    if (!fs.existsSync(full)) return [];
    return fs
      .readdirSync(full, { recursive: true })
      .filter((f) => f.endsWith(ext))
      .map((f) => `${dir}/${f.split(path.sep).join('/')}`);
  });
  // table.cpp gathers the kernels of one instruction set, so it is built with them.
  const table = 'native/runtime/table.cpp';
  if (part === 'kernels') files.push(table);
  return files.filter((f) => part !== 'runtime' || f !== table).sort();
}

if (require.main === module) console.log(sources(process.argv[2]).join('\n'));
module.exports = { sources };
