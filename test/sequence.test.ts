/** @file Embeddings, recurrent layers, attention and transformers against PyTorch (fixtures/make_sequence.py). */
import { testLayerCases } from './layer-cases';

testLayerCases(['recurrent.json', 'attention.json'], { float32: 1e-5, float64: 1e-7 });
