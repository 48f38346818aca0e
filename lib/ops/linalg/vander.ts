/** @file torch.linalg.vander, which differs from torch.vander. */
import type { Tensor } from '../../core/tensor';
import { readArguments } from '../../core/arguments';
import { powers } from '../generators';

/** The ascending powers of each element, in a new last dimension of length N (default: that of the last one). */
export const vander = (x: Tensor, N?: number | null | { N?: number | null }): Tensor =>
  powers('linalg.vander', x, readArguments('linalg.vander', { N: null as number | null }, [N]).N);
