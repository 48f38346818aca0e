/** @file torch.linalg.vander, which differs from torch.vander. */
import type { Tensor } from '../../../core/tensor';
import { type InOrderOrByName, readArguments } from '../../../core/arguments';
import { integer } from '../../../core/params';
import { powers } from '../../tensors/generators';

const vanderArguments = { N: integer({ least: 0 }).orNull() };

/** The ascending powers of each element, in a new last dimension of length N (default: that of the last one). */
export const vander = (
  x: Tensor,
  ...args: InOrderOrByName<[N?: number | null], { N?: number | null | undefined }>
): Tensor => powers('linalg.vander', x, readArguments('linalg.vander', vanderArguments, args).N);
