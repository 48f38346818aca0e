/** @file Models of layers one after the other, the Keras way. */
import { ArgumentError } from '../core/errors';
import { elementsOf, integer } from '../core/params';
import { isFloat } from '../core/dtype';
import { noGrad } from '../core/grad-mode';
import { describe, type Shape } from '../core/shape';
import { Tensor } from '../core/tensor';
import { Module } from '../nn/module';
import { zeros } from '../ops/tensors/create';
import { registerModule } from './architecture/registry';
import { Model } from './model';
import { evaluating } from '../nn/modes';

const index = integer();

/**
 * Layers that run one after the other, with Keras's verbs. Names in the state dict are those of `nn.Sequential`:
 * `0.weight`, `0.bias`, `2.weight`, ...
 */
export class Sequential extends Model {
  // After each layer, as far as it is known.
  private readonly shapes: (Shape | undefined)[] = [];

  constructor(layers: Iterable<Module> = []) {
    super();
    for (const layer of elementsOf<Module>('sequential', 'layers', layers)) this.add(layer);
  }

  /** The layers in order. */
  get layers(): readonly Module[] {
    return this.moduleMembers().flatMap(([, , m]) => (m instanceof Module ? [m] : []));
  }

  /** Adds a layer at the end. */
  add(layer: Module): this {
    if (!(layer instanceof Module)) throw new ArgumentError(`[sequential] expected a layer, got ${describe(layer)}`);
    const position = this.layers.length;
    this.shapes.push(this.build(layer));
    this.addModule(String(position), layer);
    return this;
  }

  // As Keras: if the first layer was told the shape of its input, all layers learn theirs now, and a layer that does not
  // fit is an error here. Returns the output's shape, of one example.
  private build(layer: Module): Shape | undefined {
    const given = (layer as { inputShape?: Shape | undefined }).inputShape;
    const shape = this.shapes.length > 0 ? this.shapes.at(-1) : given && [1, ...given];
    if (!shape) return undefined;
    const p = layer.parameters()[0];
    const example = zeros(shape, { device: p?.device, dtype: p && isFloat(p.dtype) ? p.dtype : undefined });
    const output: unknown = evaluating(layer, () => noGrad(() => layer.forward(example) as unknown));
    return output instanceof Tensor ? output.shape : undefined;
  }

  /** Takes the last layer away. @throws ArgumentError if there is none */
  pop(): Module {
    const layer = this.layers.at(-1);
    if (!layer) throw new ArgumentError('[sequential] there is no layer to take away');
    this.shapes.pop();
    delete (this as unknown as Record<string, unknown>)[String(this.layers.length - 1)];
    return layer;
  }

  /** The layer at `position`; negative counts from the end. */
  at(position: number): Module {
    const layer = this.layers.at(index.check('sequential', 'position', position));
    if (!layer) throw new ArgumentError(`[sequential] there is no layer ${position}; there are ${this.layers.length}`);
    return layer;
  }

  forward(x: Tensor): Tensor {
    // What goes from layer to layer is theirs to know.
    let out: unknown = x;
    for (const layer of this.layers) out = layer.forward(out);
    return out as Tensor;
  }
}

// nn.Sequential has the name of the class.
registerModule(Sequential, 'SequentialModel');

/** A model of layers one after the other: `ng.sequential([new nn.Dense(10, { inputShape: [784] })])`. */
export const sequential = (layers: Iterable<Module> = []): Sequential => new Sequential(layers);
