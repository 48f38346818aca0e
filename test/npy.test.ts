/** @file NumPy's files, written by NumPy (test/fixtures/make_npy.py). */
import { closeSync, openSync, readFileSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import * as ng from '../lib';
import { data } from '../lib';
import { codeOf } from './caught';
import { temporaryFolder } from './temporary-files';

const { dir, file, failure } = temporaryFolder('npy');
const fixtures = join(__dirname, '..', '..', 'test', 'fixtures');
const archive = join(fixtures, 'arrays.npz');
const values = JSON.parse(readFileSync(join(fixtures, 'npy.json'), 'utf8')) as Record<string, unknown>;

// JSON has no infinity.
const finite = (v: unknown): unknown =>
  Array.isArray(v) ? v.map(finite) : v === Infinity ? 1e308 : v === -Infinity ? -1e308 : v;

test('npz: each type, order and layout', async () => {
  const arrays = await data.npz(archive);
  expect(Object.keys(arrays).sort()).toEqual(Object.keys(values).sort());
  for (const [name, t] of Object.entries(arrays)) expect([name, finite(await t.array())]).toEqual([name, values[name]]);
  const dtypes = ['f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'b1'].map(
    (k) => arrays[`${k}_big`]!.dtype,
  );
  expect(dtypes).toEqual([
    'float16',
    'float32',
    'float64',
    'int32',
    'int32',
    'int32',
    'int64',
    'uint8',
    'int32',
    'int64',
    'bool',
  ]);
  expect([arrays.f8_scalar!.shape, arrays.f4_empty!.shape]).toEqual([[], [0, 3]]);
});

test('npy, and files that are none', async () => {
  const stored = unzipSync(readFileSync(archive))['f4_fortran.npy']!;
  expect((await data.npy(file(stored), { device: 'cpu' })).arraySync()).toEqual(values.f4_fortran);
  const broken = [
    stored.subarray(0, 100),
    stored.subarray(0, stored.length - 1),
    'text',
    '',
    Buffer.concat([stored, Buffer.of(0)]),
  ];
  for (const bytes of broken) await expect(data.npy(file(bytes))).rejects.toMatchObject({ code: 'ERR_FILE_FORMAT' });
  const objects = Buffer.from(Buffer.from(stored).toString('latin1').replace("'<f4'", "'|O8'"), 'latin1');
  await expect(data.npy(file(objects))).rejects.toThrow('arrays of this kind are not read');
  await expect(data.npz(file(stored))).rejects.toMatchObject({ code: 'ERR_FILE_FORMAT' });
  await expect(data.npz(file(readFileSync(archive).subarray(0, 900)))).rejects.toMatchObject({
    code: 'ERR_FILE_FORMAT',
  });
  await expect(data.npy(join(dir, 'nowhere.npy'))).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(data.npy(3 as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG' });
});

// As np.save writes it.
const npyHeader = (descr: string, shape: number[], fortran = 'False'): Buffer => {
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': (${shape.join(', ')},), }`;
  const padded = `${text.padEnd(128 - 10 - 1)}\n`;
  const size = Buffer.alloc(2);
  size.writeUInt16LE(padded.length);
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\0', 'latin1'), size, Buffer.from(padded)]);
};
const npyOf = (values: Float32Array, shape: number[]): Buffer =>
  Buffer.concat([npyHeader('<f4', shape), Buffer.from(values.buffer)]);

test('errors say the file, what is wrong and where', async () => {
  const file = (bytes: Uint8Array): string => {
    writeFileSync(join(dir, 'b.npy'), bytes);
    return join(dir, 'b.npy');
  };
  const good = npyOf(Float32Array.of(1, 2, 3, 4), [2, 2]);
  const begin = 'ERR_FILE_FORMAT [npy] b.npy: ';
  expect(await failure(data.npy(file(good.subarray(0, -3))))).toBe(
    `${begin}truncated: shape [2, 2] needs 16 bytes from byte 128 on, there are 13`,
  );
  expect(await failure(data.npy(file(good.subarray(0, 100))))).toBe(
    `${begin}truncated in its header, at byte 100 of 128`,
  );
  expect(await failure(data.npy(file(good.subarray(0, 8))))).toBe(`${begin}truncated in its header, at byte 8`);
  expect(await failure(data.npy(file(Buffer.from('PK\x03\x04 a zip file'))))).toMatch(
    /not a .npy file: it begins with "PK/,
  );
  const long = Buffer.from('\x93NUMPY\x02\0\xff\xff\xff\x7f    ', 'latin1');
  expect(await failure(data.npy(file(long)))).toBe(`${begin}its header has ${0x7fffffff + 12} bytes, more than 65536`);
  expect(await failure(data.npy(file(good.subarray(0, -3)), { mmap: true }))).toMatch(/truncated: shape/);
  expect(await failure(data.npy(file(good), { mapped: true } as never))).toMatch(
    /^ERR_INVALID_ARG \[npy\] has no option/,
  );
});

test('an archive that unpacks to too much is refused before it is unpacked', async () => {
  const path = join(dir, 'bomb.npz');
  const zeros = npyOf(new Float32Array(1_000_000), [1_000_000]);
  writeFileSync(path, zipSync({ 'a.npy': zeros, 'b.npy': zeros, 'c.txt': new Uint8Array(10_000_000) }));
  expect(statSync(path).size).toBeLessThan(50_000);
  expect(await failure(data.npz(path, { maxBytes: 6_000_000 }))).toBe(
    'ERR_FILE_FORMAT [npz] bomb.npz, b.npy unpacks to more than 6000000 bytes; raise maxBytes if that is right',
  );
  expect(Object.keys(await data.npz(path, { maxBytes: 8_000_256 }))).toEqual(['a', 'b']);
  // One that says of a few bytes that they are four gigabytes less one.
  const lying = Buffer.from(zipSync({ 'a.npy': zeros.subarray(0, 1000) }));
  const central = lying.indexOf(Buffer.from('PK\x01\x02', 'latin1'));
  lying.writeUInt32LE(0xffff_fff0, central + 24);
  writeFileSync(path, lying);
  expect(await failure(data.npz(path))).toMatch(
    /^ERR_FILE_FORMAT \[npz\] bomb.npz, a.npy: \d+ bytes cannot unpack to 4294967280/,
  );
  writeFileSync(path, lying.subarray(0, 60));
  expect(await failure(data.npz(path))).toMatch(/^ERR_FILE_FORMAT \[npz\] bomb.npz: its 60 bytes are no zip file/);
});

describe('mmap: rows are read when they are asked for', () => {
  test('as the whole array gives them, in each type', async () => {
    for (const [name, bytes] of Object.entries(unzipSync(readFileSync(archive)))) {
      const path = join(dir, name);
      writeFileSync(path, bytes);
      if (/fortran|scalar/.test(name)) {
        expect(await failure(data.npy(path, { mmap: true }))).toMatch(/scattered|has no rows/);
        continue;
      }
      const [whole, rows] = [await data.npy(path), await data.npy(path, { mmap: true })];
      expect([rows.shape, rows.dtype, rows.length]).toEqual([whole.shape, whole.dtype, whole.shape[0]]);
      if (rows.length < 2) continue;
      const some = await rows.getBatch(Int32Array.of(1, 0, 1));
      const expected = whole.indexSelect(0, ng.tensor([1, 0, 1], { dtype: 'int32' })); // prettier-ignore
      expect([some.dtype, finite(some.arraySync())]).toEqual([whole.dtype, finite(expected.arraySync())]);
      expect(finite((await rows.get(1)).arraySync())).toEqual(finite(whole.at(1).arraySync()));
      await expect(rows.get(rows.length)).rejects.toMatchObject({ code: 'ERR_INDEX' });
    }
  });

  test('a file of more than 4 GiB, beside labels, through a loader', async () => {
    const path = join(dir, 'huge.npy');
    const [n, width] = [1_200_000, 1024];
    const head = npyHeader('<f4', [n, width]);
    writeFileSync(path, head);
    truncateSync(path, head.length + n * width * 4);
    const fd = openSync(path, 'r+');
    for (const row of [n - 3, n - 1]) {
      const bytes = Buffer.from(Float32Array.from({ length: width }, (_, i) => row + i / 1024).buffer);
      writeSync(fd, bytes, 0, bytes.length, head.length + row * width * 4);
    }
    closeSync(fd);
    expect(statSync(path).size).toBeGreaterThan(2 ** 32);
    const rows = await data.npy(path, { mmap: true });
    expect([rows.length, rows.shape]).toEqual([n, [n, width]]);
    const last = await rows.get(n - 1);
    expect([last.shape, last.at(0).itemSync(), last.at(512).itemSync()]).toEqual([[width], n - 1, n - 0.5]);
    const pairs = new data.StackDataset(rows, new data.TensorDataset(ng.arange(n)));
    const loader = new data.DataLoader(pairs, { batchSize: 4, sampler: [0, n - 3, n - 2, n - 1] });
    for await (const [x, [y]] of loader) {
      expect([x.shape, y!.arraySync()]).toEqual([[4, width], [0, n - 3, n - 2, n - 1]]); // prettier-ignore
      expect(x.narrow(1, 0, 1).arraySync()).toEqual([[0], [n - 3], [0], [n - 1]]);
    }
    truncateSync(path, 2 ** 32);
    expect(await failure(rows.get(n - 1))).toMatch(
      /^ERR_FILE_FORMAT \[npy\] huge.npy: truncated at byte \d+ since it was opened/,
    );
    expect(await failure(data.npy(path))).toMatch(
      /is too large to be read at once; leave it in its file by mmap: true/,
    );
  });

  test('StackDataset: one of each; lengths must be equal', async () => {
    const [a, b] = [new data.TensorDataset(ng.arange(3)), { length: 3, get: (i: number) => -i }];
    const both = new data.StackDataset(a, b);
    expect([both.length, (await both.get(2))[1]]).toEqual([3, -2]);
    for (const [[x], y] of new data.DataLoader(both, { batchSize: 3 }))
      expect([x!.arraySync(), y.arraySync()]).toEqual([[0, 1, 2], [-0, -1, -2]]); // prettier-ignore
    expect(codeOf(() => new data.StackDataset(a, { length: 2, get: () => 1 }))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => new data.StackDataset())).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => both.get(3))).toBe('ERR_INDEX');
    expect(codeOf(() => new data.StackDataset({ length: 1, getBatch: () => 1 }).get(0))).toBe('ERR_INVALID_ARG');
  });
});
