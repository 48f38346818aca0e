/**
 * @file Event files, read by a decoder of their own. Fields have the numbers of TensorBoard's event.proto, summary.proto and
 * the hparams plugin's plugin_data.proto and api.proto; TensorBoard 2.21 itself reads the same from such files.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ng from '../lib';
import { callbacks, nn } from '../lib';
import { caught } from './caught';

const folder = mkdtempSync(join(tmpdir(), 'nodegrad-board-'));
afterAll(() => rmSync(folder, { recursive: true }));

const x = ng.linspace(-1, 1, 12).unsqueeze(1);
const y = x.mul(3);
const line = (): ng.Sequential =>
  ng.sequential([new nn.Dense(1, { inputShape: [1] })]).compile({ loss: 'mse', optimizer: { name: 'sgd', lr: 0.1 } });
const quiet = { verbose: 0, shuffle: false } as const;

/** Fields of a message: numbers (varint, float, double) and bytes. */
type Fields = Record<number, (number | Buffer)[]>;
function fields(b: Buffer): Fields {
  const out: Fields = {};
  let at = 0;
  const varint = (): number => {
    let n = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = b[at++]!;
      n += (byte % 128) * shift;
      if (byte < 128) return n;
    }
  };
  while (at < b.length) {
    const key = varint();
    let v: number | Buffer;
    if (key % 8 === 0) v = varint();
    else if (key % 8 === 1) v = b.readDoubleLE((at += 8) - 8);
    else if (key % 8 === 5) v = b.readFloatLE((at += 4) - 4);
    else {
      const n = varint();
      v = b.subarray(at, (at += n));
    }
    (out[Math.floor(key / 8)] ??= []).push(v);
  }
  expect(at).toBe(b.length);
  return out;
}
const sub = (f: Fields, ...path: number[]): Fields => path.reduce((g, n) => fields(g[n]![0] as Buffer), f);
const str = (v: unknown): string => (v as Buffer).toString();

/** The values in the only event file of a folder: of each its step and its fields. */
function valuesIn(dir: string): { step: number; value: Fields }[] {
  const names = readdirSync(dir).filter((n) => n.includes('tfevents'));
  expect(names).toHaveLength(1);
  const file = readFileSync(join(dir, names[0]!));
  const events: Fields[] = [];
  for (let at = 0; at < file.length;) {
    const n = Number(file.readBigUInt64LE(at));
    events.push(fields(file.subarray(at + 12, at + 12 + n)));
    at += 16 + n;
  }
  expect(str(events[0]![3]![0])).toBe('brain.Event:2');
  // The checksum of the length 0x18 as TensorFlow writes it, at the head of most event files.
  expect(file.subarray(0, 12).toString('hex')).toBe('1800000000000000a37f4b22');
  return events.slice(1).map((e) => ({ step: e[2]![0] as number, value: sub(e, 5, 1) }));
}

test('scalars and histograms under their tags', async () => {
  const logDir = join(folder, 'scalars');
  const board = new callbacks.TensorBoard({ logDir, histogramFreq: 2, updateFreq: 2 });
  const options = { ...quiet, batchSize: 6, epochs: 3, validationData: [x, y], callbacks: [board] } as const;
  const m = line();
  const { history } = await m.fit(x, y, options);
  const of = (part: string, tag: string): [number, number][] =>
    valuesIn(join(logDir, part)).flatMap(({ step, value }) =>
      str(value[1]![0]) === tag ? [[step, value[2]![0] as number]] : [],
    );
  for (const [part, name] of [
    ['train', 'loss'],
    ['validation', 'valLoss'],
  ] as const)
    expect(of(part, 'epoch_loss')).toEqual(history[name]!.map((l, i) => [i, Math.fround(l)]));
  expect(of('train', 'batch_loss').map(([step]) => step)).toEqual([0, 2, 4]);
  const histograms = valuesIn(join(logDir, 'train')).filter(({ value }) => value[5]);
  expect(histograms.map(({ step, value }) => [step, str(value[1]![0])])).toEqual([
    [0, '0.weight'],
    [0, '0.bias'],
    [2, '0.weight'],
    [2, '0.bias'],
  ]);
  const [low, high, n, sum, squares] = [1, 2, 3, 4, 5].map((k) => sub(histograms[2]!.value, 5)[k]![0]);
  const w = m.parameters()[0]!.itemSync();
  expect([low, high, n, sum, squares]).toEqual([w, w, 1, w, w * w]);
});

