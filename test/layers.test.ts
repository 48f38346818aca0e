/** @file Plain layers, activations as layers, positions, averages of weights, warm-up, against PyTorch. */
import { testLayerCases } from './layer-cases';

testLayerCases(['layers.json'], { float32: 2e-5, float64: 1e-6 });
