/** @file What the tests of dashboards share: trainings under way, and what their servers say. */
import { request } from 'node:http';
import * as ng from '../lib';
import { callbacks } from '../lib';
import type { RunRecord, RunUpdate } from '../lib/train/report/record';
import { clouds, net, quiet } from './train-cases';

export const token = 'open sesame';

export const compiled = (): ng.Sequential =>
  net().compile({ optimizer: { name: 'adam', lr: 0.01 }, loss: 'crossEntropy', metrics: ['accuracy'] });
export const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Steps that take a while, counted behind the dashboard's wait. */
export class Slow extends callbacks.Callback {
  steps = 0;
  /** Resolves after two more. */
  async goesOn(): Promise<void> {
    for (const { steps } = this; this.steps < steps + 2;) await later(2);
  }
  override async onTrainBatchEnd(): Promise<void> {
    this.steps++;
    await later(2);
  }
}

export interface Training {
  dashboard: ng.callbacks.Dashboard;
  url: string;
  slow: Slow;
  model: ng.Sequential;
  done: Promise<ng.History>;
}
const underWay: Training[] = [];
/** A training that goes on until it is stopped. */
export async function training(
  settings: ng.callbacks.DashboardOptions = {},
  options: ng.FitOptions = {},
  dashboard = new callbacks.Dashboard({ port: 0, token, ...settings }),
): Promise<Training> {
  const [slow, model] = [new Slow(), compiled()];
  const url = await dashboard.start();
  const list = [dashboard, slow, ...(options.callbacks ?? [])];
  const validationData = clouds(10, 2);
  const done = model.fit(...clouds(40), {
    ...quiet,
    epochs: 1e6,
    batchSize: 8,
    validationData,
    ...options,
    callbacks: list,
  });
  done.catch(() => {});
  const t = { dashboard, url, slow, model, done };
  underWay.push(t);
  await slow.goesOn();
  return t;
}
afterEach(async () => {
  for (const t of underWay.splice(0)) {
    t.slow.trainer.stopTraining = true;
    await t.dashboard.close();
    await t.done.catch(() => {});
  }
});

export interface Got {
  status: number;
  text: string;
  headers: NodeJS.Dict<string | string[]>;
}
export function http(
  url: string,
  o: { method?: string; headers?: Record<string, string>; body?: string; path?: string } = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const { hostname, port, pathname } = new URL(o.path ?? '', url);
    const { method = 'GET', headers } = o;
    const r = request({ hostname, port, path: pathname, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode!, text, headers: response.headers }));
    });
    r.on('error', reject);
    r.end(o.body);
  });
}

/** What the server tells of runs, as a page puts it together. */
export async function listen(
  url: string,
  until: (runs: Map<string, RunRecord>, ended: boolean) => boolean,
): Promise<Map<string, RunRecord>> {
  const runs = new Map<string, RunRecord>();
  return new Promise((resolve, reject) => {
    const r = request(new URL('events', url), (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        const messages = text.split('\n\n');
        text = messages.pop()!;
        let ended = false;
        for (const m of messages) {
          const [, event, data] = /^event: (\w+)\ndata:(.*)/.exec(m) ?? [];
          if (event === 'run') {
            const run = JSON.parse(data!) as RunRecord;
            runs.set(run.id, run);
          }
          if (event === 'update') {
            const {
              id,
              from,
              run: { steps, epochs, ...rest },
            } = JSON.parse(data!) as RunUpdate;
            const known = runs.get(id)!;
            Object.assign(known, rest);
            known.epochs.splice(from.epochs, Infinity, ...epochs!);
            known.steps.at.splice(from.steps, Infinity, ...steps!.at);
            known.steps.count = steps!.count;
          }
          ended ||= event === 'end';
        }
        if (!until(runs, ended)) return;
        r.destroy();
        resolve(runs);
      });
    });
    r.on('error', reject);
    r.end();
  });
}
export const runOf = async (url: string): Promise<RunRecord> =>
  [...(await listen(url, (runs) => runs.size > 0)).values()].at(-1)!;
export const command = async (url: string, body: object, headers: Record<string, string> = {}): Promise<Got> =>
  http(url, {
    path: 'control',
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify(body),
  });
