/**
 * @file CUDA without a GPU: what is said about why there is none; and the CUDA library's own kernels, compiled for the
 * host (Note [Emulation] in native/cuda/emulate.h), against the CPU. On a machine with a GPU use scripts/gpu-check.mjs.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');
const emulated = join(root, 'build', 'cuda-emulated', 'libnodegrad_cuda.so');
const built = join(root, 'build', 'cuda', 'libnodegrad_cuda.so');

jest.setTimeout(120_000); // processes of their own, on a busy machine

function run<T>(task: string, library: string): T {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(__dirname, 'programs', 'cuda.js'), task], {
    encoding: 'utf8',
    env: { ...process.env, NODEGRAD_CUDA_LIBRARY: library },
  });
  if (status !== 0) throw new Error(`${task}: exit status ${String(status)}\n${stderr}`);
  return JSON.parse(stdout) as T;
}

interface Reason {
  before: [devices: string[], available: boolean, count: number, reason: string];
  moved: [string, string, string] | null;
  started: [string, string, string] | null;
  unknown: [string, string, string];
  alive: boolean;
}

const libraries = [
  ['no library', join(root, 'build', 'nowhere.so'), /does not exist/],
  ['a file that is no library', join(root, 'package.json'), /does not load .*npm run build:cuda/],
  ...(existsSync(built) ? ([['the library built by nvcc', built, /./]] as const) : []),
] as const;

describe.each(libraries)('without a usable GPU: %s', (_, library, says) => {
  test('one sentence says why, and the process lives', () => {
    const { before, moved, started, unknown, alive } = run<Reason>('reason', library);
    const [devices, available, count, reason] = before;
    expect(alive).toBe(true);
    expect(unknown.slice(0, 2)).toEqual(['DeviceError', 'ERR_DEVICE']);
    if (available) {
      // Only the library of nvcc on a machine with a GPU.
      expect([library, devices[0], devices.length]).toEqual([built, 'cpu', count + 1]);
      expect([reason, moved, started]).toEqual(['', null, null]);
      return;
    }
    expect([devices, count]).toEqual([['cpu'], 0]);
    expect(reason).toMatch(says);
    expect(reason).toMatch(/^[^\n]{20,}\.$/);
    for (const thrown of [moved, started])
      expect(thrown).toEqual(['DeviceError', 'ERR_DEVICE', expect.stringContaining(reason)]);
  });
});

// Skipped where CMake is missing (status 3). Up to date, this takes a second; the first time, less than a minute.
const build =
  process.platform === 'linux'
    ? spawnSync(process.execPath, [join(root, 'scripts', 'build-cuda.mjs'), '--emulate'], { encoding: 'utf8' })
    : { status: 3, stderr: '' };

(build.status === 3 ? describe.skip : describe)('the emulated library', () => {
  test('is built', () => expect([build.status, build.stderr]).toEqual([0, '']));

  test('is a device', () => {
    const { before, moved, started } = run<Reason>('reason', emulated);
    expect(before).toEqual([['cpu', 'cuda:0'], true, 1, '']);
    expect([moved, started]).toEqual([null, null]);
  });

  test('the same seed gives the same random numbers as on the CPU', () => {
    const [cpu, cuda] = run<[number[][], number[][]]>('random', emulated);
    expect(cuda.map((l) => l.length)).toEqual(cpu.map((l) => l.length));
    // Integers, draws and masks are equal; others may be rounded differently.
    expect(cuda.slice(4)).toEqual(cpu.slice(4));
    cpu.forEach((list, k) =>
      list.forEach((v, i) => expect(Math.abs(cuda[k]![i]! - v)).toBeLessThanOrEqual(4e-6 * Math.abs(v) + 1e-6)),
    );
    expect(new Set(cuda[0]).size).toBeGreaterThan(1000);
  });

  test('trains like the CPU', () => {
    interface Trained {
      losses: number[];
      weights: number[];
      where: string[];
      loss: number;
    }
    const [cpu, cuda] = run<[Trained, Trained]>('train', emulated);
    expect([cpu.where, cuda.where]).toEqual([
      ['cpu', 'cpu'],
      ['cuda:0', 'cuda:0'],
    ]);
    expect(cpu.losses.at(-1)).toBeLessThan(0.85 * cpu.losses[0]!);
    cpu.losses.forEach((v, i) => expect(Math.abs(cuda.losses[i]! - v)).toBeLessThan(2e-4));
    cpu.weights.forEach((v, i) => expect(Math.abs(cuda.weights[i]! - v)).toBeLessThan(2e-3));
    expect(cuda.loss).toBeCloseTo(cpu.loss, 3);
  });

  test('bad data and missing kernels are named errors', () => {
    expect(run('errors', emulated)).toEqual([
      ['ERR_INDEX', '[crossEntropy] class 9 at row 1 is out of range for 3 classes'],
      ['ERR_INDEX', '[indexSelect] index 4 is out of range for size 4'],
      ['ERR_NUMERIC', '[floorDivide] integer division by zero'],
      ['DeviceError', 'ERR_DEVICE', expect.stringContaining('different devices')],
      ['DeviceError', 'ERR_UNSUPPORTED_ON_DEVICE', expect.stringContaining('no kernel on this device')],
      null,
    ]);
  });
});
