/**
 * @file Autoencoders: one takes the noise out of MNIST images, another packs each image into two numbers. Neither is given a
 * label: what is learned is what digits look like, because nothing else helps to give back a whole image from a spoiled
 * one or from too few numbers. The mean squared error of the cleaned test images must be at most 0.015 per pixel; the noisy
 * ones, left as they are, have about 0.12. Drawn are images before and after, and where the two numbers put each digit.
 */
import * as ng from 'nodegrad';
import { data, datasets, nn, optim } from 'nodegrad';
import { drawClouds } from './support/chart';
import { lesson } from './support/lesson';
import { gallery } from './support/picture';
import { drawSheet } from './support/sheet';

/** Images with noise of deviation 0.5, cut off at black and white. */
const spoilt = (images: ng.Tensor): ng.Tensor => images.add(ng.randn(images.shape).mul(0.5)).clamp(0, 1);

/** Convolutions that halve the resolution twice, and transposed ones that double it again. */
const denoiser = (): ng.Sequential =>
  ng.sequential([
    new nn.Conv2d(1, 16, 3, { stride: 2, padding: 1 }),
    new nn.ReLU(),
    new nn.Conv2d(16, 32, 3, { stride: 2, padding: 1 }),
    new nn.ReLU(),
    new nn.Conv2d(32, 32, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.ConvTranspose2d(32, 16, 4, { stride: 2, padding: 1 }),
    new nn.ReLU(),
    new nn.ConvTranspose2d(16, 1, 4, { stride: 2, padding: 1 }),
  ]);

const mse = (a: ng.Tensor, b: ng.Tensor): Promise<number> => nn.functional.mseLoss(a, b).item();

/** The pixels of each image. */
const pixels = (images: ng.Tensor): Promise<number[][]> => images.flatten(1).array<number[][]>();

lesson(
  'autoencoder',
  'Takes noise out of MNIST images, and packs each into two numbers.',
  async ({ quick, reached }) => {
    ng.manualSeed(0);
    const [train, test] = await Promise.all([
      datasets.mnist({ split: 'train', limit: quick ? 500 : undefined }),
      datasets.mnist({ split: 'test', limit: quick ? 200 : undefined }),
    ]);
    const [clean, labels] = test.getBatch(Int32Array.from({ length: test.length }, (_, i) => i));
    const noisy = spoilt(clean);

    console.log('taking out noise');
    const cleaner = denoiser();
    cleaner.compile({ optimizer: { name: 'adam', lr: 2e-3 }, loss: 'mse' });
    // The noise is drawn anew for every batch; what is asked for is the image without it.
    const spoil = ([x]: [ng.Tensor, ng.Tensor]): [ng.Tensor, ng.Tensor] => [spoilt(x), x];
    const pairs = new data.DataLoader(train, { batchSize: 128, shuffle: true, transform: spoil });
    await cleaner.fit(pairs, { epochs: quick ? 1 : 5, schedule: (o) => new optim.lrScheduler.ExponentialLR(o, 0.6) });
    const cleaned = await cleaner.predict(noisy, { batchSize: 500 });

    console.log('packing each image into two numbers');
    const encoder = ng.sequential([
      new nn.Flatten(),
      new nn.Dense(256, { activation: 'relu' }),
      new nn.Dense(64, { activation: 'relu' }),
      new nn.Dense(2),
    ]);
    const decoder = ng.sequential([
      new nn.Dense(64, { activation: 'relu' }),
      new nn.Dense(256, { activation: 'relu' }),
      new nn.Dense(784, { activation: 'sigmoid' }),
      new nn.Unflatten(1, [1, 28, 28]),
    ]);
    const packer = ng.sequential([encoder, decoder]);
    packer.compile({ optimizer: { name: 'adam', lr: 2e-3 }, loss: 'mse' });
    const same = ([x]: [ng.Tensor, ng.Tensor]): [ng.Tensor, ng.Tensor] => [x, x];
    const images = new data.DataLoader(train, { batchSize: 128, shuffle: true, transform: same });
    await packer.fit(images, { epochs: quick ? 1 : 12, schedule: (o) => new optim.lrScheduler.ExponentialLR(o, 0.85) });
    const unpacked = await packer.predict(clean, { batchSize: 500 });

    const few = 12;
    const kinds: [string, ng.Tensor][] = [
      ['image', clean],
      ['with noise', noisy],
      ['cleaned', cleaned],
      ['from two numbers', unpacked],
    ];
    const rows = await Promise.all(
      kinds.map(async ([label, t]) => ({ label, images: await pixels(t.narrow(0, 0, few)) })),
    );
    drawSheet('autoencoder', 'Test images that autoencoders give back', rows);
    for (const i of [0, 1])
      console.log(
        gallery(
          rows.map((r) => ({ pixels: r.images[i]!, text: r.label, good: true })),
          28,
        ),
      );

    const [places, digits] = await Promise.all([
      encoder.forward(clean).array<[number, number][]>(),
      labels.array<number[]>(),
    ]);
    const clouds = Array.from({ length: 10 }, (_, digit) => ({
      name: String(digit),
      points: places.filter((_p, i) => digits[i] === digit).slice(0, 100),
    }));
    drawClouds('autoencoder-plane', clouds, {
      title: 'Test images as two numbers, by digit',
      x: 'first number',
      y: 'second number',
    });

    const mean = train.images.to('float32').mean(0, { keepdim: true }).div(255).expand(clean.shape);
    console.log(
      `\nerror of what two numbers give back: ${(await mse(unpacked, clean)).toPrecision(4)} ` +
        `(of the training set's mean image: ${(await mse(mean, clean)).toPrecision(4)})`,
    );
    const naive = { what: 'left as they are', value: await mse(noisy, clean) };
    reached({ what: 'error of cleaned images', value: await mse(cleaned, clean), must: 0.015, naive });
  },
);
