/**
 * @file The op table. Every op of lib/ops has its row here; the type makes a missing one a compile error.
 */
import { arithmeticRows } from './rows/arithmetic';
import { linalgRows } from './rows/linalg';
import { matmulRows } from './rows/matmul';
import { sequenceRows } from './rows/sequence';
import { viewRows } from './rows/views';
import type { OpName, Rows } from './row';

export const table: Partial<Rows<OpName>> = {
  ...arithmeticRows,
  ...linalgRows,
  ...matmulRows,
  ...sequenceRows,
  ...viewRows,
};
