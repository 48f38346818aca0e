/** @file Saving and loading tensors: every dtype both ways, files of the reference implementation, broken files. */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ng from '../lib';

const dir = mkdtempSync(join(tmpdir(), 'nodegrad-safetensors-'));
afterAll(() => rmSync(dir, { recursive: true }));
const path = join(dir, 't.safetensors');

const bitsOf = (t: ng.Tensor): unknown => [t.dtype, [...t.shape], Array.from(t.dataSync() as Float64Array)];

const all = (): Record<string, ng.Tensor> => ({
  f32: ng.tensor([0.1, -0, NaN, Infinity, 1e-45]),
  f64: ng.tensor([[Math.PI], [-1e308]], { dtype: 'float64' }),
  f16: ng.tensor([0.5, -65504, 6e-8], { dtype: 'float16' }),
  bf16: ng.tensor([3.140625, 1e38], { dtype: 'bfloat16' }),
  i32: ng.tensor(new Int32Array([-(2 ** 31), 2 ** 31 - 1])),
  i64: ng.tensor(new BigInt64Array([-(2n ** 63n), 2n ** 63n - 1n])),
  u8: ng.tensor(new Uint8Array([0, 255, 7])),
  bool: ng.tensor([true, false, true]),
  scalar: ng.tensor(3),
  empty: ng.zeros([0, 4]),
  '0': ng.tensor([1]),
  'a "name" with ünïcode': ng.tensor([2]),
});

describe('a round trip', () => {
  test('keeps every dtype, shape, bit, and the order of the names', async () => {
    const before = all();
    await ng.save(path, before, { metadata: { epoch: '7' } });
    const after = await ng.load(path);
    expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort());
    for (const [name, t] of Object.entries(before)) expect([name, bitsOf(after[name]!)]).toEqual([name, bitsOf(t)]);
    expect(await ng.loadMetadata(path)).toEqual({ epoch: '7' });
  });

  test('of views saves what they show, and of a module what it has', async () => {
    const base = ng.arange(6).reshape([2, 3]);
    await ng.save(path, { t: base.T, row: base.narrow(0, 1, 1) });
    const { t, row } = await ng.load(path);
    expect(t!.arraySync()).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
    expect(row!.arraySync()).toEqual([[3, 4, 5]]);
  });

  test('saves the values of the moment of the call', async () => {
    const t = ng.ones([1000]);
    const saving = ng.save(path, { t });
    t.mul_(5);
    await saving;
    expect((await ng.load(path))['t']!.sum().itemSync()).toBe(1000);
  });

  test('of nothing', async () => {
    await ng.save(path, {});
    expect(await ng.load(path)).toEqual({});
  });
});

describe('the layout', () => {
  test('is that of the format: length, JSON, then the data, aligned', async () => {
    await ng.save(path, { b: ng.tensor([true]), x: ng.tensor([1, 2]), d: ng.tensor([0.5], { dtype: 'float64' }) });
    const bytes = readFileSync(path);
    const length = Number(bytes.readBigUInt64LE(0));
    expect(length % 8).toBe(0);
    expect(bytes[8]).toBe('{'.charCodeAt(0));
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<
      string,
      { dtype: string; shape: number[]; data_offsets: [number, number] }
    >;
    const data = bytes.subarray(8 + length);
    expect(Object.keys(header)).toEqual(['b', 'x', 'd']);
    expect(header['d']).toEqual({ dtype: 'F64', shape: [1], data_offsets: [0, 8] });
    expect(header['x']).toEqual({ dtype: 'F32', shape: [2], data_offsets: [8, 16] });
    expect(header['b']).toEqual({ dtype: 'BOOL', shape: [1], data_offsets: [16, 17] });
    expect([data.readDoubleLE(0), data.readFloatLE(8), data.readFloatLE(12), data[16], data.length]).toEqual([
      0.5, 1, 2, 1, 17,
    ]);
  });

  test('a file of the reference implementation reads right', async () => {
    const file = join(__dirname, '..', '..', 'test', 'fixtures', 'reference.safetensors');
    const t = await ng.load(file);
    const expected: Record<string, [ng.DType, unknown]> = {
      f64: [
        'float64',
        [
          [1.5, -2.25],
          [1e300, Infinity],
        ],
      ],
      f32: ['float32', [Math.fround(0.1), -3, Math.fround(1e-40)]],
      f16: ['float16', [0.5, -65504]],
      bf16: ['bfloat16', [3.140625, new Float32Array(new Uint32Array([0xf14a0000]).buffer)[0]]],
      i64: ['int64', [-(2 ** 53), 7]],
      i32: ['int32', [-(2 ** 31), 5]],
      i16: ['int32', [-300, 300]],
      i8: ['int32', [-128, 127]],
      u8: ['uint8', [0, 255]],
      u16: ['int32', [65535]],
      u32: ['int64', [4294967295]],
      bool: ['bool', [true, false, true]],
      scalar: ['float32', 42],
      empty: ['float32', []],
      'über.weight': ['float32', [1]],
    };
    expect(Object.keys(t).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, [dtype, values]] of Object.entries(expected))
      expect([name, t[name]!.dtype, t[name]!.arraySync()]).toEqual([name, dtype, values]);
    expect(t['empty']!.shape).toEqual([0, 3]);
    expect(await ng.loadMetadata(file)).toEqual({ format: 'pt', note: 'ü' });
  });
});

