// What a user's program does with the installed package: it trains, and `import` and `require` are one library.
import { createRequire } from 'node:module';
import * as ng from 'nodegrad';

const required = createRequire(import.meta.url)('nodegrad');
if (required.Tensor !== ng.Tensor) throw new Error('import and require give two libraries');
required.manualSeed(1);
const { nn, optim } = ng;
const model = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 1));
const optimizer = new required.optim.Adam(model.parameters(), { lr: 0.05 });
if (!(optimizer instanceof optim.Adam)) throw new Error('import and require give two optimizers');
const x = ng.tensor([
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
]);
const y = required.tensor([[0], [1], [1], [0]]);
let loss;
for (let i = 0; i < 200; i++) {
  loss = new nn.MSELoss().forward(model.forward(x), y);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
}
const value = await loss.item();
if (!(value < 0.01)) throw new Error(`XOR was not learned: the loss is ${value}`);
console.log('trained');
