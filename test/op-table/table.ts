/**
 * @file The op table. Every op of lib/ops has its row here; the type makes a missing one a compile error.
 */
import { activationRows } from './rows/activations';
import { aliasRows } from './rows/aliases';
import { arithmeticRows } from './rows/arithmetic';
import { arrangingRows } from './rows/arranging';
import { binaryRows } from './rows/binary';
import { convRows } from './rows/conv';
import { createRows } from './rows/create';
import { diagonalRows } from './rows/diagonals';
import { fourierRows } from './rows/fourier';
import { gatherRows } from './rows/gather';
import { indexingRows } from './rows/indexing';
import { joiningRows } from './rows/joining';
import { decompositionRows } from './rows/decompositions';
import { linalgRows } from './rows/linalg';
import { lossRows } from './rows/losses';
import { mathRows } from './rows/math';
import { matmulRows } from './rows/matmul';
import { normRows } from './rows/norm';
import { productRows } from './rows/products';
import { reduceRows } from './rows/reduce';
import { samplesRows } from './rows/samples';
import { scanRows } from './rows/scans';
import { sequenceRows } from './rows/sequence';
import { signalRows } from './rows/signal';
import { sortingRows } from './rows/sorting';
import { specialRows } from './rows/special';
import { specialFunctionRows } from './rows/specialFunctions';
import { viewRows } from './rows/views';
import { visionRows } from './rows/vision';
import type { OpName, Rows } from './row';

export const table: Rows<OpName> = {
  ...activationRows,
  ...aliasRows,
  ...arithmeticRows,
  ...arrangingRows,
  ...binaryRows,
  ...convRows,
  ...createRows,
  ...diagonalRows,
  ...fourierRows,
  ...gatherRows,
  ...indexingRows,
  ...joiningRows,
  ...decompositionRows,
  ...linalgRows,
  ...lossRows,
  ...mathRows,
  ...matmulRows,
  ...normRows,
  ...productRows,
  ...reduceRows,
  ...samplesRows,
  ...scanRows,
  ...sequenceRows,
  ...signalRows,
  ...sortingRows,
  ...specialRows,
  ...specialFunctionRows,
  ...viewRows,
  ...visionRows,
};
