/** @file How layers, containers and modules of one's own look to a strict compiler. */
import * as ng from 'nodegrad';
import { nn } from 'nodegrad';

// A module of one's own states its inputs, and nothing else.
class Net extends nn.Module {
  fc1 = new nn.Linear(4, 8);
  fc2 = new nn.Linear(8, 2);
  forward(x: ng.Tensor): ng.Tensor {
    return this.fc2.forward(ng.relu(this.fc1.forward(x)));
  }
}
class Pair extends nn.Module {
  forward(a: ng.Tensor, b: ng.Tensor, flip = false): { sum: ng.Tensor; flip: boolean } {
    return { sum: a.add(b), flip };
  }
}
export const both: { sum: ng.Tensor; flip: boolean } = new Pair().forward(ng.ones([1]), ng.ones([1]));

// What takes a tensor and gives one, and what takes anything.
class Twice<M extends nn.Module<[ng.Tensor], ng.Tensor>> extends nn.Module<[ng.Tensor], ng.Tensor> {
  constructor(readonly inner: M) {
    super();
  }
  override forward(x: ng.Tensor): ng.Tensor {
    return this.inner.forward(this.inner.forward(x));
  }
}
export const twice: ng.Tensor = new Twice(new Net()).forward(ng.ones([1, 4]));
export const any: nn.Module[] = [
  new Net(),
  new Pair(),
  new nn.Linear(1, 1),
  new nn.LSTM(1, 1),
  new nn.CrossEntropyLoss(),
];
// @ts-expect-error a pair of tensors is no input of it
new Twice(new Pair());
// @ts-expect-error what a module of unknown kind gives is unknown
any[0]?.forward(ng.ones([1])).sum();

// Sequential: a tensor to a tensor.
const seq = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 2));
export const y: ng.Tensor = seq.forward(ng.ones([1, 4]));
export const named: ng.Tensor = new nn.Sequential({ a: new Net(), b: new nn.ReLU() }).forward(ng.ones([1, 4]));
export const listed: ng.Tensor = new nn.Sequential([new Net(), new nn.ReLU()]).forward(ng.ones([1, 4]));
// @ts-expect-error a string is no input
seq.forward('x');
for (const m of seq) m.train();

// Lists and dictionaries know what they hold.
const list = new nn.ModuleList([new nn.Linear(4, 4), new nn.Linear(4, 4)]);
export const features: number = list.at(-1).inFeatures;
export const maybe: nn.Linear | undefined = list[0];
export let h: ng.Tensor = ng.ones([1, 4]);
for (const layer of list) h = layer.forward(h);
export const outputs: ng.Tensor[] = list.map((layer, i) => layer.forward(h).mul(i));
list.append(new nn.Linear(4, 4)).extend([new nn.Linear(4, 4)]);
// @ts-expect-error a list of linear layers holds nothing else
list.append(new nn.ReLU());
const mixed = new nn.ModuleList<nn.Linear | nn.Conv2d>();
mixed.append(new nn.Linear(1, 1)).append(new nn.Conv2d(1, 1, 1));
export const anything = new nn.ModuleList();
anything.append(new Pair()).append(new nn.ReLU());

const dict = new nn.ModuleDict({ relu: new nn.ReLU(), gelu: new nn.GELU() });
export const act: ng.Tensor = dict.get('relu').forward(h);
for (const [name, m] of dict) h = m.forward(h).mul(name.length);
// @ts-expect-error it holds activations
dict.set('lin', new nn.Linear(1, 1));
export const free = new nn.ModuleDict<nn.Linear>().set('a', new nn.Linear(1, 1)).get('a').weight;

// Modules in fields, in functions, and what they hold.
export function count(model: nn.Module): number {
  return model.parameters().reduce((n, p) => n + p.numel, 0);
}
export const total: number = count(seq) + count(list) + count(dict) + count(new Net()) + count(new Pair());
seq.apply((m) => {
  if (m instanceof nn.Linear) nn.init.zeros_(m.weight);
});
new Net().registerForwardHook((m, inputs, output) => {
  const first: unknown = inputs[0];
  return m.training && first ? output : undefined;
});
const keep: nn.StateDict = new Net().stateDict();
new Net().loadStateDict(keep, { strict: undefined });
