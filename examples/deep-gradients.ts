/**
 * @file What depth does to gradients: the norm of each layer's gradient in a plain network of 100 sigmoid layers, which
 * vanish, and in a residual network of 100 layers, which trains.
 */
import * as ng from 'nodegrad';
import { nn, optim } from 'nodegrad';
import { commandLine } from './support/options';

const width = 32;
const depth = 100;

/** sigmoid(W x + b), a hundred times: each multiplies the gradient by at most a quarter. */
class Plain extends nn.Module {
  input = new nn.Linear(2, width);
  layers = new nn.ModuleList(Array.from({ length: depth }, () => new nn.Linear(width, width)));
  output = new nn.Linear(width, 2);
  forward(x: ng.Tensor): ng.Tensor {
    let h = this.input.forward(x);
    for (const layer of this.layers) h = ng.sigmoid(layer.forward(h));
    return this.output.forward(h);
  }
}

/** x + W relu(norm(x)) (He et al. 2016): the gradient has a way around every layer. */
class Block extends nn.Module {
  norm = new nn.LayerNorm([width]);
  linear = new nn.Linear(width, width);
  forward(x: ng.Tensor): ng.Tensor {
    return x.add(this.linear.forward(ng.relu(this.norm.forward(x))));
  }
}

class Residual extends nn.Module {
  input = new nn.Linear(2, width);
  layers = new nn.ModuleList(Array.from({ length: depth }, () => new Block()));
  norm = new nn.LayerNorm([width]);
  output = new nn.Linear(width, 2);
  forward(x: ng.Tensor): ng.Tensor {
    let h = this.input.forward(x);
    for (const layer of this.layers) h = layer.forward(h);
    return this.output.forward(this.norm.forward(h));
  }
}

/** Points inside and outside of a ring. */
function rings(n: number): [x: ng.Tensor, y: ng.Tensor] {
  const x = ng.randn([n, 2]);
  return [x, x.square().sum(1).gt(1.4).to('int64')];
}

/** The norm of the gradient of each of the hundred layers' weights. */
function gradientNorms(model: Plain | Residual): number[] {
  return [...model.layers].map((layer) => {
    const weight = (layer instanceof Block ? layer.linear : layer).weight;
    return weight.grad!.to('float64').square().sum().sqrt().itemSync();
  });
}

function show(name: string, norms: number[]): void {
  console.log(`\n${name}: norm of the gradient of layer`);
  for (let i = 0; i < depth; i += 11) console.log(`  ${String(i + 1).padStart(3)}  ${norms[i]!.toExponential(2)}`);
}

function main(): void {
  const { quick } = commandLine('deep-gradients', 'Gradients in networks of a hundred layers.', {
    quick: { default: false as boolean, help: 'few steps' },
  });
  ng.manualSeed(0);
  const [x, y] = rings(256);
  const criterion = new nn.CrossEntropyLoss();
  for (const model of [new Plain(), new Residual()]) {
    const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
    const step = (): number => {
      const loss = criterion.forward(model.forward(x), y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      return loss.itemSync();
    };
    const first = step();
    const name = model instanceof Plain ? 'plain network of sigmoids' : 'residual network';
    show(name, gradientNorms(model));
    let last = first;
    for (let i = 0; i < (quick ? 30 : 150); i++) last = step();
    const right = ng.noGrad(() => model.forward(x).argmax(1).eq(y).to('float32').mean().itemSync());
    console.log(`  loss ${first.toFixed(4)} -> ${last.toFixed(4)}, ${(100 * right).toFixed(1)} % right`);
  }
}

main();
