/** @file GPUs: which there are, and which are in use. */
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

const opened = [0];

/** Makes GPU `device - 1` usable as `device`; one sentence if that fails. */
export function openGpu(device: number): string {
  if (opened.includes(device)) return '';
  const reason = addon.openGpu(device);
  if (reason === '') opened.push(device);
  return reason;
}

/** The numbers of the devices in use: the CPU, and GPUs that were asked for. */
export const openDevices = (): readonly number[] => opened;
