/** @file Runs every check on every row (see row.ts). `-t "matmul"` runs one op. */
// Read when the addon is loaded: every block then ends in a canary and starts out as NaN.
process.env['NODEGRAD_GUARD'] = '1';
import * as h from './harness';
import { table } from './table';
import type { Row } from './row';

describe.each(Object.entries(table as Record<string, Row>))('%s', (name, row) => {
  test('forward: strides, broadcast, dtypes, against float64', () => h.checkForward(name, row));
  test('gradient by finite differences', () => h.checkGradients(name, row));
  test('float32 gradient of the fused kernels', () => h.checkFusedGradients(name, row));
  test('extreme values', () => h.checkExtremes(name, row));
  test('empty input', () => h.checkEmpty(name, row));
  test('errors', () => h.checkErrors(row));
  test('no leak, guard bytes intact', () => {
    h.checkLeaks(name, row);
    h.checkGuards();
  });
});
