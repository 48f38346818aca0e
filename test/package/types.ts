// The types as a strict program sees them, however it resolves modules.
import * as ng from 'nodegrad';
import { nn, optim } from 'nodegrad';

const model = new nn.Sequential(new nn.Linear(2, 1));
const optimizer: optim.Optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
const loss: ng.Tensor = model.forward(ng.ones([3, 2])).mean();
loss.backward();
optimizer.step();
export const value: Promise<number | bigint | boolean> = loss.item();
// @ts-expect-error -- a learning rate is a number
new optim.SGD(model.parameters(), { lr: 'fast' });
