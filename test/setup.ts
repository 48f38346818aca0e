/** @file Runs before each test: the same random numbers every time. */
import type * as nodegrad from '../lib';

beforeEach(() => {
  // Loaded here and not above: a test file may choose by environment variables how the addon is loaded.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const ng = require('../lib') as typeof nodegrad;
  ng.manualSeed(0);
});
