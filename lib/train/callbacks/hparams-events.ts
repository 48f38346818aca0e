/**
 * @file Hyper-parameters as TensorBoard's plugin of that name reads them: the messages of its plugin_data.proto and
 * api.proto.
 */
import { createHash } from 'node:crypto';
import { type HParams, type HParamsMetric } from './hparams';
import { double, type Field, integer, message, text } from './protobuf';

// DataType and the fields of google.protobuf.Value.
const types = { string: 1, boolean: 2, number: 3 } as const;
type Value = HParams[string];
const typeOf = (v: Value): number => types[typeof v as keyof typeof types];
const value = (v: Value): Field =>
  typeof v === 'number' ? double(2, v) : typeof v === 'string' ? text(3, v) : integer(4, Number(v));

/** The fields of a summary value of the plugin: all of it is in its metadata. */
const summary = (tag: string, data: Field): Field[] => [
  text(1, `_hparams_/${tag}`),
  message(9, message(1, text(1, 'hparams'), message(2, data))),
  // An empty vector of floats.
  message(8, integer(1, 1), message(2, message(2))),
];

/** What an experiment varies, and by what its trainings are compared. */
export const experiment = (hparams: HParams, metrics: readonly HParamsMetric[]): Field[] =>
  summary(
    'experiment',
    message(
      2,
      double(3, Date.now() / 1000),
      ...Object.entries(hparams).map(([name, v]) => message(4, text(1, name), integer(4, typeOf(v)))),
      ...metrics.map(({ group, tag }) => message(5, message(1, text(1, group), text(2, tag)))),
    ),
  );

/** A training with these settings begins. Trainings of the same settings are one group, as those of Keras. */
export function sessionStart(hparams: HParams): Field[] {
  const entries = Object.entries(hparams).sort(([a], [b]) => (a < b ? -1 : 1));
  const group = createHash('sha256').update(JSON.stringify(entries)).digest('hex');
  const own = entries.map(([name, v]) => message(1, text(1, name), message(2, value(v))));
  return summary('session_start_info', message(3, ...own, text(4, group), double(5, Date.now() / 1000)));
}

/** It has ended, well or by an error. */
export const sessionEnd = (well: boolean): Field[] =>
  summary('session_end_info', message(4, integer(1, well ? 1 : 2), double(2, Date.now() / 1000)));