describe('writing', () => {
  test('is all or nothing: a failure leaves the old file and nothing beside it', async () => {
    await ng.save(path, { t: ng.tensor([1]) });
    const names = readdirSync(dir);
    const dead = ng.ones([2]);
    dead.dispose();
    await expect(ng.save(path, { t: ng.tensor([2]), dead })).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
    // The name is a folder: writing beside it works, the last step fails.
    await expect(ng.save(dir, { t: ng.tensor([2]) })).rejects.toThrow();
    await expect(ng.save(join(dir, 'no', 'such', 'folder'), { t: ng.tensor([2]) })).rejects.toThrow('ENOENT');
    expect((await ng.load(path))['t']!.itemSync()).toBe(1);
    expect(readdirSync(dir)).toEqual(names);
    expect(readdirSync(join(dir, '..')).filter((f) => f.startsWith(`.${dir.split('/').at(-1)!}`))).toEqual([]);
  });

  test('several at once on one name leave one of them, whole', async () => {
    await Promise.all(Array.from({ length: 8 }, (_, i) => ng.save(path, { t: ng.full([10_000], i) })));
    const [first, ...others] = Array.from((await ng.load(path))['t']!.dataSync() as Float32Array);
    expect(others.every((v) => v === first)).toBe(true);
  });

  test('bad arguments are named', async () => {
    const invalid = { code: 'ERR_INVALID_ARG' };
    await expect(ng.save('', { t: ng.ones([1]) })).rejects.toMatchObject(invalid);
    await expect(ng.save(path, ng.ones([1]) as never)).rejects.toMatchObject(invalid);
    await expect(ng.save(path, null as never)).rejects.toMatchObject(invalid);
    await expect(ng.save(path, { t: 3 as never })).rejects.toMatchObject(invalid);
    await expect(ng.save(path, { __metadata__: ng.ones([1]) })).rejects.toMatchObject(invalid);
    await expect(ng.save(path, {}, { metadata: { n: 3 as never } })).rejects.toMatchObject(invalid);
    await expect(ng.load(3 as never)).rejects.toMatchObject(invalid);
    await expect(ng.load(join(dir, 'missing'))).rejects.toThrow('ENOENT');
  });
});

