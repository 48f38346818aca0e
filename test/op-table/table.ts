/**
 * @file The op table. Every op of lib/ops has its row here; the type makes a missing one a compile error.
 */
import { arrangingRows } from './rows/arranging';
import { arithmeticRows } from './rows/arithmetic';
import { diagonalRows } from './rows/diagonals';
import { gatherRows } from './rows/gather';
import { indexingRows } from './rows/indexing';
import { joiningRows } from './rows/joining';
import { linalgRows } from './rows/linalg';
import { matmulRows } from './rows/matmul';
import { productRows } from './rows/products';
import { samplesRows } from './rows/samples';
import { sequenceRows } from './rows/sequence';
import { sortingRows } from './rows/sorting';
import { viewRows } from './rows/views';
import type { OpName, Rows } from './row';

export const table: Partial<Rows<OpName>> = {
  ...arithmeticRows,
  ...arrangingRows,
  ...diagonalRows,
  ...gatherRows,
  ...indexingRows,
  ...joiningRows,
  ...linalgRows,
  ...matmulRows,
  ...productRows,
  ...samplesRows,
  ...sequenceRows,
  ...sortingRows,
  ...viewRows,
};
