/** @file Transforms of images: torchvision's figures where nothing is left to chance, and what chance does elsewhere. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ng from '../lib';
import { data } from '../lib';
import { resizedCropped } from '../lib/ops/images/warp';
import { standardGamma } from '../lib/ops/random/gamma';
import { codeOf } from './caught';

const t = data.transforms;

interface Listed {
  shape: number[];
  values: number[];
}
const file = join(__dirname, '..', '..', 'test', 'fixtures', 'transforms.json');
const fixture = JSON.parse(readFileSync(file, 'utf8')) as {
  image: Listed;
  gray: Listed;
  cases: Record<string, Listed>;
  crops: (Listed & { box: number[]; size: [number, number] })[];
};
const tensorOf = ({ shape, values }: Listed): ng.Tensor => ng.tensor(Float32Array.from(values), { shape });
const { cases } = fixture;
const image = tensorOf(fixture.image);
const gray = tensorOf(fixture.gray);

function expectClose(got: ng.Tensor, want: Listed, tolerance = 2e-6): void {
  expect(got.shape).toEqual(want.shape);
  const values = got.dataSync() as Float32Array;
  let worst = 0;
  for (let i = 0; i < values.length; i++) worst = Math.max(worst, Math.abs(values[i]! - want.values[i]!));
  expect(worst).toBeLessThan(tolerance);
}

const bilinear = { interpolation: 'bilinear' } as const;
const transforms: Record<string, data.transforms.Transform> = {
  hflip: new t.RandomHorizontalFlip(1),
  vflip: new t.RandomVerticalFlip({ p: 1 }),
  'rotate 33': new t.RandomRotation([33, 33]),
  'rotate 33 bilinear fill': new t.RandomRotation([33, 33], { fill: 0.5, ...bilinear }),
  'rotate -120 about a corner': new t.RandomRotation([-120, -120], {
    center: [2, 3],
    fill: [0.1, 0.2, 0.3],
    ...bilinear,
  }),
  affine: new t.RandomAffine([20, 20], { scale: [0.7, 0.7], shear: [10, 10, -5, -5], ...bilinear }),
  'affine nearest': new t.RandomAffine([-50, -50], { scale: [1.4, 1.4], shear: [15, 15], fill: 0.25 }),
  pad: new t.Pad([1, 2, 3, 4], { fill: 0.5 }),
  'pad edge': new t.Pad(2, { paddingMode: 'edge' }),
  'pad reflect': new t.Pad([3, 1], { paddingMode: 'reflect' }),
  'center crop': new t.CenterCrop([7, 8]),
  'center crop larger': new t.CenterCrop([15, 10]),
  resize: new t.Resize([5, 9]),
  'resize shorter edge': new t.Resize(20),
  'resize nearest': new t.Resize([5, 9], { interpolation: 'nearest' }),
  'resize without antialias': new t.Resize([5, 9], { antialias: false }),
  brightness: new t.ColorJitter([1.6, 1.6]),
  contrast: new t.ColorJitter({ contrast: [0.4, 0.4] }),
  'contrast up': new t.ColorJitter({ contrast: [1.9, 1.9] }),
  saturation: new t.ColorJitter({ saturation: [2.5, 2.5] }),
  hue: new t.ColorJitter({ hue: [0.2, 0.2] }),
  'hue back': new t.ColorJitter({ hue: [-0.45, -0.45] }),
  grayscale: new t.Grayscale(),
  'grayscale 3': new t.RandomGrayscale(1),
  normalize: new t.Normalize([0.1, 0.2, 0.3], [0.5, 0.6, 0.7]),
  blur: new t.GaussianBlur([3, 5], 1.3),
  'whole resized': new t.RandomResizedCrop([6, 6], { scale: [1, 1], ratio: [17 / 12, 17 / 12] }),
  'whole enlarged': new t.RandomResizedCrop([20, 25], { scale: [1, 1], ratio: [17 / 12, 17 / 12] }),
};
const grayTransforms: Record<string, data.transforms.Transform> = {
  'gray contrast': new t.ColorJitter({ contrast: [0.4, 0.4] }),
  'gray all': new t.ColorJitter([0.9, 0.9], [1, 1], [0.5, 0.5], [0.1, 0.1]),
  'gray rotate': new t.RandomRotation([90, 90], bilinear),
};

describe("torchvision's figures", () => {
  test('every case of the fixture has its transform', () => {
    expect([...Object.keys(transforms), ...Object.keys(grayTransforms)].sort()).toEqual(Object.keys(cases).sort());
  });
  test.each(Object.keys(transforms))('%s', (name) => {
    expectClose(transforms[name]!.forward(image), cases[name]!);
    // In a batch, in float64, and of memory that is not contiguous.
    const batch = ng.stack([ng.zerosLike(image), image]).to('float64');
    expectClose(transforms[name]!.forward(batch).at(1).to('float32'), cases[name]!);
    const turned = image.permute([2, 1, 0]).contiguous().permute([2, 1, 0]);
    expectClose(transforms[name]!.forward(turned), cases[name]!);
  });
  test.each(Object.keys(grayTransforms))('%s', (name) => {
    expectClose(grayTransforms[name]!.forward(gray), cases[name]!);
  });
  test('parts of images, resized', () => {
    for (const { box, size, ...want } of fixture.crops) {
      const x = ng.stack([image, image]);
      expectClose(resizedCropped(x, box, size).at(1), want);
    }
  });
});

const counting = ng.arange(1, 65).reshape([1, 1, 8, 8]).to('float32');
const many = counting.expand([400, 1, 8, 8]).contiguous();

describe('chance', () => {
  test('flips: each image for itself, p of them', async () => {
    ng.manualSeed(0);
    const flipped = new t.RandomHorizontalFlip(0.25).forward(many);
    const first = (await flipped.at([ng.s(), 0, 0, 0]).array()) as number[];
    const share = first.filter((v) => v === 8).length / 400;
    expect(first.every((v) => v === 1 || v === 8)).toBe(true);
    expect(share).toBeGreaterThan(0.17);
    expect(share).toBeLessThan(0.33);
  });

  test('the same seed gives the same images, of the generator in use or of its own', () => {
    const all = (seeds: { seed?: number } = {}): data.transforms.Transform[] => [
      new t.RandomHorizontalFlip(seeds),
      new t.RandomRotation(30, seeds),
      new t.RandomAffine(10, { translate: [0.2, 0.2], scale: [0.5, 1.5], shear: 10, ...seeds }),
      new t.RandomCrop(6, { padding: 2, ...seeds }),
      new t.RandomResizedCrop(5, seeds),
      new t.RandomErasing({ value: 'random', ...seeds }),
      new t.GaussianBlur(3, seeds),
      new t.ColorJitter({ brightness: 0.5, contrast: 0.5, ...seeds }),
    ];
    const images = many.div(64);
    for (const [i, transform] of all().entries()) {
      ng.manualSeed(3);
      const a = transform.forward(images);
      const b = transform.forward(images);
      ng.manualSeed(3);
      expect(ng.equal(transform.forward(images), a)).toBe(true);
      expect(ng.equal(a, b)).toBe(false);
      const own = all({ seed: 7 })[i]!.forward(images);
      ng.manualSeed(9);
      expect(ng.equal(all({ seed: 7 })[i]!.forward(images), own)).toBe(true);
    }
  });

  test('crops: every place is as likely, and the border is the fill', async () => {
    const x = ng.ones([4000, 1, 4, 4]);
    const out = new t.RandomCrop(4, { padding: 1, fill: -1, seed: 1 }).forward(x);
    // How many rows and columns of the border are seen: -1, 0 or 1 rows, columns.
    const top = (await out.at([ng.s(), 0, 0, 1]).array()) as number[];
    const share = top.filter((v) => v === -1).length / 4000;
    expect(Math.abs(share - 1 / 3)).toBeLessThan(0.03);
    expect(new Set((await out.flatten().array()) as number[])).toEqual(new Set([1, -1]));
    expect(new t.RandomCrop(4, { padding: 1, paddingMode: 'edge', seed: 1 }).forward(x).min().itemSync()).toBe(1);
  });

  test('smaller images: an error, or what is missing around them', () => {
    expect(codeOf(() => new t.RandomCrop(9).forward(counting))).toBe('ERR_SHAPE');
    expect(new t.RandomCrop([9, 8], { padIfNeeded: true }).forward(counting).shape).toEqual([1, 1, 9, 8]);
  });

  test('translations are whole pixels within their share', async () => {
    const x = ng.zeros([500, 1, 9, 9]);
    x.at([ng.s(), 0, 4, 4]).fill_(1);
    const out = new t.RandomAffine(0, { translate: [1 / 3, 0], seed: 2 }).forward(x);
    expect(out.sum([1, 2, 3]).eq(1).all().itemSync()).toBe(1);
    const columns = (await out.at([ng.s(), 0, 4]).argmax(1).array()) as number[];
    expect(new Set(columns)).toEqual(new Set([1, 2, 3, 4, 5, 6, 7]));
  });

  test('resized crops have the share of the area and the shape that was asked for', async () => {
    // Images that hold their column and row number: the crop shows where it lies.
    const columns = ng.arange(64).reshape([1, 1, 1, 64]).expand([300, 1, 64, 64]).to('float32');
    const rows = columns.transpose(2, 3);
    const crop = new t.RandomResizedCrop(16, { scale: [0.25, 0.5], ratio: [0.5, 2], seed: 4 });
    const again = new t.RandomResizedCrop(16, { scale: [0.25, 0.5], ratio: [0.5, 2], seed: 4 });
    const span = async (a: ng.Tensor, b: ng.Tensor): Promise<number[]> =>
      (await b
        .sub(a)
        .mul(16 / 9)
        .array()) as number[];
    const wide = crop.forward(columns).at([ng.s(), 0, 8]);
    const tall = again.forward(rows).at([ng.s(), 0, ng.s(), 8]);
    const w = await span(wide.at([ng.s(), 3]), wide.at([ng.s(), 12]));
    const h = await span(tall.at([ng.s(), 3]), tall.at([ng.s(), 12]));
    for (let i = 0; i < 300; i++) {
      const share = (w[i]! * h[i]!) / 4096;
      expect(share).toBeGreaterThan(0.23);
      expect(share).toBeLessThan(0.53);
      expect(w[i]! / h[i]!).toBeGreaterThan(0.47);
      expect(w[i]! / h[i]!).toBeLessThan(2.13);
    }
    expect(Math.max(...w) - Math.min(...w)).toBeGreaterThan(10);
  });

  test('erasing: p of the images, a part of the area, the value per channel', async () => {
    const x = ng.ones([1000, 2, 16, 16]);
    const out = new t.RandomErasing(0.5, { scale: [0.1, 0.2], value: [0, 3], seed: 5 }).forward(x);
    const erased = out.at([ng.s(), 0]).eq(0);
    expect(ng.equal(erased, out.at([ng.s(), 1]).eq(3))).toBe(true);
    const shares = (await erased.to('float32').mean([1, 2]).array()) as number[];
    const hit = shares.filter((s) => s > 0);
    expect(Math.abs(hit.length / 1000 - 0.5)).toBeLessThan(0.06);
    expect(Math.min(...hit)).toBeGreaterThan(0.07);
    expect(Math.max(...hit)).toBeLessThan(0.24);
  });

  test('colours in an order of their own: contrast before or after brightness', () => {
    const x = ng.rand([64, 3, 4, 4]).mul(0.5);
    const out = new t.ColorJitter({ brightness: [1.5, 1.5], contrast: [0.5, 0.5], saturation: [0.5, 0.5], seed: 1 });
    const a = out.forward(x.at([ng.s(0, 1)]).expand([64, 3, 4, 4]));
    expect(a.std(0).max().itemSync()).toBeGreaterThan(0);
    expect(a.min().itemSync()).toBeGreaterThanOrEqual(0);
    expect(a.max().itemSync()).toBeLessThanOrEqual(1);
  });

  test('gamma: mean and variance are alpha, also below 1', () => {
    for (const alpha of [0.3, 1, 2.5]) {
      ng.manualSeed(1);
      const g = standardGamma([200000], alpha, {});
      expect(Math.abs(g.mean().itemSync() - alpha)).toBeLessThan(0.02);
      expect(Math.abs(g.var(0).itemSync() - alpha)).toBeLessThan(0.06);
    }
  });
});

describe('mixing', () => {
  const x = ng.arange(4).reshape([4, 1, 1, 1]).expand([4, 3, 8, 8]).to('float32').contiguous();
  const y = ng.tensor([0, 1, 2, 0], { dtype: 'int32' });

  test('MixUp: images and classes by one share', async () => {
    const [images, labels] = new t.MixUp({ numClasses: 3, seed: 1 }).forward([x, y]);
    expect(labels.shape).toEqual([4, 3]);
    const own = (await labels.array()) as number[][];
    const share = own[1]![1]!;
    expect(own[1]).toEqual([expect.closeTo(1 - share, 6), expect.closeTo(share, 6), 0]);
    expect(images.at([1, 0, 0, 0]).itemSync()).toBeCloseTo(share * 1, 5);
    expect(images.at([0, 2, 7, 7]).itemSync()).toBeCloseTo((1 - share) * 3, 5);
  });

  test('CutMix: classes by the share of the pixels', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const [images, labels] = new t.CutMix({ numClasses: 3, alpha: 0.7, seed }).forward([x, y]);
      const kept = images.at(1).eq(1).to('float32').mean().itemSync();
      expect(images.at(1).eq(1).add(images.at(1).eq(0)).to('float32').min().itemSync()).toBe(1);
      expect(((await labels.array()) as number[][])[1]![1]).toBeCloseTo(kept, 5);
    }
  });

  test('probabilities are mixed as they are; what does not fit is refused', () => {
    const p = ng.softmax(ng.randn([4, 5]), 1);
    const [, labels] = new t.MixUp().forward([x, p]);
    expect(labels.sum(1).sub(1).abs().max().itemSync()).toBeLessThan(1e-6);
    expect(codeOf(() => new t.MixUp().forward([x, y]))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => new t.CutMix({ numClasses: 3 }).forward([x, ng.ones([3], { dtype: 'int32' })]))).toBe(
      'ERR_SHAPE',
    );
    expect(codeOf(() => new t.MixUp({ alpha: 0 }))).toBe('ERR_INVALID_ARG');
  });
});

test('compose, in a loader', async () => {
  const augment = t.compose([
    new t.RandomHorizontalFlip(),
    new t.RandomRotation(15),
    new t.RandomCrop(28, { padding: 4 }),
    (v) => v.mul(2),
    new t.Normalize([0.13], [0.31]),
  ]);
  expect(augment.transforms).toHaveLength(5);
  const set = new data.TensorDataset(ng.rand([10, 1, 28, 28]), ng.zeros([10]));
  const loader = new data.DataLoader(set, { batchSize: 4, transform: ([v, label]) => [augment(v), label] as const });
  const shapes = [];
  for await (const [v] of loader) shapes.push(v.shape[0]);
  expect(shapes).toEqual([4, 4, 2]);
});

test('nothing of the images changes, nothing is left behind', () => {
  const before = image.clone();
  const base = ng.memory().tensors;
  ng.scope(() => {
    for (const transform of Object.values(transforms)) transform.forward(image);
  });
  expect(ng.memory().tensors).toBeLessThanOrEqual(base);
  expect(ng.equal(image, before)).toBe(true);
});

test('what is no image and no setting', () => {
  const wrong: [() => unknown, string][] = [
    [() => new t.RandomHorizontalFlip(2), 'ERR_INVALID_ARG'],
    [() => new t.RandomHorizontalFlip({ prob: 1 } as never), 'ERR_INVALID_ARG'],
    [() => new t.RandomRotation(-5), 'ERR_INVALID_ARG'],
    [() => new t.RandomRotation([5, -5]), 'ERR_INVALID_ARG'],
    [() => new t.RandomRotation('15' as never), 'ERR_INVALID_ARG'],
    [() => new t.RandomRotation(5, { fil: 1 } as never), 'ERR_INVALID_ARG'],
    [() => new t.RandomRotation(5, 5 as never), 'ERR_INVALID_ARG'],
    [() => new t.RandomCrop(8, true as never), 'ERR_INVALID_ARG'],
    [() => new t.Resize(8, 5 as never), 'ERR_INVALID_ARG'],
    [() => new t.RandomResizedCrop(2).forward(ng.ones([1, 1, 0, 4])), 'ERR_SHAPE'],
    [() => new t.RandomRotation(5, { fill: [1, 2] }).forward(image), 'ERR_SHAPE'],
    [() => new t.RandomAffine(5, { translate: [2, 0] }), 'ERR_INVALID_ARG'],
    [() => new t.RandomAffine(5, { scale: [0, 1] }), 'ERR_INVALID_ARG'],
    [() => new t.RandomCrop(0), 'ERR_INVALID_ARG'],
    [() => new t.RandomCrop([1, 2, 3]), 'ERR_INVALID_ARG'],
    [() => new t.RandomResizedCrop(4, { scale: [0, 0] }), 'ERR_INVALID_ARG'],
    [() => new t.ColorJitter({ hue: 0.6 }), 'ERR_INVALID_ARG'],
    [() => new t.ColorJitter(-1), 'ERR_INVALID_ARG'],
    [() => new t.ColorJitter(0.5).forward(ng.ones([2, 2, 4, 4])), 'ERR_SHAPE'],
    [() => new t.GaussianBlur(4), 'ERR_INVALID_ARG'],
    [() => new t.GaussianBlur(3, 0), 'ERR_INVALID_ARG'],
    [() => new t.Normalize([1], [0]), 'ERR_INVALID_ARG'],
    [() => new t.Normalize([1, 2], [1, 1]).forward(image), 'ERR_SHAPE'],
    [() => new t.RandomErasing({ value: 'noise' as never }), 'ERR_INVALID_ARG'],
    [() => new t.Resize(4).forward(ng.ones([4, 4])), 'ERR_SHAPE'],
    [() => new t.Resize(4).forward(ng.ones([1, 4, 4], { dtype: 'uint8' })), 'ERR_DTYPE'],
    [() => new t.Resize(4).forward(3 as never), 'ERR_INVALID_ARG'],
    [() => new t.Resize(4).forward(ng.ones([1, 4, 4], { requiresGrad: true })), 'ERR_INVALID_ARG'],
    [() => new t.RandomHorizontalFlip({ seed: 1, generator: new ng.Generator() }), 'ERR_INVALID_ARG'],
    [() => t.compose([3 as never]), 'ERR_INVALID_ARG'],
    [() => t.compose(new t.Resize(3) as never), 'ERR_INVALID_ARG'],
  ];
  for (const [run, code] of wrong) expect([String(run), codeOf(run)]).toEqual([String(run), code]);
});

test('results are memory of their own, also where nothing changes', () => {
  const same = [new t.Grayscale(), new t.CenterCrop(8), new t.Pad(0), new t.Resize([8, 8]), new t.CenterCrop(5)];
  for (const transform of same) {
    const x = counting.clone();
    transform.forward(x).zero_();
    expect(ng.equal(x, counting)).toBe(true);
  }
});

test('images without pixels become what is around them', () => {
  expect(new t.Pad(1, { fill: 3 }).forward(ng.ones([1, 1, 0, 2])).arraySync()).toEqual([
    [
      [
        [3, 3, 3, 3],
        [3, 3, 3, 3],
      ],
    ],
  ]);
  const turned = new t.RandomAffine(5, { interpolation: 'bilinear', fill: 2 }).forward(ng.ones([2, 1, 0, 4]));
  expect(turned.shape).toEqual([2, 1, 0, 4]);
});

test('batches without images', () => {
  for (const transform of Object.values(transforms)) {
    const out = transform.forward(ng.zeros([0, 3, 12, 17]));
    expect(out.shape[0]).toBe(0);
  }
});
