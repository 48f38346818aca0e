/** @file What a client may ask for, as JSON schemas: what does not fit is refused with 400 and the reason. */

/** The settings of one job. */
export interface JobSettings {
  data: { x: number[][]; y: number[] } | { path: string; target: string };
  hidden: number[];
  epochs: number;
  batchSize: number;
  lr: number;
  seed: number;
  /** How long it may train. */
  maxSeconds: number;
}

/** What no job may exceed. */
export interface Limits {
  epochs: number;
  seconds: number;
  /** Of tensors, and of JavaScript. */
  megabytes: number;
  /** Of a body. */
  uploadBytes: number;
  /** Jobs that wait. */
  queued: number;
}

export const usualLimits: Limits = {
  epochs: 10_000,
  seconds: 3600,
  megabytes: 512,
  uploadBytes: 16 * 2 ** 20,
  queued: 100,
};

const numbers = { type: 'array', items: { type: 'number' }, minItems: 1, maxItems: 100_000 };

export const jobSchema = (limits: Limits): object => ({
  type: 'object',
  required: ['data'],
  additionalProperties: false,
  properties: {
    data: {
      oneOf: [
        {
          type: 'object',
          required: ['x', 'y'],
          additionalProperties: false,
          properties: {
            x: { type: 'array', items: numbers, minItems: 2, maxItems: 1_000_000 },
            y: {
              type: 'array',
              items: { type: 'integer', minimum: 0, maximum: 999 },
              minItems: 2,
              maxItems: 1_000_000,
            },
          },
        },
        {
          type: 'object',
          required: ['path', 'target'],
          additionalProperties: false,
          // A file of the service's own folder: no way leads out of it.
          properties: {
            path: { type: 'string', pattern: '^\\w[\\w-]*\\.csv$' },
            target: { type: 'string', minLength: 1 },
          },
        },
      ],
    },
    hidden: { type: 'array', items: { type: 'integer', minimum: 1, maximum: 4096 }, maxItems: 8, default: [32] },
    epochs: { type: 'integer', minimum: 1, maximum: limits.epochs, default: 20 },
    batchSize: { type: 'integer', minimum: 1, maximum: 65_536, default: 32 },
    lr: { type: 'number', exclusiveMinimum: 0, maximum: 10, default: 0.01 },
    seed: { type: 'integer', minimum: 0, maximum: 2 ** 32, default: 0 },
    maxSeconds: { type: 'number', exclusiveMinimum: 0, maximum: limits.seconds, default: limits.seconds },
  },
});

export const predictSchema = {
  type: 'object',
  required: ['x'],
  additionalProperties: false,
  properties: { x: numbers },
};

/** What the schema cannot say; undefined if nothing is wrong. */
export function wrongWith({ data }: JobSettings): string | undefined {
  if (!('x' in data)) return undefined;
  const [first] = data.x as [number[]];
  if (data.x.length !== data.y.length) return `data.x has ${data.x.length} rows and data.y ${data.y.length}`;
  const odd = data.x.findIndex((row) => row.length !== first.length);
  return odd < 0 ? undefined : `data.x/${odd} has ${data.x[odd]!.length} numbers, the first row has ${first.length}`;
}
