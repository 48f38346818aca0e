/** @file Blocks of a long text, each with the token that follows each of its tokens. */
import { readArguments } from '../../core/arguments';
import { ArgumentError } from '../../core/errors';
import { positive } from '../../core/params';
import { type Tensor } from '../../core/tensor';
import { narrow, reshape, squeeze } from '../../ops/shape/views';
import { contiguous } from '../../ops/tensors/cast';
import { checkIndices, type Dataset, indicesOf } from '../dataset';
import { rowsOf } from '../rows';

/** Settings of `blocks`. */
export interface BlocksOptions {
  /** How far each block begins behind the one before. Default: its size, so that none overlap; 1 gives all there are. */
  stride?: number | undefined;
}

const blocksSpec = { size: positive, stride: positive.optional() };

/**
 * Pairs `[x, y]` of int32 [size] from a long list of tokens: y is x one token later. Batches are [b, size]. The text stays
 * in memory once, however far the blocks overlap.
 */
export class TextBlocks implements Dataset<[Tensor, Tensor], [Tensor, Tensor]> {
  /** @internal */
  readonly madeElsewhere = true;
  readonly length: number;
  readonly size: number;
  readonly stride: number;

  /** @internal Use `blocks` of what `data.text` gives. */
  constructor(
    private readonly ids: Tensor,
    size: number,
    options?: BlocksOptions,
  ) {
    const o = readArguments('blocks', blocksSpec, [size, options]);
    this.size = o.size;
    this.stride = o.stride ?? o.size;
    const tokens = ids.shape[0]!;
    // The last token of y has to be there.
    if (tokens <= this.size)
      throw new ArgumentError(
        `[blocks] ${tokens} tokens are too few for blocks of ${this.size} and the token after them`,
      );
    this.length = Math.floor((tokens - 1 - this.size) / this.stride) + 1;
  }

  get(index: number): [Tensor, Tensor] {
    checkIndices('blocks', [index], this.length);
    const [x, y] = this.getBatch(Int32Array.of(index));
    return [squeeze(x, 0), squeeze(y, 0)];
  }

  getBatch(indices: Int32Array): [Tensor, Tensor] {
    const at = indicesOf('blocks', indices, this.length);
    const width = this.size + 1;
    const places = new Int32Array(at.length * width);
    at.forEach((b, i) => {
      for (let k = 0; k < width; k++) places[i * width + k] = b * this.stride + k;
    });
    const both = reshape(rowsOf([this.ids], places)[0]!, [at.length, width]);
    return [contiguous(narrow(both, 1, 0, this.size)), contiguous(narrow(both, 1, 1, this.size))];
  }
}
