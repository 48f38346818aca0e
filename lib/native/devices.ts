/** @file Devices by number: 0 is the CPU, 1 its urgent stream, the others GPUs. Which there are, and which are in use. */
import { addon, builtFile } from './addon';

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
  const { file, tried } = builtFile('NODEGRAD_CUDA_LIBRARY', 'cuda', 'libnodegrad_cuda.so');
  if (file === undefined) {
    const reason = process.env['NODEGRAD_CUDA_LIBRARY']
      ? `NODEGRAD_CUDA_LIBRARY names ${tried[0]}, which does not exist; correct it or unset it.`
      : 'the CUDA library is not built; run `npm run build:cuda` in the folder of nodegrad (it needs the CUDA toolkit).';
    return { names: [], reason };
  }
  const [reason, ...names] = addon.gpus(file);
  return { names, reason };
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
