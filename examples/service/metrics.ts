/** @file What Prometheus is told. */
import { type BatcherStats } from 'nodegrad';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { type Jobs, type Status } from './jobs';

const statuses: readonly Status[] = ['queued', 'running', 'done', 'failed', 'cancelled'];

/** The figures of the process, of the jobs, and of the batcher as soon as there is one. */
export function registryOf(jobs: Jobs, stats: () => BatcherStats | undefined): Registry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    ...{ name: 'service_jobs', help: 'Jobs by status', labelNames: ['status'], registers },
    collect() {
      for (const status of statuses) this.set({ status }, jobs.list().filter((j) => j.status === status).length);
    },
  });
  const figures: [keyof BatcherStats, string, string, number][] = [
    ['requests', 'predictions', 'Examples answered', 1],
    ['batches', 'batches', 'Batches', 1],
    ['meanBatch', 'batch_mean', 'Examples per batch', 1],
    ['queued', 'predictions_queued', 'Examples that wait', 1],
    ['p50', 'prediction_seconds_p50', 'Median time of a prediction', 1000],
    ['p99', 'prediction_seconds_p99', '99th percentile of the time of a prediction', 1000],
  ];
  for (const [key, name, help, divisor] of figures)
    new Gauge({
      ...{ name: `service_${name}`, help, registers },
      collect() {
        this.set((stats()?.[key] ?? NaN) / divisor);
      },
    });
  return registry;
}