describe('the file itself', () => {
  const folder = join(dir, 'itself');
  const file = join(folder, 'a.safetensors');
  const one = { t: ng.tensor([1]) };
  beforeEach(() => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
  });

  test('keeps its mode; a new one gets that of the process', async () => {
    await ng.save(file, one);
    expect(statSync(file).mode & 0o777).toBe(0o666 & ~process.umask());
    chmodSync(file, 0o640);
    await ng.save(file, one);
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });

  test('behind a link is replaced, also behind two and where there is none yet', async () => {
    symlinkSync('a.safetensors', join(folder, 'link'));
    symlinkSync(join(folder, 'link'), join(folder, 'second'));
    for (const t of [ng.tensor([1]), ng.tensor([2])]) {
      await ng.save(join(folder, 'second'), { t });
      expect(lstatSync(join(folder, 'second')).isSymbolicLink()).toBe(true);
      expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
      expect((await ng.load(file))['t']!.arraySync()).toEqual(t.arraySync());
    }
    symlinkSync('circle', join(folder, 'circle'));
    await expect(ng.save(join(folder, 'circle'), one)).rejects.toMatchObject({
      code: expect.stringMatching(/^E/) as string,
    });
  });

  test('may have a name of 255 bytes', async () => {
    for (const name of ['n'.repeat(255), 'ü'.repeat(127)]) {
      await ng.save(join(folder, name), one);
      await ng.save(join(folder, name), one);
      expect((await ng.load(join(folder, name)))['t']!.itemSync()).toBe(1);
    }
    expect(readdirSync(folder).length).toBe(2);
  });

  test('is no device and no folder', async () => {
    for (const path of ['/dev/null', folder])
      await expect(ng.save(path, one)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG' });
  });

  test('what killed processes left beside it goes with the next save of that name', async () => {
    const script = `
      const ng = require(${JSON.stringify(join(__dirname, '..', 'lib'))});
      const t = ng.zeros([1 << 22]);
      (async () => { for (;;) await ng.save(${JSON.stringify(file)}, { t }); })();`;
    const left = (): string[] => readdirSync(folder).filter((f) => f.endsWith('.tmp'));
    const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    while (left().length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    // What a living process is writing stays.
    const [seen] = left();
    child.kill('SIGKILL');
    await ended;
    const foreign = join(folder, '.other.safetensors.1.0123456789abcdef.tmp');
    writeFileSync(foreign, '');
    expect(seen).toMatch(/^\.a\.safetensors\./);
    await ng.save(file, one);
    expect(left()).toEqual(['.other.safetensors.1.0123456789abcdef.tmp']);
  });

  test('is untouched, and nothing lies beside it, when save is given what load would refuse', async () => {
    await ng.save(file, one);
    const before = readFileSync(file);
    const bad = (metadata: unknown): Promise<void> => ng.save(file, { t: ng.tensor([2]) }, { metadata } as never);
    for (const m of ['text', ['a'], new Map([['a', 'b']]), { a: 1 }, { a: null }, { '\ud800': 'x' }, { a: '\udfff' }])
      await expect(bad(m)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG' });
    for (const t of [new Map([['t', ng.ones([1])]]), [ng.ones([1])], { '\ud800': ng.ones([1]) }])
      await expect(ng.save(file, t as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG' });
    await expect(ng.save(file, one, { meta: {} } as never)).rejects.toThrow('has no option "meta"');
    await expect(ng.save(file, new ng.nn.Linear(1, 1) as never)).rejects.toThrow('stateDict()');
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(folder)).toEqual(['a.safetensors']);
  });

  test('load takes a device in its place or by name, and nothing else', async () => {
    await ng.save(file, one);
    expect((await ng.load(file, 'cpu'))['t']!.itemSync()).toBe(1);
    expect((await ng.load(file, { device: 'cpu' }))['t']!.itemSync()).toBe(1);
    for (const options of [{ dev: 'cpu' }, new Map(), 3])
      await expect(ng.load(file, options as never)).rejects.toMatchObject({
        code: expect.stringMatching(/^ERR_/) as string,
      });
    await expect(ng.loadMetadata(file, { a: 1 } as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG' });
  });
});

describe('a broken file is a named error', () => {
  const build = (header: string | Buffer, data = 8, claimed?: bigint): Buffer => {
    const json = Buffer.from(header);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(claimed ?? BigInt(json.length));
    return Buffer.concat([length, json, Buffer.alloc(data)]);
  };
  const entry = (o: object): string => JSON.stringify({ t: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...o } });
  const whole = build(entry({}));

  test('the file that the others are variations of is fine', async () => {
    writeFileSync(path, whole);
    expect((await ng.load(path))['t']!.arraySync()).toEqual([0, 0]);
  });

  test.each<[string, Buffer]>([
    ['empty', Buffer.alloc(0)],
    ['shorter than a length', whole.subarray(0, 7)],
    ['cut in its header', whole.subarray(0, 20)],
    ['cut in its data', whole.subarray(0, whole.length - 1)],
    ['with bytes left over', Buffer.concat([whole, Buffer.alloc(3)])],
    ['of another kind', Buffer.from('\x89PNG\r\n\x1a\n a picture, no tensors')],
    ['with a header of 2^63 bytes', build('{}', 0, 2n ** 63n)],
    ['with a header that is no JSON', build('{"t":')],
    ['with a header that is no UTF-8', build(Buffer.from([0x7b, 0xff, 0x7d]))],
    ['with a header that is a list', build('[]', 0)],
    ['with a header that is null', build('null', 0)],
    ['with an unknown dtype', build(entry({ dtype: 'F4' }))],
    ['with a dtype named like a method', build(entry({ dtype: 'toString' }))],
    ['with no dtype', build(entry({ dtype: undefined }))],
    ['with a negative size', build(entry({ shape: [-2] }))],
    ['with a fractional size', build(entry({ shape: [0.5, 4] }))],
    ['with sizes beyond any memory', build(entry({ shape: [2 ** 40, 2 ** 40] }))],
    ['with no shape', build(entry({ shape: null }))],
    ['with offsets that do not fit the shape', build(entry({ data_offsets: [0, 4] }), 4)],
    ['with offsets out of order', build(entry({ data_offsets: [8, 0] }))],
    ['with offsets beyond the file', build(entry({ data_offsets: [8, 16] }))],
    ['with one offset', build(entry({ data_offsets: [0] }))],
    ['with nine dimensions', build(entry({ shape: [1, 1, 1, 1, 1, 1, 1, 1, 2] }))],
    [
      'with a size of 0 beside sizes beyond any count',
      build(entry({ shape: [0, 2 ** 40, 2 ** 40], data_offsets: [0, 0] }), 0),
    ],
    [
      'with a name twice',
      build(`{"t":${JSON.stringify({ dtype: 'U8', shape: [0], data_offsets: [0, 0] })},${entry({}).slice(1)}`),
    ],
    [
      'with a name twice, spelled differently',
      build(`{"\\u0074":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},${entry({}).slice(1)}`),
    ],
    ['with a field twice', build('{"t":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}')],
    ['with a leading space', build(` ${entry({})}`)],
    ['with half of a surrogate pair', build(entry({}).replace('"t"', '"\\ud800"'))],
    ['with a size that is a fraction in disguise', build(entry({}).replace('[2]', '[2.0]'))],
    ['with a size of -0', build(entry({ data_offsets: [0, 0] }).replace('[2]', '[-0]'), 0)],
    ['with a BOOL of 2', Buffer.concat([build(entry({ dtype: 'BOOL' }).replace('8]', '2]'), 1), Buffer.from([2])])],
    ['with metadata that is no string', build(`{"__metadata__":{"a":1}}`, 0)],
    [
      'with tensors that overlap',
      build(
        '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}',
        12,
      ),
    ],
    [
      'with a gap between tensors',
      build(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}',
        12,
      ),
    ],
  ])('%s', async (_name, bytes) => {
    writeFileSync(path, bytes);
    await expect(ng.load(path)).rejects.toMatchObject({ name: 'FileFormatError', code: 'ERR_FILE_FORMAT' });
  });

  test('random damage is an error or other values, never a crash', async () => {
    await ng.save(path, all());
    const good = readFileSync(path);
    const random = new ng.Generator(5);
    const draws = ng.randint(0, good.length, [200], { generator: random }).dataSync();
    let refused = 0;
    for (const at of draws) {
      const bad = Buffer.from(good);
      bad[Number(at)]! ^= 1 << (Number(at) % 8);
      writeFileSync(path, bad);
      await ng.load(path).catch((e: ng.NodegradError) => {
        expect(e.code).toBe('ERR_FILE_FORMAT');
        refused++;
      });
    }
    expect(refused).toBeGreaterThan(20);
  });
});
