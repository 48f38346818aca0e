/** @file The thread of one job. It hears `abort`, and says what happens. */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import * as ng from 'nodegrad';
import { type JobSettings } from './settings';
import { type Architecture, train } from './training';

/** What the thread is given. */
export interface Given {
  settings: JobSettings;
  folder: string;
  dataFolder: string;
  megabytes: number;
}
/** What it says. */
export type Said =
  | { kind: 'epoch'; epoch: number; logs: Record<string, number> }
  | { kind: 'aborted' }
  | { kind: 'done'; architecture: Architecture; weights: ng.Shared }
  | { kind: 'failed'; reason: string };

async function main({ settings, folder, dataFolder, megabytes }: Given): Promise<void> {
  const say = (said: Said): void => parentPort!.postMessage(said);
  const controller = new AbortController();
  parentPort!.once('message', () => controller.abort());
  ng.setMemoryLimit(megabytes * 2 ** 20);
  try {
    const told = (epoch: number, logs: Record<string, number>): void => say({ kind: 'epoch', epoch, logs });
    const { architecture, model, aborted } = await train(settings, folder, dataFolder, told, controller.signal);
    if (aborted) return say({ kind: 'aborted' });
    const weights = model.stateDict();
    await ng.save(join(folder, 'weights.safetensors'), weights, {
      metadata: { architecture: JSON.stringify(architecture) },
    });
    say({ kind: 'done', architecture, weights: await ng.share(weights) });
  } catch (e) {
    say({ kind: 'failed', reason: e instanceof Error ? e.message : String(e) });
  } finally {
    parentPort!.close();
  }
}

void main(workerData as Given);
