/**
 * @file Embeddings: rows of a table picked by integers. The gradient of the table adds the incoming rows in index order.
 * An index out of range fails on the stream, as an IndexError at the next wait.
 */
import { noGrad } from '../../core/autograd';
import { isFloat } from '../../core/dtype';
import { ArgumentError, DTypeError, ShapeError } from '../../core/errors';
import { describe, showShape } from '../../core/shape';
import { alias, empty, needTensor, type Tensor } from '../../core/tensor';
import { kernel, opcode, written } from '../../native';
import { readArguments, type WithRequired } from '../../core/arguments';
import { boolean, integer, number, oneOf, tensor } from '../../core/params';
import { add, div, eq, mul, ne, pow, sub } from '../elementwise/arithmetic';
import { castOf, denseOf, runFill } from '../kit/launch';
import { definePrimitive } from '../kit/primitive';
import { arange, full, ones, zeros } from '../tensors/create';
import { gather, indexSelect } from '../indexing/gather';
import { indexAdd, indexCopy_ } from '../indexing/slices';
import { asIndex, type IndexLike, indexParam } from '../indexing/checks';
import { addRows, takeRows } from '../indexing/kernels';
import { cat } from '../shape/joining';
import { abs, clamp, reciprocal } from '../elementwise/math';
import { runReduce, sum } from '../reduce/reduce';
import { narrow, reshape, unsqueeze } from '../shape/views';
import { where } from '../elementwise/where';

/** Options of {@link embedding}. */
export interface EmbeddingOptions {
  /** Rows of this index get no gradient; negative counts from the end. */
  paddingIdx?: number | null | undefined;
  /** Rows that are looked up and whose norm is larger are first scaled, in the table, to this norm. */
  maxNorm?: number | null | undefined;
  /** Which norm. Default 2. */
  normType?: number | undefined;
  /** Divide gradients by how often each index occurs. Default false. */
  scaleGradByFreq?: boolean | undefined;
  /** Accepted for PyTorch's sake: gradients are dense. */
  sparse?: boolean | undefined;
}

/** What layers of embeddings keep, too. */
export const lookupSpec = {
  ...{ paddingIdx: integer().orNull(), maxNorm: number().orNull(), normType: number().or(2) },
  ...{ scaleGradByFreq: boolean.or(false), sparse: boolean.or(false) },
};
const embeddingSpec = { weight: tensor, ...lookupSpec };

/** The table of {@link embedding}, by name. */
export interface EmbeddingWeight {
  /** [rows, features] */
  weight: Tensor;
}
type Lookup = Required<EmbeddingOptions>;

function checkTable(op: string, weight: Tensor): void {
  needTensor(op, weight);
  if (weight.ndim !== 2)
    throw new ShapeError(`[${op}] the weight must be [rows, features], got ${showShape(weight.shape)}`);
}

// A padding index as a row, -1 for none.
function paddingRow(op: string, index: number | null | undefined, rows: number): number {
  if (index === null || index === undefined) return -1;
  if (!Number.isInteger(index) || index < -rows || index >= rows)
    throw new ArgumentError(`[${op}] paddingIdx ${describe(index)} is out of range for ${rows} rows`);
  return index < 0 ? index + rows : index;
}

// Scales, in the table, the rows that are about to be used.
function renormalise(weight: Tensor, index: Tensor, maxNorm: number, p: number): void {
  noGrad(() => {
    const rows = indexSelect(weight, 0, index);
    const norms = pow(sum(pow(abs(rows), p), -1, { keepdim: true }), 1 / p);
    const factor = mul(reciprocal(add(norms, 1e-7)), maxNorm);
    indexCopy_(weight, 0, index, mul(rows, where(norms.gt(maxNorm), factor, 1)));
  });
}

// How often the index at each place occurs, as [places, 1].
function frequency(index: Tensor, rows: number, like: Tensor): Tensor {
  const one = { dtype: like.dtype, device: like.device };
  const counts = indexAdd(zeros([rows], one), 0, index, ones([index.numel], one));
  return unsqueeze(indexSelect(counts, 0, index), 1);
}

/**
 * The rows of `weight` that the integers of `input` name, in the shape of `input` with the features added at the end.
 * @param input - int64 or int32, any shape
 * @param args - weight: [rows, features]; then the options. In PyTorch's order, or by name in one object
 */
export function embedding(
  input: IndexLike,
  ...args: WithRequired<[weight: Tensor], EmbeddingWeight, EmbeddingOptions>
): Tensor {
  const { weight, ...options } = readArguments<EmbeddingWeight & Lookup>('embedding', embeddingSpec, args);
  return embedded(input, weight, options);
}

