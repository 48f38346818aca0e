/**
 * @file A variational autoencoder (Kingma and Welling 2014) draws digits that nobody has written. Its encoder gives a normal
 * distribution over a plane instead of a point, and a price in nats is paid for all that it tells about an image; so
 * the plane is filled without gaps, and every point of it decodes to something like a digit. The images are black and white,
 * drawn pixel by pixel with the grey values as probabilities, so that the ELBO is a bound of a true log-likelihood. It must
 * reach -145 nats per test image; independent pixels with the means of the training images reach about -206.
 */
import * as ng from 'nodegrad';
import { data, datasets, nn } from 'nodegrad';
import { drawClouds, drawCurves } from './support/chart';
import { lesson } from './support/lesson';
import { gallery } from './support/picture';
import { drawSheet } from './support/sheet';

const [pixels, hidden, latent] = [784, 400, 2];

class Vae extends nn.Module {
  encoder = new nn.Sequential(
    new nn.Linear(pixels, hidden),
    new nn.ReLU(),
    new nn.Linear(hidden, hidden),
    new nn.ReLU(),
    new nn.Linear(hidden, 2 * latent),
  );
  decoder = new nn.Sequential(
    new nn.Linear(latent, hidden),
    new nn.ReLU(),
    new nn.Linear(hidden, hidden),
    new nn.ReLU(),
    new nn.Linear(hidden, pixels),
  );

  /** The mean and the logarithm of the variance of each image's place on the plane. */
  encode(x: ng.Tensor): [mean: ng.Tensor, logVariance: ng.Tensor] {
    const [mean, logVariance] = this.encoder.forward(x).chunk(2, 1);
    return [mean!, logVariance!];
  }

  decode(z: ng.Tensor): ng.Tensor {
    return this.decoder.forward(z);
  }

  /** A bound of the images' log-likelihood in nats: how well they are given back, less what is told about them. */
  forward(x: ng.Tensor): ng.Tensor {
    const [mean, logVariance] = this.encode(x);
    // Not a draw from the distribution but a standard one that is moved and scaled: a gradient gets through to both.
    const z = mean.add(ng.randn(mean.shape).mul(logVariance.mul(0.5).exp()));
    const given = nn.functional.binaryCrossEntropyWithLogits(this.decode(z), x, { reduction: 'none' }).sum(1);
    const told = mean.square().add(logVariance.exp()).sub(logVariance).sub(1).sum(1).mul(0.5);
    return given.add(told).neg();
  }
}

/** Black and white images; the grey values are the probabilities. They are what the network is given and judged by. */
const drawn = ([x]: [ng.Tensor, ng.Tensor]): [ng.Tensor, ng.Tensor] => {
  const image = ng.bernoulli(x);
  return [image, image];
};

lesson('variational-autoencoder', 'Draws digits that nobody has written.', async ({ quick, reached }) => {
  ng.manualSeed(0);
  const [train, test] = await Promise.all([
    datasets.mnist({ split: 'train', flatten: true, limit: quick ? 500 : undefined }),
    datasets.mnist({ split: 'test', flatten: true, limit: quick ? 300 : undefined }),
  ]);
  const [grey, labels] = test.getBatch(Int32Array.from({ length: test.length }, (_, i) => i));
  const images = ng.bernoulli(grey);

  const vae = new Vae();
  const trainer = ng.trainer(vae, { optimizer: { name: 'adam', lr: 2e-3 }, loss: (elbo: ng.Tensor) => elbo.neg() });
  const loader = new data.DataLoader(train, { batchSize: 128, shuffle: true, transform: drawn });
  const { history } = await trainer.fit(loader, {
    epochs: quick ? 2 : 20,
    validationData: [images, images],
    validationBatchSize: 500,
    schedule: (optimizer) => new ng.optim.lrScheduler.ExponentialLR(optimizer, 0.88),
  });
  const curves = [
    { name: 'training', values: history['loss']!.map((v) => -v) },
    { name: 'test', values: history['valLoss']!.map((v) => -v) },
  ];
  const places = curves[0]!.values.map((_, i) => i + 1);
  drawCurves('vae-elbo', curves, { title: 'ELBO', x: 'epoch', y: 'nats per image', places });

  vae.eval();
  const rowsOf = async (z: ng.Tensor, perRow: number): Promise<{ images: number[][] }[]> => {
    const all = await ng.noGrad(() => ng.sigmoid(vae.decode(z))).array<number[][]>();
    return Array.from({ length: all.length / perRow }, (_, i) => ({ images: all.slice(i * perRow, (i + 1) * perRow) }));
  };
  // Steps of equal probability: close together where most images are.
  const steps = ng.special.ndtri(ng.linspace(0.02, 0.98, 17));
  const plane = ng.cartesianProd(steps, steps);
  drawSheet('vae-plane', 'A walk through the latent plane', await rowsOf(plane, 17));
  const samples = await rowsOf(ng.randn([60, latent]), 12);
  drawSheet('vae-samples', 'Digits that nobody has written', samples);
  const few = samples[0]!.images.slice(0, 6).map((pixels) => ({ pixels, text: '', good: true }));
  console.log(`\n${gallery(few, 28)}`);

  const [means, digits] = await Promise.all([
    ng.noGrad(() => vae.encode(images)[0]).array<[number, number][]>(),
    labels.array<number[]>(),
  ]);
  const clouds = Array.from({ length: 10 }, (_, digit) => ({
    name: String(digit),
    points: means.filter((_m, i) => digits[i] === digit).slice(0, 100),
  }));
  drawClouds('vae-clouds', clouds, {
    title: 'Where test images are on the latent plane, by digit',
    x: 'first latent number',
    y: 'second latent number',
  });

  // As if each pixel were black or white by itself, with the mean of the training images as its probability.
  const mean = train.images
    .to('float32')
    .mean(0)
    .div(255)
    .clamp(1e-4, 1 - 1e-4)
    .expand(images.shape);
  const nats = await nn.functional.binaryCrossEntropy(mean, images, { reduction: 'sum' }).item();
  const naive = { what: 'independent pixels', value: -nats / test.length };
  reached({ what: 'test ELBO in nats per image', value: curves[1]!.values.at(-1)!, must: -145, naive });
});
