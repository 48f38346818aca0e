/** @file Convolution, pooling, normalisation and resampling against PyTorch. */
import { layerCases, runLayerCase } from './layer-cases';

const cases = ['vision.json', 'resample.json', 'lazy.json'].flatMap(layerCases);

describe.each(cases.map((c) => [`${c.code} ${c.call}`, c] as const))('%s', (_name, c) => {
  test.each(['float32', 'float64'] as const)('%s', (dtype) => runLayerCase(c, dtype));
  test('with a recorded backward pass', () => runLayerCase(c, 'float64', true));
});