/** {@link embedding} with arguments that were read. */
export function embedded(input: IndexLike, weight: Tensor, options: Lookup): Tensor {
  checkTable('embedding', weight);
  const index = asIndex('embedding', input, weight);
  const [rows, features] = weight.shape as [number, number];
  const padding = paddingRow('embedding', options.paddingIdx, rows);
  const flat = denseOf(reshape(index, [index.numel]));
  if (options.maxNorm != null) renormalise(weight, flat, options.maxNorm, options.normType);
  const how = { rows, padding, byFrequency: options.scaleGradByFreq };
  return reshape(lookUp({ weight, index: flat }, how), [...index.shape, features]);
}

interface Table {
  rows: number;
  /** The row without a gradient, or -1. */
  padding: number;
  byFrequency: boolean;
}

// The gradient of the table from that of each place, [places, features].
function added(g: Tensor, index: Tensor, { rows, byFrequency }: Table): Tensor {
  const shares = byFrequency ? div(g, frequency(index, rows, g)) : g;
  const features = g.shape[1]!;
  return reshape(addRows(reshape(shares, [1, index.numel, features]), index, rows), [rows, features]);
}

const lookUp = definePrimitive<{ weight: Tensor; index: Tensor }, Table>({
  name: 'embedding',
  inputs: ['weight', 'index'],
  forward({ weight, index }, { rows }) {
    const features = weight.shape[1]!;
    return reshape(takeRows(reshape(weight, [1, rows, features]), index), [index.numel, features]);
  },
  reads: ['index'],
  derivative(g, { index }, table) {
    const { padding } = table;
    return { weight: added(padding < 0 ? g : where(unsqueeze(eq(index, padding), 1), 0, g), index, table) };
  },
  gradient: {
    // The row is cleared afterwards, which costs nothing.
    run(g, { index }, table) {
      const { padding } = table;
      const out = added(g, index, table);
      const features = g.shape[1]!;
      if (padding >= 0) runFill(alias(out, [features], [1], out.offset + padding * features), 0);
      return { weight: out };
    },
  },
});

/** How {@link embeddingBag} combines the rows of a bag. */
export type BagMode = 'sum' | 'mean' | 'max';

/** Options of {@link embeddingBag}. */
export interface EmbeddingBagOptions extends EmbeddingOptions {
  /** Default 'mean'. */
  mode?: BagMode | undefined;
  /** For a vector of indices: where each bag begins. */
  offsets?: IndexLike | null | undefined;
  /** A factor for each index, in its shape; only with mode 'sum'. */
  perSampleWeights?: Tensor | null | undefined;
  /** The last offset is the end of the last bag. Default false. */
  includeLastOffset?: boolean | undefined;
}

export const bagMode = oneOf<BagMode>('sum', 'mean', 'max').or('mean' as const);
const indices = indexParam.orNull();
// In the order of PyTorch's function.
const bagSpec = {
  ...{ weight: tensor, offsets: indices, maxNorm: lookupSpec.maxNorm, normType: lookupSpec.normType },
  ...{ scaleGradByFreq: lookupSpec.scaleGradByFreq, mode: bagMode, sparse: lookupSpec.sparse },
  ...{ perSampleWeights: tensor.orNull(), includeLastOffset: boolean.or(false), paddingIdx: lookupSpec.paddingIdx },
};
/** What bags over indices take beside them, for layers. */
export const bagInputsSpec = { offsets: bagSpec.offsets, perSampleWeights: bagSpec.perSampleWeights };

const scanKernel = kernel('scan');
const scanSum = opcode('scan', 'sum');
const argmaxCode = opcode('reduce', 'argmax');

// The bag of each of n places, from where the bags begin: the number of beginnings at or before it, minus 1.
function bagOf(offsets: Tensor, n: number): Tensor {
  const starts = indexAdd(
    zeros([n + 1], { dtype: 'int64', device: offsets.device }),
    0,
    offsets,
    ones([offsets.numel], { dtype: 'int64', device: offsets.device }),
  );
  const out = empty([n], 'int64', offsets.storage.device);
  if (n > 0) scanKernel(scanSum, written(out), starts, 1, n, 1);
  return sub(out, 1);
}

interface Bags {
  /** int64, one per place. */
  bag: Tensor;
  count: number;
}

