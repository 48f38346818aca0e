/** @file Examples as they wait for their batch: values, and the form by which those that fit together are known. */
import { isOptions } from '../core/arguments';
import { type DType, dtypeSize, isFloat, newTypedArray, type TypedArray } from '../core/dtype';
import { ArgumentError, DTypeError, ShapeError } from '../core/errors';
import { noGrad } from '../core/grad-mode';
import { sameShape, type Shape, showShape } from '../core/shape';
import { outsideScopes } from '../core/scope';
import { Tensor } from '../core/tensor';
import { stack } from '../ops/shape/joining';
import { type FlatValues, tensor, valuesOf } from '../ops/tensors/create';
import { moved } from '../ops/tensors/to';
import { isArray, type Placement, shapedOf, type Tensors, toTensor } from '../train/tensors';

/** How an input is found: the only one, those of a list, or those of a record. */
type Keys = 'one' | 'list' | readonly string[];

/** The shapes that examples must have: of the only input, or of each in a list or by name. */
export type InputShapes = Shape | readonly Shape[] | { readonly [name: string]: Shape };

/** What examples of one batch have in common. */
export interface Form {
  keys: Keys;
  shapes: readonly Shape[];
  /** Undefined: whatever the first example that was answered has. */
  dtypes: readonly DType[] | undefined;
}

/** One example: its inputs in order, which belong to it alone. */
export interface Example {
  form: Form & { dtypes: readonly DType[] };
  inputs: readonly (Tensor | FlatValues)[];
}

function inputOf(name: string, v: unknown, where: Placement): Tensor | FlatValues {
  if (v instanceof Tensor) {
    v.checkAlive('batcher');
    // A copy: the caller may change it or dispose of it before its batch begins.
    return outsideScopes(() => noGrad(() => v.detach().clone()));
  }
  // Words what is none of them.
  if (!isArray(v)) return toTensor('batcher', name, v, where);
  const { data, shape } = shapedOf(v as Exclude<typeof v, Tensor>);
  const values = valuesOf(data, shape);
  return {
    shape: values.shape,
    // As in `fit`: numbers in arrays have no dtype of their own in mind.
    dtype: isFloat(values.dtype) ? where.dtype : values.dtype,
    // A typed array is the caller's, who may change it.
    array: values.array === data ? values.array.slice() : values.array,
  };
}

/** Reads an example. @throws NodegradError if it is none */
export function exampleOf(x: unknown, where: Placement): Example {
  const parts: [Keys, [string, unknown][]] = isArray(x)
    ? ['one', [['x', x]]]
    : Array.isArray(x)
      ? ['list', x.map((v, i) => [`x[${i}]`, v])]
      : isOptions(x)
        ? [Object.keys(x), Object.entries(x).map(([k, v]) => [`x.${k}`, v])]
        : ['one', [['x', x]]];
  const [keys, named] = parts;
  if (named.length === 0) throw new ArgumentError('[batcher] x has no inputs');
  const inputs = named.map(([name, v]) => inputOf(name, v, where));
  const form = { keys, shapes: inputs.map((v) => v.shape), dtypes: inputs.map((v) => v.dtype) };
  return { form, inputs };
}

/** The form that a user asks for. */
export function formOf(shapes: InputShapes): Form {
  if (isOptions(shapes))
    return { keys: Object.keys(shapes), shapes: Object.values(shapes) as Shape[], dtypes: undefined };
  const several = shapes.length > 0 && Array.isArray(shapes[0]);
  return several
    ? { keys: 'list', shapes: shapes as readonly Shape[], dtypes: undefined }
    : { keys: 'one', shapes: [shapes as Shape], dtypes: undefined };
}

function show({ keys, shapes, dtypes }: Form): string {
  const each = shapes.map((s, i) => (dtypes ? `${showShape(s)} ${dtypes[i]}` : showShape(s)));
  if (keys === 'one') return each[0]!;
  if (keys === 'list') return `a list of ${each.join(', ')}`;
  return `a record of ${keys.map((k, i) => `${k}: ${each[i]}`).join(', ')}`;
}

const sameKeys = (a: Keys, b: Keys): boolean =>
  typeof a === 'string' || typeof b === 'string' ? a === b : a.length === b.length && a.every((k, i) => k === b[i]);
const sameShapes = (a: Form, b: Form): boolean =>
  sameKeys(a.keys, b.keys) &&
  a.shapes.length === b.shapes.length &&
  a.shapes.every((s, i) => sameShape(s, b.shapes[i]!));
const sameDTypes = (a: Form, b: Form): boolean =>
  !a.dtypes || !b.dtypes || a.dtypes.every((d, i) => d === b.dtypes![i]);

/** Whether two examples fit into one batch. */
export const sameForm = (a: Form, b: Form): boolean => a === b || (sameShapes(a, b) && sameDTypes(a, b));

/** Throws unless an example has the form `wanted`. @param why - what says so, e.g. `the first one was` */
export function checkForm(form: Form, wanted: Form, why: string): void {
  if (!sameShapes(form, wanted))
    throw new ShapeError(
      `[batcher] ${why} ${show({ ...wanted, dtypes: undefined })}, got ${show({ ...form, dtypes: undefined })}`,
    );
  if (!sameDTypes(form, wanted)) throw new DTypeError(`[batcher] ${why} ${show(wanted)}, got ${show(form)}`);
}

const uploaded = (array: TypedArray, shape: Shape, dtype: DType, { device }: Placement): Tensor =>
  tensor(array, { shape, dtype, device: device as never });

// One input of all examples. Values on no device go there in one piece.
function joined(list: readonly (Tensor | FlatValues)[], where: Placement): Tensor {
  const { dtype: own, shape } = list[0]!;
  if (list.some((v) => v instanceof Tensor)) {
    const rows = list.map((v) =>
      v instanceof Tensor ? moved(v, { device: where.device as never }) : uploaded(v.array, v.shape, v.dtype, where),
    );
    const batch = stack(rows, 0);
    for (const v of [...rows, ...list]) if (v instanceof Tensor) v.dispose();
    return batch;
  }
  const rows = list as readonly FlatValues[];
  // The model may be another than when they came.
  const dtype = isFloat(own) ? where.dtype : own;
  const all = newTypedArray(dtypeSize(dtype) === 2 ? 'float32' : dtype, rows.length * rows[0]!.array.length);
  rows.forEach(({ array }, i) => all.set(array as never, i * array.length));
  return uploaded(all, [rows.length, ...shape], dtype, where);
}

/** The batch of examples of one form. They are used up. */
export function batchOf(examples: readonly Example[], where: Placement): Tensors {
  const { keys } = examples[0]!.form;
  const tensors = examples[0]!.inputs.map((_, i) =>
    joined(
      examples.map((e) => e.inputs[i]!),
      where,
    ),
  );
  if (keys === 'one') return tensors[0]!;
  return keys === 'list' ? tensors : Object.fromEntries((keys as readonly string[]).map((k, i) => [k, tensors[i]!]));
}

/** Gives back what an example holds whose batch never came. */
export function dropExample({ inputs }: Example): void {
  for (const v of inputs) if (v instanceof Tensor) v.dispose();
}
