/** @file Convolution, pooling, normalisation and resampling, lazy layers and weight norms against PyTorch. */
import { testLayerCases } from './layer-cases';

testLayerCases(['vision.json', 'resample.json', 'lazy.json', 'reparametrized.json'], { float32: 2e-5, float64: 1e-6 });
