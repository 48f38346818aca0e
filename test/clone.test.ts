/** @file Copies of modules, and models as files: every layer, and what neither can hold. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ng from '../lib';
import { nn } from '../lib';
import { codeOf } from './caught';
import { layersToCall } from './layer-cases';

const folder = mkdtempSync(join(tmpdir(), 'nodegrad-clone-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'model.safetensors');

const bits = (list: readonly ng.Tensor[]): unknown[] => list.map((t) => [t.dtype, t.shape, String(t.arraySync())]);
const cases = layersToCall([
  'layers.json',
  'vision.json',
  'recurrent.json',
  'attention.json',
  'resample.json',
  'sampling.json',
  'lazy.json',
]);
const rejection = (p: Promise<unknown>): Promise<unknown> =>
  p.then(
    () => 'nothing',
    (e: { code: unknown }) => e.code ?? e,
  );

describe('every layer', () => {
  const results = (m: nn.Module, call: (m: nn.Module) => ng.Tensor[]): unknown[] => {
    ng.manualSeed(3);
    return bits([...call(m), ...Object.values(m.stateDict())]);
  };
  test.each(cases)('%s', async (_name, m, call) => {
    // Lazy layers learn their sizes.
    call(m);
    const copy = m.clone();
    await ng.saveModel(file, m);
    const loaded = await ng.loadModel(file);
    expect([String(copy), String(loaded)]).toEqual([String(m), String(m)]);
    const want = results(m, call);
    expect(results(copy, call)).toEqual(want);
    expect(results(loaded, call)).toEqual(want);
  });
});

class Own extends nn.Module {
  fc = new nn.Linear(2, 2);
  norm = new nn.BatchNorm1d(2);
  tied = this.fc;
  scratch = this.registerBuffer('scratch', ng.zeros([2]), { persistent: false });
  notes = { list: [1, NaN, -0], by: new Map([['a', new Set([1])]]), none: undefined, big: Infinity };
  plain = ng.ones([2]);
  forward(x: ng.Tensor): ng.Tensor {
    return this.norm.forward(this.tied.forward(x)).add(this.plain);
  }
}
class Secret extends nn.Module {
  #factor = 2;
  forward(x: ng.Tensor): ng.Tensor {
    return x.mul(this.#factor);
  }
}
class Secrets extends Secret {
  override clone(): this {
    return new Secrets() as this;
  }
}
const x = (): ng.Tensor => ng.linspace(-1, 1, 6).reshape([3, 2]);

describe('copies', () => {
  test('share nothing with what they were made of, and keep modes, ties and settings', () => {
    const m = new nn.Sequential(new Own(), new nn.Dropout(0.5));
    m.at(1).eval();
    (m.at(0) as Own).fc.bias!.requiresGrad = false;
    m.registerForwardHook(() => ng.zeros([1]));
    const copy = m.clone();
    const [a, b] = [m.at(0) as Own, copy.at(0) as Own];
    expect(copy).toBeInstanceOf(nn.Sequential);
    expect([b.tied === b.fc, b.fc === a.fc, b.training, copy.at(1).training]).toEqual([true, false, true, false]);
    expect([b.fc.bias!.requiresGrad, b.fc.weight.requiresGrad]).toEqual([false, true]);
    expect(copy.namedBuffers().map(([name]) => name)).toEqual(m.namedBuffers().map(([name]) => name));
    expect(Object.keys(copy.stateDict())).toEqual(Object.keys(m.stateDict()));
    expect(b.notes).toEqual(a.notes);
    expect(b.notes.list).not.toBe(a.notes.list);
    const before = bits(m.parameters());
    ng.noGrad(() => copy.parameters().forEach((p) => p.add_(1)));
    copy.forward(x());
    expect(bits(m.parameters())).toEqual(before);
    expect(bits([a.norm.runningMean!, a.plain])).not.toEqual(bits([b.norm.runningMean!, a.plain]));
    expect(m.forward(x()).shape).toEqual([1]); // hooks stay behind
    expect(copy.forward(x()).shape).toEqual([3, 2]);
  });

  test('can be trained, and wait for their input as the original does', () => {
    const lazy = new nn.Sequential(new nn.Dense(3, { activation: 'relu' }), new nn.LazyLinear(1));
    const copy = lazy.clone();
    copy.forward(x()).sum().backward();
    expect(copy.parameters().every((p) => p.grad !== null)).toBe(true);
    expect(lazy.forward(ng.ones([1, 5])).shape).toEqual([1, 1]);
  });

  test('are refused where they would not work', () => {
    expect(codeOf(() => new nn.Sequential(new Secret()).clone())).toBe('ERR_CLONE');
    expect(() => new Secret().clone()).toThrow('[clone] Secret has private fields');
    expect(bits([new nn.Sequential(new Secrets()).clone().forward(x()) as ng.Tensor])).toEqual(bits([x().mul(2)]));
    const normed = nn.utils.weightNorm(new nn.Linear(2, 2));
    expect(() => normed.clone()).toThrow('its weight is computed from others (weight norm)');
    expect(nn.utils.removeWeightNorm(normed).clone().weight.shape).toEqual([2, 2]);
  });

  test('a state dict that training does not change', () => {
    const m = new Own();
    const kept = m.stateDict({ clone: true });
    const before = bits(Object.values(kept));
    expect(kept['fc.weight']).toBe(kept['tied.weight']);
    ng.noGrad(() => m.parameters().forEach((p) => p.add_(1)));
    m.forward(x());
    expect(bits(Object.values(kept))).toEqual(before);
    m.loadStateDict(kept);
    expect(bits(Object.values(m.stateDict()))).toEqual(before);
    expect(codeOf(() => m.stateDict({ copy: true } as never))).toBe('ERR_INVALID_ARG');
  });

  test('of functional models compute by themselves', () => {
    const i = ng.input([2]);
    const h = new nn.Dense(3, { activation: 'tanh' }).apply(i);
    const model = ng.model({ inputs: i, outputs: h.mul(new nn.Parameter(ng.ones([3]))).at([ng.s(), ng.s(0, 2)]) });
    const copy = model.clone();
    expect(bits([copy.forward(x())])).toEqual(bits([model.forward(x())]));
    ng.noGrad(() => copy.parameters().forEach((p) => p.zero_()));
    expect(bits([copy.forward(x())])).not.toEqual(bits([model.forward(x())]));
  });
});

describe('files', () => {
  test('hold sequential and functional models with custom modules, to the bit', async () => {
    ng.registerModule(Own);
    ng.registerModule(Own, 'Own');
    const i = ng.input([2], { name: 'left' });
    const j = ng.input([2], { name: 'right' });
    const shared = new nn.Sequential(new Own(), new nn.Dense(4, { activation: 'gelu' }));
    const [u, v] = [shared.apply(i), shared.apply(j)] as [ng.Tensor, ng.Tensor];
    const [, { values }] = [0, ng.concatenate([u, v]).max(1, { keepdim: true })];
    const inner = ng.model({ inputs: [i, j], outputs: { u, best: ng.maximum(values, u.at([ng.s(), ng.s(1, 3)])) } });
    const [p, q] = [ng.input([2]), ng.input([2])];
    const model = ng.model({ inputs: { p, q }, outputs: inner.apply([p, q]).best.add(ng.tensor([0.5])).T });
    model.forward({ p: x(), q: x() }); // running statistics
    model.eval();
    await model.save(file);
    const loaded = await ng.loadModel(file);
    expect(loaded).toBeInstanceOf(ng.FunctionalModel);
    expect(String(loaded)).toBe(String(model));
    const want = bits([model.forward({ p: x(), q: x().neg() })]);
    expect(bits([loaded.forward({ p: x(), q: x().neg() }) as ng.Tensor])).toEqual(want);
    expect(Object.keys(loaded.stateDict())).toEqual(Object.keys(model.stateDict()));
    const own = loaded.modules().find((m) => m instanceof Own)!;
    expect([own.notes, own.training, own.tied === own.fc]).toEqual([new Own().notes, false, true]);
    // Training goes on, and the file is one for others too.
    (loaded.train().forward({ p: x(), q: x() }) as ng.Tensor).sum().backward();
    expect(own.fc.weight.grad).not.toBeNull();
    const dict = await ng.load(file);
    for (const [name, t] of Object.entries(model.stateDict()))
      if (name in dict) expect(bits([dict[name]!])).toEqual(bits([t]));
    expect(readdirSync(folder)).toEqual(['model.safetensors']);
  });

  test('are written by every model with the verbs of Keras', async () => {
    const model = ng.sequential([new nn.Dense(3, { activation: 'relu', inputShape: [2] }), new nn.Dense(1)]);
    await model.save(file);
    expect(String(await ng.loadModel(file))).toBe(String(model));
    const loaded = await ng.loadModel(file);
    expect(bits([(await (loaded as typeof model).predict(x())) as ng.Tensor])).toEqual(
      bits([await model.predict(x())]),
    );
    (loaded as typeof model).compile({ optimizer: 'sgd', loss: 'mse' });
    await (loaded as typeof model).fit(x(), ng.zeros([x().shape[0]!, 1]), { epochs: 1, verbose: 0 });
    // Without an input shape; more can be added to what was loaded.
    await ng.sequential([new nn.Linear(2, 3)]).save(file);
    const open = (await ng.loadModel(file)) as typeof model;
    expect((await open.add(new nn.Linear(3, 4)).predict(x())).shape.at(-1)).toBe(4);
  });

  test('what they cannot hold is said before they are touched', async () => {
    await ng.saveModel(file, new nn.Linear(2, 2));
    const before = readFileSync(file);
    const scaled = Object.assign(new nn.ReLU(), { scale: () => 2 });
    const dated = Object.assign(new nn.ReLU(), { made: [new Date()] });
    class Unknown extends nn.ReLU {}
    const refused: [nn.Module, string][] = [
      [new nn.Sequential(scaled), '[save] 0.scale is a function'],
      [dated, '[save] made[0] is an instance of Date'],
      [new nn.Sequential(new Unknown()), 'ng.registerModule(Unknown)'],
      [new nn.Sequential(new nn.LazyLinear(2)), '[save] the module'],
    ];
    for (const [m, message] of refused.slice(0, 3)) await expect(ng.saveModel(file, m)).rejects.toThrow(message);
    await expect(ng.saveModel(file, refused[3]![0])).rejects.toThrow('without a shape');
    expect(await rejection(ng.saveModel(file, scaled))).toBe('ERR_ARCHITECTURE');
    expect(await rejection(ng.saveModel(file, {} as never))).toBe('ERR_INVALID_ARG');
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(codeOf(() => ng.registerModule(Unknown, 'Linear'))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => ng.registerModule(Date as never))).toBe('ERR_INVALID_ARG');
  });

  test('that hold no model', async () => {
    await ng.save(file, { a: ng.ones([1]) });
    await expect(ng.loadModel(file)).rejects.toThrow('it holds tensors but no model');
    const metadata = (root: unknown, version = 1): Promise<void> =>
      ng.save(file, {}, { metadata: { 'nodegrad.model': JSON.stringify({ version, root }) } });
    const wrong = [
      ...[3, null, [], {}, { $: 'x' }, { $: 'ref', id: 1 }, { $: 'object', fields: 1 }, { $: 'list', items: 2 }],
      ...[
        { $: 'module', class: 'ReLU' },
        { $: 'parameter', name: 'a' },
        { $: 'function', name: 'none' },
      ],
      { $: 'generator', parts: [] },
    ];
    for (const root of wrong) {
      await metadata(root);
      expect([root, await rejection(ng.loadModel(file))]).toEqual([root, 'ERR_FILE_FORMAT']);
    }
    await metadata({ $: 'module', class: 'Strange', fields: {} });
    expect(await rejection(ng.loadModel(file))).toBe('ERR_ARCHITECTURE');
    await metadata({ $: 'module', class: 'ReLU', fields: {} }, 2);
    await expect(ng.loadModel(file)).rejects.toThrow('its version is 2');
    writeFileSync(file, 'x');
    expect(await rejection(ng.loadModel(file))).toBe('ERR_FILE_FORMAT');
  });
});
