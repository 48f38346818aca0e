/**
 * @file A service that trains and predicts: jobs over HTTP, each in a thread of its own, followed by server-sent events;
 * single requests in batches; metrics; a page. Jobs go on after a restart. Without a port it starts on a free one, trains one
 * job, asks for one prediction, and ends. What each route does is said in docs/backend.md.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { service } from './service/server';
import { commandLine } from './support/options';

const options = commandLine('service', 'A service that trains and predicts.', {
  port: { default: 0, help: 'serve there until SIGTERM; 0: show one job, and end' },
  host: { default: '127.0.0.1', help: 'the address to listen on' },
  folder: { default: '', help: 'where jobs are kept; with a port, service-data' },
  quick: { default: false as boolean, help: 'few epochs' },
});

/** Two clouds of points, one for each class. */
function clouds(n: number): { x: number[][]; y: number[] } {
  const y = Array.from({ length: n }, (_, i) => i % 2);
  return { x: y.map((c, i) => [c + 0.4 * Math.sin(i), c + 0.4 * Math.cos(3 * i)]), y };
}

/** One job from its start to a prediction, as a client sees it. */
async function show(address: string): Promise<void> {
  const post = async <T>(path: string, body: object): Promise<T> => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(address + path, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  const { id } = await post<{ id: string }>('/jobs', { data: clouds(200), epochs: options.quick ? 5 : 30 });
  const events = await fetch(`${address}/jobs/${id}/events`);
  for await (const part of events.body!) process.stdout.write(Buffer.from(part as Uint8Array).toString());
  console.log('prediction for [1, 1]:', await post('/predict', { x: [1, 1] }));
}

async function main(): Promise<void> {
  const serving = options.port > 0;
  const folder = options.folder || (serving ? 'service-data' : mkdtempSync(join(tmpdir(), 'nodegrad-service-')));
  const app = await service({ folder });
  const address = await app.listen({ port: options.port, host: options.host });
  console.log(`listening on ${address}`);
  if (!serving) {
    try {
      await show(address);
    } finally {
      await app.close();
      if (!options.folder) rmSync(folder, { recursive: true });
    }
    return;
  }
  // Once: a second signal ends the process at once.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void app.close());
}

main().catch((e: unknown) => {
  console.error(e);
  process.exitCode = 1;
});
