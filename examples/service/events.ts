/** @file A job's logs as server-sent events: one per epoch, and one when it is over. */
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { isOver, type Job, type Jobs } from './jobs';

/** Tells what has happened and what happens; a client that comes back is told what it missed. */
export function follow(jobs: Jobs, job: Job, request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  // A client that was cut off says which epoch it has.
  let next = Number(request.headers['last-event-id'] ?? -1) + 1 || 0;
  const tell = (changed: Job): void => {
    if (changed.id !== job.id) return;
    for (const e of job.log.filter(({ epoch }) => epoch >= next)) {
      raw.write(`id: ${e.epoch}\nevent: epoch\ndata: ${JSON.stringify(e)}\n\n`);
      next = e.epoch + 1;
    }
    if (!isOver(job)) return;
    raw.write(`event: over\ndata: ${JSON.stringify({ status: job.status, reason: job.reason })}\n\n`);
    end();
  };
  const end = (): void => {
    jobs.off('job', tell);
    jobs.off('stopped', end);
    raw.end();
  };
  jobs.on('job', tell);
  jobs.on('stopped', end);
  raw.on('close', end);
  tell(job);
}
