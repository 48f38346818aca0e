/** @file Devices by number: 0 is the CPU, 1 its urgent stream, the others GPUs. Which there are, and which are in use. */
import { addon } from './addon';
import { type Place, places } from './places';
import { cudaPackages, forThisMachine } from './platforms';

/** The names of the GPUs that can be used, and if there is none, one sentence that says why and what to do. */
export interface Gpus {
  names: string[];
  reason: string;
}

let found: Gpus | undefined;

/** Looks for GPUs on the first call. */
export function gpus(): Gpus {
  return (found ??= findGpus());
}

function findGpus(): Gpus {
  if (process.platform !== 'linux')
    return { names: [], reason: 'CUDA is supported on Linux only; on Windows, use nodegrad inside WSL.' };
  const tried = places('NODEGRAD_CUDA_LIBRARY', 'cuda/libnodegrad_cuda.so', cudaPackages);
  const found = tried.find(({ problem }) => problem === undefined);
  if (found === undefined) return { names: [], reason: noLibrary(tried) };
  const [reason, ...names] = addon.gpus(found.path);
  return { names, reason };
}

function noLibrary(tried: readonly Place[]): string {
  const why = tried.map(({ path, problem }) => `${path} ${problem}`).join('; ');
  if (process.env['NODEGRAD_CUDA_LIBRARY']) return `NODEGRAD_CUDA_LIBRARY: ${why}; correct it or unset it.`;
  const [own] = forThisMachine(cudaPackages);
  const build = 'run `npm run build:cuda` in a clone of nodegrad (it needs the CUDA toolkit)';
  return `there is no CUDA library; ${own ? `install ${own.name}, or ` : ''}${build}. Tried: ${why}.`;
}

/** The number of the CPU's urgent stream: Note [Priority] in native/runtime/priority.h. */
export const urgentCpu = 1;
/** The number of GPU 0. */
export const firstGpu = 2;

const opened = [0];

/** Makes a device usable; one sentence if that fails. */
export function openDevice(device: number): string {
  if (opened.includes(device)) return '';
  const reason = device === urgentCpu ? addon.openUrgentCpu() : addon.openGpu(device);
  if (!reason) opened.push(device);
  return reason ?? '';
}

/** The numbers of the devices in use: the CPU, and those that were asked for. */
export const openDevices = (): readonly number[] => opened;