test('a histogram of no numbers is empty', async () => {
  const logDir = join(folder, 'nothing');
  const nothing = y.clone().fill_(NaN);
  await line().fit(x, nothing, { ...quiet, callbacks: [new callbacks.TensorBoard({ logDir, histogramFreq: 1 })] });
  const { value } = valuesIn(join(logDir, 'train')).find((v) => v.value[5])!;
  const h = sub(value, 5);
  expect([1, 2, 3, 4, 5].map((k) => h[k]![0])).toEqual([0, 0, 0, 0, 0]);
});

describe('hyper-parameters', () => {
  const hparams = { units: 16, optimizer: 'adam', bias: true };
  // What the plugin keeps is all in the metadata, as HParamsPluginData.
  const sessions = (dir: string): Map<string, Fields> =>
    new Map(
      valuesIn(dir).map(({ value }) => {
        const plugin = sub(value, 9, 1);
        expect(str(plugin[1]![0])).toBe('hparams');
        // A tensor of floats of shape [0].
        const tensor = sub(value, 8);
        expect([tensor[1], str(tensor[2]![0])]).toEqual([[1], '\x12\x00']);
        return [str(value[1]![0]), sub(plugin, 2)];
      }),
    );

  test('experiment, start and end of the session', async () => {
    const logDir = join(folder, 'good');
    const before = Date.now() / 1000;
    const board = new callbacks.TensorBoard({ logDir, hparams });
    await line().fit(x, y, { ...quiet, epochs: 2, validationData: [x, y], callbacks: [board] });
    const found = sessions(logDir);
    const tags = ['session_start_info', 'experiment', 'session_end_info'];
    expect([...found.keys()]).toEqual(tags.map((t) => `_hparams_/${t}`));
    const experiment = sub(found.get('_hparams_/experiment')!, 2);
    const infos = experiment[4]!.map((b) => fields(b as Buffer)).map((f) => [str(f[1]![0]), f[4]![0]]);
    // DATA_TYPE_FLOAT64, DATA_TYPE_STRING, DATA_TYPE_BOOL
    expect(infos).toEqual([
      ['units', 3],
      ['optimizer', 1],
      ['bias', 2],
    ]);
    const metrics = experiment[5]!.map((b) => sub(fields(b as Buffer), 1)).map((f) => [str(f[1]![0]), str(f[2]![0])]);
    expect(metrics).toEqual([
      ['train', 'epoch_loss'],
      ['validation', 'epoch_loss'],
    ]);
    const start = sub(found.get('_hparams_/session_start_info')!, 3);
    const entries = start[1]!.map((b) => fields(b as Buffer));
    const held = Object.fromEntries(entries.map((e) => [str(e[1]![0]), sub(e, 2)]));
    expect([held['units']![2], held['bias']![4], str(held['optimizer']![3]![0])]).toEqual([[16], [1], 'adam']);
    expect(str(start[4]![0])).toMatch(/^[0-9a-f]{64}$/);
    expect(start[5]![0]).toBeGreaterThanOrEqual(before);
    const end = sub(found.get('_hparams_/session_end_info')!, 4);
    expect(end[1]).toEqual([1]);
    expect(end[2]![0]).toBeGreaterThanOrEqual(start[5]![0] as number);
  });

  test('a training that failed; without hparams there is no such file', async () => {
    const logDir = join(folder, 'bad');
    const bad = new callbacks.Lambda({
      onEpochEnd: () => {
        throw new Error('boom');
      },
    });
    const fit = line().fit(x, y, { ...quiet, callbacks: [new callbacks.TensorBoard({ logDir, hparams }), bad] });
    await expect(fit).rejects.toThrow('boom');
    expect(sub(sessions(logDir).get('_hparams_/session_end_info')!, 4)[1]).toEqual([2]);
    expect(readdirSync(join(folder, 'scalars')).sort()).toEqual(['train', 'validation']);
  });

  test('what is no setting is refused', () => {
    const message = (h: unknown): string =>
      (caught(() => new callbacks.TensorBoard({ hparams: h as never })) as Error).message;
    expect(message({ layers: [1, 2] })).toContain(
      '[TensorBoard] hparams.layers must be a number, a string or a boolean',
    );
    expect(message([1])).toContain('[TensorBoard] hparams must be settings by name');
  });
});
