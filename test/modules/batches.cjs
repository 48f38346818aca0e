// A dataset for the tests of workers: whole batches, by an async function in a CommonJS module.
const ng = require('../../dist/lib/index.js');

module.exports = async (length, bad) => ({
  length,
  getBatch(indices) {
    if (bad !== undefined && indices.includes(bad)) throw new Error('broken batch');
    const x = ng.tensor(Float32Array.from(indices), { dtype: 'bfloat16' });
    return [x, { half: Float32Array.from(indices, (i) => i / 2) }];
  },
});
