/** @file Folders of images, beside what Pillow wrote and what it makes of them (test/fixtures/make_sources.py). */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ng from '../lib';
import { data, nn } from '../lib';

const dir = mkdtempSync(join(tmpdir(), 'nodegrad-images-'));
afterAll(() => rmSync(dir, { recursive: true }));
const fixtures = join(__dirname, '..', '..', 'test', 'fixtures', 'sources');
const folder = join(fixtures, 'images');
const reference = JSON.parse(readFileSync(join(fixtures, 'sources.json'), 'utf8')) as Record<
  'pixels' | 'small' | 'gray',
  number[][][]
>;
// Bytes of [c, h, w], for comparing.
const bytes = (t: ng.Tensor): unknown => t.mul(255).round().to('int32').arraySync();
const channelsFirst = (pixels: unknown): unknown => ng.tensor(pixels as number[][][]).permute([2, 0, 1]).to('int32').arraySync(); // prettier-ignore

test('classes, labels, PNG, JPEG and WebP as they are', async () => {
  const d = await data.images(folder, { size: [4, 6] });
  expect([d.length, d.classes, [...d.labels]]).toEqual([4, ['cat', 'dog'], [0, 0, 1, 1]]);
  expect(d.files.map((f) => f.slice(folder.length + 1))).toEqual([
    'cat/a.png',
    'cat/gray.png',
    'dog/b.jpg',
    'dog/c.webp',
  ]);
  const [x, y] = await d.getBatch(Int32Array.of(3, 0, 1, 2));
  expect([x.dtype, x.shape, y.dtype, y.arraySync()]).toEqual(['float32', [4, 3, 4, 6], 'int32', [1, 0, 0, 1]]);
  expect(bytes(x.at(1))).toEqual(channelsFirst(reference.pixels));
  // Gray has the red channel in all three.
  const red = reference.pixels.map((row) => row.map(([r]) => [r, r, r]));
  expect(bytes(x.at(2))).toEqual(channelsFirst(red));
  for (const [i, colour] of [
    [0, [10, 20, 30]],
    [3, [200, 100, 50]],
  ] as const)
    // prettier-ignore
    for (const [c, v] of colour.entries()) {
      const off = x.at(i).at(c).mul(255).sub(v).abs().max().itemSync() as number;
      // JPEG rounds colours by way of YCbCr.
      expect(off).toBeLessThanOrEqual(i === 3 ? 2.01 : 0.01);
    }
  const [one, label] = await d.get(0);
  expect([one.shape, label.shape, label.dtype, bytes(one)]).toEqual([[3, 4, 6], [], 'int32', channelsFirst(reference.pixels)]); // prettier-ignore
});

test('scaled as Pillow scales with antialiasing, gray as Pillow computes it', async () => {
  const resized = join(fixtures, 'resized');
  const [x] = await (await data.images(resized, { size: [12, 16] })).get(0);
  const expected = ng.tensor(reference.small).permute([2, 0, 1]).div(255);
  expect(x.sub(expected).abs().max().itemSync()).toBeLessThan(3 / 255);
  const [g] = await (await data.images(resized, { size: [12, 16], channels: 1 })).get(0);
  expect(g.shape).toEqual([1, 12, 16]);
  expect(g.at(0).sub(ng.tensor(reference.gray).div(255)).abs().max().itemSync()).toBeLessThan(3 / 255); // prettier-ignore
  const whole = await data.images(folder, { size: [4, 6], channels: 1 });
  const [exact] = await whole.get(1);
  expect(bytes(exact.at(0))).toEqual(reference.pixels.map((row) => row.map(([r]) => r)));
});

test('normalized, in a loader, and a model is trained on it', async () => {
  const plain = await data.images(folder, { size: 8, fit: 'cover' });
  const shifted = await data.images(folder, { size: 8, fit: 'cover', normalize: { mean: [0.1, 0.2, 0.3], std: 0.5 } });
  const [a, b] = [(await plain.get(0))[0], (await shifted.get(0))[0]];
  const back = b.mul(0.5).add(ng.tensor([0.1, 0.2, 0.3]).reshape([3, 1, 1]));
  expect(back.sub(a).abs().max().itemSync()).toBeLessThan(1e-6);
  const shapes: unknown[] = [];
  const loader = new data.DataLoader(plain, { batchSize: 3, shuffle: true, seed: 1 });
  for await (const [x, y] of loader) shapes.push([x.shape, y.shape]);
  expect(shapes).toEqual([[[3, 3, 8, 8], [3]], [[1, 3, 8, 8], [1]]]); // prettier-ignore
  expect(() => [...loader]).toThrow('use for await');
  const model = ng.sequential([new nn.Flatten(), new nn.Linear(192, 2)]);
  model.compile({ optimizer: 'adam', loss: 'crossEntropy' });
  const { history } = await model.fit(loader, { epochs: 2, verbose: 0 });
  expect(history.loss).toHaveLength(2);
});

