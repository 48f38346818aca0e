/** @file The service: routes for jobs and predictions, and how it ends. */
import { createReadStream } from 'node:fs';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import * as ng from 'nodegrad';
import { nn } from 'nodegrad';
import { follow } from './events';
import { isOver, type Job, Jobs, type Learned } from './jobs';
import { registryOf } from './metrics';
import { page } from './page';
import { type JobSettings, jobSchema, type Limits, predictSchema, usualLimits, wrongWith } from './settings';
import { network } from './training';

/** What a service is made with. */
export interface ServiceOptions {
  /** Where jobs, data and weights are. */
  folder: string;
  limits?: Partial<Limits>;
}

/** An error that is the client's, with its status. */
class Refused extends Error {
  constructor(
    readonly statusCode: number,
    message: string,
  ) {
    super(message);
  }
}

// Whose fault an error of the library is.
const statusOf = (code: string): number | undefined => {
  if (code === 'ERR_OVERLOADED' || code === 'ERR_CLOSED') return 503;
  return ['ERR_SHAPE', 'ERR_DTYPE', 'ERR_INVALID_ARG', 'ERR_INDEX'].includes(code) ? 400 : undefined;
};

const modelOf = ({ architecture, weights }: Learned): nn.Module => {
  const model = network(architecture);
  model.loadStateDict(weights);
  return new nn.Sequential(model, new nn.Softmax(1));
};

/** The service, ready to listen. `close()` ends it: the training stands in its checkpoint, what waits is answered. */
export async function service({ folder, limits: given = {} }: ServiceOptions): Promise<FastifyInstance> {
  const limits = { ...usualLimits, ...given };
  const jobs = new Jobs(folder, limits);
  const app = fastify({
    bodyLimit: limits.uploadBytes,
    // A body is taken as it is: "1" is no number, null is no 0, an unknown name is a mistake.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    return503OnClosing: true,
  });
  let serving: { id: string; predict: ng.Batcher<ng.NestedNumbers> } | undefined;
  const serve = async (learned: Learned): Promise<void> => {
    const model = modelOf(learned);
    if (serving) {
      await serving.predict.swap(model);
      serving.id = learned.id;
    } else serving = { id: learned.id, predict: ng.batcher(model, { output: 'array', priority: true }) };
  };
  jobs.on('learned', (learned: Learned) => void serve(learned).catch((e: unknown) => app.log.error(e)));
  const latest = await jobs.latest();
  if (latest) await serve(latest);

  app.setErrorHandler((error: FastifyError, _request, reply: FastifyReply) => {
    const status = error.statusCode ?? statusOf(error.code) ?? 500;
    if (status === 503) reply.header('retry-after', '1');
    // What is the service's own fault is for its log.
    if (status >= 500 && status !== 503) process.emitWarning(error);
    return reply.code(status).send({ error: status === 500 ? 'internal error' : error.message });
  });
  const jobOf = (params: unknown): Job => {
    const { id } = params as { id: string };
    const job = jobs.get(id);
    if (!job) throw new Refused(404, `there is no job ${id}`);
    return job;
  };

  app.get('/', (_request, reply) => reply.type('text/html; charset=utf-8').send(page));
  app.get('/health', () => ({ serving: serving?.id ?? null }));
  app.get('/jobs', () => jobs.list().map((job) => ({ ...job, log: job.log.slice(-1) })));
  app.post('/jobs', { schema: { body: jobSchema(limits) } }, (request, reply) => {
    const settings = request.body as JobSettings;
    const wrong = wrongWith(settings);
    if (wrong !== undefined) throw new Refused(400, wrong);
    if (jobs.waiting >= limits.queued) throw new Refused(503, `${jobs.waiting} jobs wait already`);
    return reply.code(201).send(jobs.add(settings));
  });
  app.get('/jobs/:id', (request) => jobOf(request.params));
  app.delete('/jobs/:id', (request) => {
    const job = jobOf(request.params);
    if (isOver(job)) throw new Refused(409, `the job is ${job.status}`);
    jobs.cancel(job);
    return job;
  });
  app.get('/jobs/:id/events', (request, reply) => follow(jobs, jobOf(request.params), request, reply));
  app.get('/jobs/:id/weights', (request, reply) => {
    const job = jobOf(request.params);
    const file = jobs.weightsFile(job);
    if (!file) throw new Refused(409, `the job is ${job.status}`);
    reply.header('content-disposition', `attachment; filename="${job.id}.safetensors"`);
    return reply.type('application/octet-stream').send(createReadStream(file));
  });
  app.post('/jobs/:id/serve', async (request) => {
    const job = jobOf(request.params);
    if (job.status !== 'done') throw new Refused(409, `the job is ${job.status}`);
    await serve(await jobs.learned(job));
    return { serving: job.id };
  });
  app.post('/predict', { schema: { body: predictSchema } }, async (request) => {
    if (!serving) throw new Refused(409, 'no job is done yet');
    const probabilities = (await serving.predict((request.body as { x: number[] }).x)) as number[];
    return { class: probabilities.indexOf(Math.max(...probabilities)), probabilities };
  });
  const registry = registryOf(jobs, () => serving?.predict.stats());
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));

  app.addHook('onReady', (done) => {
    jobs.start();
    done();
  });
  app.addHook('preClose', async () => {
    await Promise.all([jobs.stop(), serving?.predict.close({ drain: true })]);
    jobs.emit('stopped');
  });
  return app;
}
