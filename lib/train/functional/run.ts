/** @file Runs the graph of a functional model. What a step needs is worked out once per graph. */
import { isOptions } from '../../core/arguments';
import { ArgumentError } from '../../core/errors';
import { tensorsIn } from '../../core/symbol';
import { functionAt } from '../../core/symbol-functions';
import { Tensor } from '../../core/tensor';
import { type Action, type Graph, Held, Slot, type Step } from './graph';

type Fn = (...args: unknown[]) => unknown;
type Values = (Tensor | undefined)[];
/** Layers and tensors by name. */
type Model = Readonly<Record<string, unknown>>;

/** One argument, for the values there are. */
type Argument = (values: Values, model: Model) => unknown;

function argument(template: unknown): Argument {
  if (template instanceof Slot) {
    const { slot } = template;
    return (values) => values[slot];
  }
  if (template instanceof Held) return (_values, model) => model[template.name];
  if (Array.isArray(template)) {
    const items = template.map(argument);
    return (values, model) => items.map((item) => item(values, model));
  }
  if (isOptions(template)) {
    const fields = Object.entries(template).map(([name, v]) => [name, argument(v)] as const);
    return (values, model) => Object.fromEntries(fields.map(([name, v]) => [name, v(values, model)]));
  }
  return () => template;
}

// Looked up at each call: another layer may have taken the place.
function doing(action: Action): (model: Model, args: unknown[]) => unknown {
  if ('layer' in action) {
    const name = action.layer;
    return (model, args) => (model[name] as { forward: Fn }).forward(...args);
  }
  if ('fn' in action) {
    const fn = functionAt(action.fn)!;
    return (_model, args) => fn(...args);
  }
  if ('getter' in action) return (_model, [t]) => (t as Model)[action.getter];
  return (_model, [t, ...rest]) => (t as Record<string, Fn>)[action.method]!(...rest);
}

type Run = (values: Values, model: Model) => void;

function runOf({ name, action, args: templates, outputs, release }: Step): Run {
  const list = templates.map(argument);
  const act = doing(action);
  const single = outputs.length === 1 ? outputs[0]! : -1;
  const store = (made: unknown, values: Values): void => {
    const found = tensorsIn(made);
    if (found.length !== outputs.length)
      throw new ArgumentError(
        `[model] ${name} gave ${found.length} tensors, ${outputs.length} when the model was made`,
        'ERR_GRAPH',
      );
    outputs.forEach((slot, i) => (values[slot] = found[i]));
  };
  return (values, model) => {
    const args = new Array<unknown>(list.length);
    for (let i = 0; i < list.length; i++) args[i] = list[i]!(values, model);
    const made = act(model, args);
    if (single >= 0 && made instanceof Tensor) values[single] = made;
    else store(made, values);
    for (let i = 0; i < release.length; i++) values[release[i]!] = undefined;
  };
}

const compiled = new WeakMap<Graph, { runs: readonly Run[]; outputs: Argument }>();

/** The outputs of a graph for these inputs, with what `model` holds. */
export function runGraph(graph: Graph, inputs: Tensor[], model: object): unknown {
  let c = compiled.get(graph);
  if (!c) compiled.set(graph, (c = { runs: graph.steps.map(runOf), outputs: argument(graph.outputs) }));
  const values: Values = inputs;
  for (const run of c.runs) run(values, model as Model);
  return c.outputs(values, model as Model);
}
