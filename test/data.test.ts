/** @file Datasets, the loader, IDX files and MNIST. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as ng from '../lib';
import { data, datasets } from '../lib';
import { codeOf } from './caught';

const dir = mkdtempSync(join(tmpdir(), 'nodegrad-data-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** Rows [i, 10 i] with label i. */
const rows = (n: number): data.TensorDataset<[ng.Tensor, ng.Tensor]> =>
  new data.TensorDataset(
    ng
      .arange(n)
      .reshape([n, 1])
      .mul(ng.tensor([1, 10])),
    ng.tensor(Int32Array.from({ length: n }, (_, i) => i)),
  );

const labelsOf = (loader: Iterable<[ng.Tensor, ng.Tensor]>): number[][] =>
  Array.from(loader, ([x, y]) => {
    const labels = y.arraySync() as number[];
    expect(x.arraySync()).toEqual(labels.map((i) => [i, 10 * i]));
    return labels;
  });
const sorted = (batches: number[][]): number[] => batches.flat().sort((a, b) => a - b);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe('DataLoader', () => {
  test('batches in order, the last one smaller or left out', () => {
    expect(labelsOf(new data.DataLoader(rows(7), { batchSize: 3 }))).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
    const dropping = new data.DataLoader(rows(7), { batchSize: 3, dropLast: true });
    expect(labelsOf(dropping)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(dropping.length).toBe(2);
    expect(new data.DataLoader(rows(7), { batchSize: 3 }).length).toBe(3);
    expect(labelsOf(new data.DataLoader(rows(2)))).toEqual([[0], [1]]);
  });

  test('an empty dataset has no batches', async () => {
    const loader = new data.DataLoader({ length: 0, get: () => 1 }, { batchSize: 4, shuffle: true });
    expect([...loader]).toEqual([]);
    for await (const batch of loader) throw new Error(`a batch of nothing: ${String(batch)}`);
    expect(loader.length).toBe(0);
  });

  test('shuffles: all examples, another order each time, the same order from the same seed', async () => {
    const make = (options: object): data.DataLoader<[ng.Tensor, ng.Tensor], [ng.Tensor, ng.Tensor]> =>
      new data.DataLoader(rows(50), { batchSize: 8, shuffle: true, ...options });
    const [a, b] = [make({ seed: 3 }), make({ seed: 3 })];
    const first = labelsOf(a);
    expect(sorted(first)).toEqual(upTo(50));
    expect(first.flat()).not.toEqual(upTo(50));
    expect(labelsOf(b)).toEqual(first);
    const second = labelsOf(a);
    expect(second).not.toEqual(first);
    // The asynchronous loop visits them in the same order as the plain one.
    const awaited: number[][] = [];
    for await (const [, y] of b) awaited.push((await y.array()) as number[]);
    expect(awaited).toEqual(second);
    expect(labelsOf(make({ seed: 4 }))).not.toEqual(first);

    ng.manualSeed(9);
    const global = labelsOf(make({}));
    ng.manualSeed(9);
    expect(labelsOf(make({}))).toEqual(global);
    expect(labelsOf(make({ generator: new ng.Generator(3) }))).toEqual(first);
  });

  test('a sampler gives the positions', () => {
    expect(labelsOf(new data.DataLoader(rows(5), { batchSize: 2, sampler: [4, 0, 4] }))).toEqual([[4, 0], [4]]);
    expect(codeOf(() => [...new data.DataLoader(rows(5), { sampler: [5] })])).toBe('ERR_INDEX');
  });

  test('collates examples: numbers, arrays, objects, strings, tensors', () => {
    const examples = [0, 1, 2].map((i) => ({ x: [i, i + 1], y: i, ok: i > 0, name: `n${i}`, t: ng.full([2], i) }));
    const [batch] = [...new data.DataLoader({ length: 3, get: (i) => examples[i]! }, { batchSize: 3 })];
    expect(batch!.x.arraySync()).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    expect([batch!.y.dtype, batch!.ok.dtype]).toEqual(['float32', 'bool']);
    expect(batch!.ok.arraySync()).toEqual([false, true, true]);
    expect(batch!.name).toEqual(['n0', 'n1', 'n2']);
    expect(batch!.t.shape).toEqual([3, 2]);
    const typed = data.collate([new Float64Array([1, 2]), new Float64Array([3, 4])]);
    expect([typed.dtype, typed.shape]).toEqual(['float64', [2, 2]]);
    expect(codeOf(() => data.collate([ng.ones([2]), ng.ones([3])]))).toBe('ERR_SHAPE');
    expect(codeOf(() => data.collate([[1, 2], [1]]))).toBe('ERR_SHAPE');
    expect(codeOf(() => data.collate([]))).toBe('ERR_INVALID_ARG');
  });

  test('an own collate and a transform', async () => {
    const dataset = { length: 4, get: (i: number) => 'x'.repeat(i) };
    const options = { batchSize: 2, collate: (list: string[]) => list.map((s) => s.length) };
    expect([...new data.DataLoader(dataset, options)]).toEqual([
      [0, 1],
      [2, 3],
    ]);
    const summed = new data.DataLoader(dataset, {
      ...options,
      transform: (list: number[]) => Promise.resolve(list.reduce((a, b) => a + b)),
    });
    const sums: number[] = [];
    for await (const s of summed) sums.push(s);
    expect(sums).toEqual([1, 5]);
    expect(() => [...summed]).toThrow('use for await');
  });

  test('a dataset of promises, and its failure reaches the loop', async () => {
    const get = (i: number): Promise<number> =>
      i < 3 ? Promise.resolve(i) : Promise.reject(new Error('disk on fire'));
    const loader = new data.DataLoader({ length: 4, get }, { batchSize: 2 });
    const seen: unknown[] = [];
    const loop = async (): Promise<void> => {
      for await (const b of loader) seen.push((b as ng.Tensor).arraySync());
    };
    await expect(loop()).rejects.toThrow('disk on fire');
    expect(seen).toEqual([[0, 1]]);
    expect(() => [...loader]).toThrow('use for await');
  });

  test('leaving the loop early is fine; timers run while it goes', async () => {
    const loader = new data.DataLoader(rows(1000), { batchSize: 1 });
    let seen = 0;
    for await (const batch of loader) if (batch && ++seen === 3) break;
    expect(seen).toBe(3);
    let ticks = 0;
    const long = new data.DataLoader(rows(100_000), { batchSize: 1 });
    const timer = setInterval(() => ticks++, 1);
    const until = performance.now() + 100;
    for await (const [x] of long) if (x && performance.now() > until) break;
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(2);
  });

  test('the failure of a step is told to whoever reads what came of it', async () => {
    const loop = async (): Promise<void> => {
      for await (const [x] of new data.DataLoader(rows(100), { batchSize: 10 }))
        await ng.nn.functional.crossEntropy(x, ng.full([10], 7, { dtype: 'int32' })).item();
    };
    await expect(loop()).rejects.toMatchObject({ code: 'ERR_INDEX' });
  });

  test('bad settings are named errors', () => {
    const d = rows(3);
    for (const options of [
      { batchSize: 0 },
      { batchSize: 1.5 },
      { batchSize: NaN },
      { sampler: 3 },
      { sampler: [0], shuffle: true },
      { collate: 3 },
      { seed: 1, generator: new ng.Generator(1) },
    ])
      expect(codeOf(() => new data.DataLoader(d, options as never))).toBe('ERR_INVALID_ARG');
    for (const bad of [null, 3, {}, { length: 3 }, { length: -1, get: () => 1 }])
      expect(codeOf(() => new data.DataLoader(bad as never))).toBe('ERR_INVALID_ARG');
  });
});

describe('datasets', () => {
  test('rows that belong together, subsets, several in one', () => {
    const d = rows(6);
    expect(d.get(2).map((t) => t.arraySync())).toEqual([[2, 20], 2]);
    expect(codeOf(() => d.get(6))).toBe('ERR_INDEX');
    expect(codeOf(() => new data.TensorDataset(ng.ones([3]), ng.ones([4])))).toBe('ERR_SHAPE');
    expect(labelsOf(new data.DataLoader(new data.Subset(d, [5, 1]), { batchSize: 2 }))).toEqual([[5, 1]]);
    expect(codeOf(() => new data.Subset(d, [6]))).toBe('ERR_INDEX');
    const both = new data.ConcatDataset([new data.Subset(d, [0]), d]);
    expect(both.length).toBe(7);
    expect((both.get(3) as ng.Tensor[])[1]!.itemSync()).toBe(2);
  });

  test('randomSplit: all examples once, sizes or fractions, by seed', () => {
    const parts = data.randomSplit(rows(10), [0.7, 0.3], { seed: 1 });
    expect(parts.map((p) => p.length)).toEqual([7, 3]);
    expect(sorted(parts.map((p) => Array.from(p.indices)))).toEqual(upTo(10));
    expect(data.randomSplit(rows(10), [7, 3], { seed: 1 })[0]!.indices).toEqual(parts[0]!.indices);
    expect(codeOf(() => data.randomSplit(rows(10), [5, 4]))).toBe('ERR_INVALID_ARG');
  });
});

describe('IDX files', () => {
  const header = (type: number, ...dims: number[]): Buffer => {
    const b = Buffer.alloc(4 + 4 * dims.length);
    b.set([0, 0, type, dims.length]);
    dims.forEach((d, i) => b.writeUInt32BE(d, 4 + 4 * i));
    return b;
  };
  const file = (name: string, ...parts: Uint8Array[]): string => {
    const path = join(dir, name);
    writeFileSync(path, Buffer.concat(parts));
    return path;
  };
  const bytes = Buffer.from([1, 2, 3, 4, 5, 255]);

  test('bytes, plain and gzip', async () => {
    const plain = await data.readIdx(file('a.idx', header(8, 2, 3), bytes));
    expect([plain.dtype, plain.arraySync()]).toEqual([
      'uint8',
      [
        [1, 2, 3],
        [4, 5, 255],
      ],
    ]);
    const packed = await data.readIdx(file('a.idx.gz', gzipSync(Buffer.concat([header(8, 2, 3), bytes]))));
    expect(packed.arraySync()).toEqual(plain.arraySync());
  });

  test.each([
    ['signed bytes', 0x09, 'int32', Buffer.from([0xff, 0x7f]), [-1, 127]],
    ['shorts', 0x0b, 'int32', Buffer.from([0xff, 0xfe, 0x01, 0x00]), [-2, 256]],
    ['ints', 0x0c, 'int32', Buffer.from([0xff, 0xff, 0xff, 0xfd, 0, 1, 0, 0]), [-3, 65536]],
    ['floats', 0x0d, 'float32', Buffer.from([0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0]), [1, -2]],
    ['doubles', 0x0e, 'float64', Buffer.from([0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0]), [1, 2]],
  ])('%s are big-endian', async (_name, type, dtype, values, expected) => {
    const t = await data.readIdx(file('t.idx', header(type, 2), values));
    expect([t.dtype, t.arraySync()]).toEqual([dtype, expected]);
  });

  test.each([
    ['an empty file', [Buffer.alloc(0)]],
    ['a wrong magic number', [Buffer.from('PK\x03\x04and more')]],
    ['an unknown type', [header(0x0a, 2), bytes]],
    ['a truncated header', [header(8, 2, 3).subarray(0, 9)]],
    ['truncated values', [header(8, 2, 3), bytes.subarray(0, 5)]],
    ['too many values', [header(8, 2, 3), bytes, bytes]],
    ['sizes beyond any memory', [header(8, 2 ** 31, 2 ** 31, 2 ** 31), bytes]],
    ['broken gzip data', [gzipSync(Buffer.concat([header(8, 2, 3), bytes])).subarray(0, 14)]],
  ])('%s is a named error', async (_name, parts) => {
    await expect(data.readIdx(file('bad.idx', ...parts))).rejects.toMatchObject({ code: 'ERR_FILE_FORMAT' });
  });

  test('what a file cannot hold is not unpacked, whatever its header says', async () => {
    // Refused before the broken end is read.
    const path = file('bomb.idx', gzipSync(Buffer.concat([header(8, 2 ** 31), Buffer.alloc(100_000)])).subarray(0, -4));
    await expect(data.readIdx(path)).rejects.toThrow('cannot hold them');
  });

  test('MNIST from a folder: flat or not, normalized, limited; what does not fit is named', async () => {
    const images = (n: number): Buffer => Buffer.alloc(n * 4, 51);
    file('t10k-images-idx3-ubyte', header(8, 3, 2, 2), images(3));
    file('t10k-labels-idx1-ubyte', header(8, 3), Buffer.from([7, 2, 1]));
    const flat = await datasets.mnist({ path: dir, split: 'test', flatten: true });
    const [[x, y]] = [...new data.DataLoader(flat, { batchSize: 2 })] as [[ng.Tensor, ng.Tensor]];
    expect([x.dtype, x.shape, y.dtype]).toEqual(['float32', [2, 4], 'int32']);
    expect([(x.arraySync() as number[][])[0]![0], y.arraySync()]).toEqual([Math.fround(0.2), [7, 2]]);
    const one = await datasets.mnist({ path: dir, split: 'test', normalize: { mean: 0.2, std: 2 }, limit: 1 });
    expect([one.length, one.get(0)[0].shape]).toEqual([1, [1, 2, 2]]);
    expect((one.get(0)[0].dataSync() as Float32Array)[0]).toBeCloseTo(0, 6);
    await expect(datasets.mnist({ path: dir })).rejects.toMatchObject({ code: 'ERR_DATASET_NOT_FOUND' });
    file('t10k-labels-idx1-ubyte', header(8, 2), Buffer.from([7, 2]));
    await expect(datasets.mnist({ path: dir, split: 'test' })).rejects.toMatchObject({ code: 'ERR_FILE_FORMAT' });
    await expect(datasets.mnist({ split: 'dev' as never })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG' });
  });
});
