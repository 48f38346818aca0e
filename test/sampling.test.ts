/** @file Fractional pooling, antialiased resampling and the adaptive softmax against PyTorch. */
import { testLayerCases } from './layer-cases';

testLayerCases(['sampling.json'], { float32: 2e-5, float64: 1e-6 });
