/**
 * @file Runs every check on every row (see row.ts). `-t "matmul"` runs one op; NODEGRAD_TEST_DEVICE=cuda runs all that
 * has a CUDA kernel on the GPU (scripts/gpu-check.mjs).
 */
// Read when the addon is loaded: every block then ends in a canary and starts out as NaN.
process.env['NODEGRAD_GUARD'] = '1';
import * as ng from '../../lib';
// Before the rows are made, since some of them hold tensors.
const device = process.env['NODEGRAD_TEST_DEVICE'] as ng.Device | undefined;
if (device) ng.setDefaultDevice(device);
import * as h from './harness';
import { table } from './table';
import type { Row } from './row';

const checks: Record<string, (name: string, row: Row) => void> = {
  'forward: strides, broadcast, dtypes, against float64': h.checkForward,
  'gradient by finite differences': h.checkGradients,
  'float32 gradient of the fused kernels': h.checkFusedGradients,
  'other dtypes': h.checkDTypes,
  'extreme values': h.checkExtremes,
  'empty input': h.checkEmpty,
  errors: (_, row) => h.checkErrors(row),
  'unknown options': h.checkOptions,
  'no leak, guard bytes intact': (name, row) => {
    h.checkLeaks(name, row);
    h.checkGuards();
  },
};
const missing = new Set<string>();

describe.each(Object.entries(table as Record<string, Row>))('%s', (name, row) => {
  test.each(Object.entries(checks))('%s', (_, check) => {
    try {
      check(name, row);
    } catch (e) {
      // A kernel that the GPU does not have says so by a named error, which ends the check.
      if (!device || (e as ng.NodegradError).code !== 'ERR_UNSUPPORTED_ON_DEVICE') throw e;
      missing.add((e as Error).message.split(' ')[0]!);
    }
  });
});

afterAll(() => {
  if (missing.size > 0) console.log(`kernels that ${device} does not have: ${[...missing].join(' ')}`);
});
