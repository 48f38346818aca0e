// The same by `require` alone.
const ng = require('nodegrad');

const w = ng.zeros([3], { requiresGrad: true });
const optimizer = new ng.optim.SGD([w], { lr: 0.1 });
for (let i = 0; i < 100; i++) {
  const loss = w
    .sub(ng.tensor([1, 2, 3]))
    .square()
    .sum();
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
}
const far = w
  .sub(ng.tensor([1, 2, 3]))
  .abs()
  .max()
  .itemSync();
if (!(far < 1e-3)) throw new Error(`the minimum was missed by ${far}`);
console.log('trained');