test('at most so many images are decoded at once, and none after one that failed', async () => {
  const d = await data.images(folder, { size: 2, concurrency: 2 });
  let [now, most, all] = [0, 0, 0];
  const inner = d as unknown as { decode(path: string, out: Uint8Array): Promise<void> };
  const decode = inner.decode.bind(d);
  inner.decode = async (path, out) => {
    most = Math.max(most, ++now);
    all++;
    await decode(path, out);
    now--;
  };
  await d.getBatch(Int32Array.from({ length: 9 }, (_, i) => i % 4));
  expect([most, all]).toEqual([2, 9]);
});

test('a file that is no image is named; what has other names is left out', async () => {
  const pets = join(dir, 'pets');
  cpSync(folder, pets, { recursive: true });
  writeFileSync(join(pets, 'cat', 'notes.txt'), 'none');
  writeFileSync(join(pets, 'cat', '.hidden.png'), 'none');
  writeFileSync(join(pets, 'loose.png'), 'none');
  mkdirSync(join(pets, 'dog', 'more'));
  cpSync(join(folder, 'cat', 'a.png'), join(pets, 'dog', 'more', 'A.PNG'));
  symlinkSync(join(folder, 'dog'), join(pets, 'wolf'));
  const d = await data.images(pets, { size: 4 });
  expect([d.classes, [...d.labels]]).toEqual([['cat', 'dog', 'wolf'], [0, 0, 1, 1, 1, 2, 2]]); // prettier-ignore
  const png = readFileSync(join(folder, 'cat', 'a.png'));
  for (const [name, content] of [
    ['x.png', 'no image'],
    ['x.jpg', png.subarray(0, 60)],
    ['y.jpg', readFileSync(join(folder, 'dog', 'b.jpg')).subarray(0, 400)],
    ['z.webp', ''],
  ] as const) {
    // prettier-ignore
    const path = join(pets, 'cat', name);
    writeFileSync(path, content);
    const bad = await data.images(pets, { size: 4 });
    const all = Int32Array.from({ length: bad.length }, (_, i) => i);
    await expect(bad.getBatch(all)).rejects.toMatchObject({
      code: 'ERR_FILE_FORMAT',
      message: expect.stringContaining(`[images] ${path} cannot be decoded`) as string,
    });
    rmSync(path);
  }
});

test('options and folders that make no sense', async () => {
  const bad = (options: object, where = folder): Promise<unknown> => data.images(where, options as never).catch((e: ng.NodegradError) => `${e.code} ${e.message}`); // prettier-ignore
  expect(await bad({})).toMatch(/^ERR_INVALID_ARG \[images\] the option size is missing/);
  expect(await bad({ size: [4, 5, 6] })).toMatch(/size must be an integer or 2 integers of at least 1/);
  expect(await bad({ size: 4, channels: 2 })).toMatch(/channels must be 1 or 3, got 2/);
  expect(await bad({ size: 4, normalize: { mean: [1, 2], std: 1 } })).toMatch(
    /normalize.mean must be a number or 3 of them/,
  );
  expect(await bad({ size: 4, normalize: { mean: 1, std: 0 } })).toMatch(/normalize.std must not be 0/);
  expect(await bad({ size: 4, resize: true })).toMatch(/has no option "resize"/);
  expect(await bad({ size: 4 }, join(folder, 'cat'))).toMatch(/has no folders; it needs one for each class/);
  mkdirSync(join(dir, 'hollow', 'a'), { recursive: true });
  expect(await bad({ size: 4 }, join(dir, 'hollow'))).toMatch(/hollow.a has no images: no files that end with .png/);
  expect(await bad({ size: 4 }, join(dir, 'nowhere'))).toMatch(/^ENOENT/);
});
