/** @file NumPy's files, written by NumPy (test/fixtures/make_npy.py). */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { data } from '../lib';

const dir = mkdtempSync(join(tmpdir(), 'nodegrad-npy-'));
afterAll(() => rmSync(dir, { recursive: true }));
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
  const file = (bytes: Uint8Array | string): string => {
    const path = join(dir, 'a.npy');
    writeFileSync(path, bytes);
    return path;
  };
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
