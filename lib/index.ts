/** @file Public names of nodegrad. */
import { symbolicRoom } from './core/symbol-functions';
import * as fftRoom from './fft';
import * as linalgRoom from './linalg';
import * as ops from './ops';
import * as losses from './ops/losses/losses';
import * as specialRoom from './special';

// Users get functions that take symbols too, the library itself the plain ones. These stand here first, and `export *`
// leaves alone what is there; single names and rooms are replaced at the end.
Object.assign(exports as object, symbolicRoom(ops));
export * from './ops';
export * from './ops/in-place-functions';
export * from './constants';
// As in torch, these stand beside nn.functional too.
export {
  binaryCrossEntropyWithLogits,
  cosineEmbeddingLoss,
  cosineSimilarity,
  ctcLoss,
  hingeEmbeddingLoss,
  klDiv,
  marginRankingLoss,
  pairwiseDistance,
  poissonNllLoss,
  tripletMarginLoss,
} from './ops/losses/losses';
export { Tensor } from './core/tensor';
export type { GradHook } from './core/tensor';
export { getDefaultDtype, setDefaultDtype } from './core/dtype';
export type { DType, TypedArray } from './core/dtype';
export { finfo, iinfo } from './core/limits';
export type { FloatInfo, IntegerInfo } from './core/limits';
export type { Shape } from './core/shape';
export type { Device } from './core/device';
export { cuda, devices, setDefaultDevice } from './core/device';
export {
  AnomalyError,
  ArgumentError,
  AutogradError,
  DeviceError,
  DisposedError,
  DTypeError,
  FileFormatError,
  IndexError,
  NodegradError,
  NumericError,
  OutOfMemoryError,
  ShapeError,
} from './core/errors';
export type { Anomaly, ValueCounts } from './core/errors';
export { noGrad, noGrad as inferenceMode, enableGrad, isGradEnabled, setGradEnabled } from './core/grad-mode';
export { grad } from './ops/autograd/backward';
export type { BackwardArguments, BackwardOptions, GradOptions } from './ops/autograd/backward';
export { customFunction } from './core/custom';
export type { CustomContext, CustomGradients, CustomSpec } from './core/custom';
export { keep, scope } from './core/scope';
export { turn } from './core/turn';
export { gradcheck, gradgradcheck } from './ops/autograd/gradcheck';
export type { Checked, GradcheckOptions } from './ops/autograd/gradcheck';
export * from './core/runtime';
export { Generator } from './core/random';
export { getRngState, manualSeed, setRngState, withGenerator } from './core/random-state';
export type { RngState } from './core/random';
export * as linalg from './linalg';
export * as fft from './fft';
export * as signal from './signal';
export * as special from './special';
export * as nn from './nn';
export * as optim from './optim';
export * as data from './data';
export * as datasets from './data/datasets';
export { loadModel, saveModel } from './train/architecture/file';
export { registerModule } from './train/architecture/registry';
export { input } from './train/functional/input';
export type { InputArguments, InputOptions } from './train/functional/input';
export { FunctionalModel, model } from './train/functional/model';
export type { Given, ModelNode, ModelSettings, Returned, Symbols } from './train/functional/model';
export { SymbolicTensor } from './core/symbol';
export { progress } from './data/progress';
export type { Progress, ProgressOptions, ProgressStream } from './data/progress';
export { share } from './io/share';
export type { Shared } from './io/share';
export { load, loadMetadata, save } from './io/safetensors';
export type { LoadOptions, SaveOptions } from './io/safetensors';
export * from './train';
export * from './serve';
export * as testing from './testing';
export * as debug from './debug';
export { type Profile, profile, type ProfileOptions, type ProfileRow } from './debug/profile';
export type { ProfiledCall } from './debug/profile-recorder';

export { listCheckpoints, loadCheckpoint, saveCheckpoint } from './io/checkpoint';
export type { LoadCheckpointOptions, SaveCheckpointOptions } from './io/checkpoint';
export type { CheckpointPart } from './io/checkpoint-parts';

const replace = (name: string, value: unknown): void =>
  void (name in exports && Object.defineProperty(exports as object, name, { value, enumerable: true }));
replace('linalg', symbolicRoom(linalgRoom, 'linalg.'));
replace('fft', symbolicRoom(fftRoom, 'fft.'));
replace('special', symbolicRoom(specialRoom, 'special.'));
for (const [name, fn] of Object.entries(symbolicRoom(losses))) replace(name, fn);
