/** @file Convolution, pooling, normalisation and resampling against PyTorch. */
import { testLayerCases } from './layer-cases';

testLayerCases(['vision.json', 'resample.json'], { float32: 2e-5, float64: 1e-6 });