function bagsOf(index: Tensor, offsets: IndexLike | null, includeLastOffset: boolean): Bags {
  if (index.ndim === 2) {
    if (offsets !== null)
      throw new ArgumentError('[embeddingBag] offsets are for a vector of indices; a matrix has one bag per row');
    const [count, size] = index.shape as [number, number];
    const bag = reshape(arange(count, { dtype: 'int64', device: index.device }), [count, 1]).expand([count, size]);
    return { bag: reshape(bag, [-1]), count };
  }
  if (index.ndim !== 1)
    throw new ShapeError(`[embeddingBag] indices have one or two dimensions, got ${showShape(index.shape)}`);
  if (offsets === null) throw new ArgumentError('[embeddingBag] a vector of indices needs offsets');
  const at = asIndex('embeddingBag', offsets, index);
  if (at.ndim !== 1) throw new ShapeError(`[embeddingBag] offsets must be a vector, got ${showShape(at.shape)}`);
  const count = at.numel - (includeLastOffset ? 1 : 0);
  if (count < 0) throw new ShapeError('[embeddingBag] includeLastOffset needs at least one offset');
  return { bag: bagOf(castOf(narrow(at, 0, 0, count), 'int64'), index.numel), count };
}

/**
 * The sum, mean or maximum of the rows of `weight` in each bag of indices, [bags, features]. An empty bag is 0.
 * @param input - a matrix with one bag per row, or a vector with `offsets`
 * @param args - weight: [rows, features]; then the options. In PyTorch's order, or by name in one object
 */
export function embeddingBag(
  input: IndexLike,
  ...args: WithRequired<[weight: Tensor], EmbeddingWeight, EmbeddingBagOptions>
): Tensor {
  const { weight, ...o } = readArguments<EmbeddingWeight & BagSettings>('embeddingBag', bagSpec, args);
  return bagged(input, weight, o);
}

type BagSettings = Required<EmbeddingBagOptions>;

/** {@link embeddingBag} with arguments that were read. */
export function bagged(input: IndexLike, weight: Tensor, o: BagSettings): Tensor {
  checkTable('embeddingBag', weight);
  const { offsets, perSampleWeights, includeLastOffset, mode, ...options } = o;
  if (!isFloat(weight.dtype))
    throw new DTypeError(`[embeddingBag] the weight must be floating-point, not ${weight.dtype}`);
  const index = asIndex('embeddingBag', input, weight);
  if (perSampleWeights && mode !== 'sum') throw new ArgumentError("[embeddingBag] perSampleWeights need mode 'sum'");
  if (perSampleWeights && showShape(perSampleWeights.shape) !== showShape(index.shape))
    throw new ShapeError(
      `[embeddingBag] perSampleWeights ${showShape(perSampleWeights.shape)} must have the shape of the indices ${showShape(index.shape)}`,
    );
  const { bag, count } = bagsOf(index, offsets, includeLastOffset);
  const flat = reshape(index, [index.numel]);
  const padding = paddingRow('embeddingBag', options.paddingIdx, weight.shape[0]!);
  const used = padding >= 0 ? ne(flat, padding) : null;
  const rows = embedded(flat, weight, options);
  if (mode === 'max') return largest(rows, bag, count, used);
  const factors = perSampleWeights ? unsqueeze(reshape(perSampleWeights, [-1]), 1) : null;
  const scaled = factors ? mul(rows, factors) : rows;
  return combined(used ? where(unsqueeze(used, 1), scaled, 0) : scaled, bag, count, mode, used);
}

function combined(rows: Tensor, bag: Tensor, count: number, mode: BagMode, used: Tensor | null): Tensor {
  const like = { dtype: rows.dtype, device: rows.device };
  const total = indexAdd(zeros([count, rows.shape[1]!], like), 0, bag, rows);
  if (mode === 'sum') return total;
  const weights = used ? castOf(used, rows.dtype) : ones([bag.numel], like);
  const sizes = indexAdd(zeros([count], like), 0, bag, weights);
  return div(total, unsqueeze(clamp(sizes, 1), 1));
}

// Bags of several lengths side by side, filled up with -inf; the first of equal values gets the gradient.
function largest(rows: Tensor, bag: Tensor, count: number, used: Tensor | null): Tensor {
  const features = rows.shape[1]!;
  const like = { dtype: rows.dtype, device: rows.device };
  const bags = Array.from(bag.dataSync() as BigInt64Array, Number);
  const keep = used && Array.from(used.dataSync() as Uint8Array);
  const members: number[][] = Array.from({ length: count }, () => []);
  bags.forEach((b, place) => keep?.[place] === 0 || members[b]!.push(place));
  const size = Math.max(1, ...members.map((m) => m.length));
  // Behind the rows: -inf fills up, 0 stands for an empty bag.
  const n = bags.length;
  const places = members.flatMap((m) => Array.from({ length: size }, (_, i) => m[i] ?? (m.length === 0 ? n + 1 : n)));
  const extended = cat([rows, full([1, features], -Infinity, like), zeros([1, features], like)]);
  const table = reshape(indexSelect(extended, 0, places), [count, size, features]);
  const best = runReduce(argmaxCode, table.detach(), [1], true, 'int64');
  return reshape(gather(table, 1, best), [count, features]);
}
