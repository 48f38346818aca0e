/** @file Where functional models begin. */
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { defaultDType, type DType } from '../../core/dtype';
import { dtype as dtypeParam, shape as shapeParam, string } from '../../core/params';
import type { Shape } from '../../core/shape';
import { inputSymbol, type SymbolicTensor } from '../../core/symbol';
import { giveMethods } from '../../core/symbol-functions';

/** Options of {@link input}. */
export interface InputOptions {
  /** By which data is given to the model. Default: `input`, `input_1`, ... in the order of the model's inputs. */
  name?: string | undefined;
  /** Default: the default dtype. */
  dtype?: DType | undefined;
}
/** Arguments of {@link input} by name. */
export interface InputArguments extends InputOptions {
  /** Of one example, without the batch. */
  shape: Shape;
}
const spec: Spec<InputArguments> = { shape: shapeParam, name: string.optional(), dtype: dtypeParam.optional() };

/**
 * A symbol for batches of examples of a shape, e.g. `ng.input([784])` for tensors [batch, 784]. Layers are applied to it
 * (`layer.apply(symbol)`), and functions of `ng` take it; `ng.model` makes a model of what follows.
 */
export function input(
  ...args: InOrderOrByName<[shape: Shape, name?: string, dtype?: DType], InputArguments>
): SymbolicTensor {
  const { shape, name, dtype } = readArguments('input', spec, args);
  giveMethods();
  return inputSymbol(shape, dtype ?? defaultDType(), name);
}
