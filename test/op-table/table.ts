/**
 * @file The op table. Every op of lib/ops has its row here; the type makes a missing one a compile error.
 */
import { arithmeticRows } from './rows/arithmetic';
import { gatherRows } from './rows/gather';
import { indexingRows } from './rows/indexing';
import { joiningRows } from './rows/joining';
import { linalgRows } from './rows/linalg';
import { matmulRows } from './rows/matmul';
import { sequenceRows } from './rows/sequence';
import { viewRows } from './rows/views';
import type { OpName, Rows } from './row';

export const table: Partial<Rows<OpName>> = {
  ...arithmeticRows,
  ...gatherRows,
  ...indexingRows,
  ...joiningRows,
  ...linalgRows,
  ...matmulRows,
  ...sequenceRows,
  ...viewRows,
};
