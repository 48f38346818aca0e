/** @file The first part of the checklist: what can be seen without training. */
import { noGrad } from '../core/grad-mode';
import { Tensor } from '../core/tensor';
import { short } from '../data/description';
import { Dense } from '../nn/lazy';
import { Sigmoid } from '../nn/activations';
import { evaluating } from '../nn/modes';
import { type Module } from '../nn/module';
import { type Batch } from '../train/source';
import { type Arrays } from '../train/tensors';
import { deadReLU, saturation, type UnitsRow } from './activations';
import { type Cause } from './causes';
import { gradients } from './gradients';
import { inspect } from './inspect';
import { type LossKind } from '../train/loss-kind';
import { areDistributions, areProbabilities } from './predictions';
import { percent, some } from './report';
import { trace } from './trace';
import { type Trial } from './trial';

// How sure a finding about data is the fault; others are good to know, and no cause.
const ofData: Readonly<Record<string, number>> = {
  nan: 0.99,
  infinite: 0.99,
  'nan-target': 0.99,
  'constant-target': 0.98,
  'label-range': 0.95,
  'leaked-target': 0.95,
  scale: 0.85,
  'target-scale': 0.7,
  'label-gaps': 0.5,
  imbalance: 0.4,
  contradictions: 0.4,
  constant: 0.2,
};

/** What stands out in the examples. */
export async function dataCauses(batch: Batch): Promise<Cause[]> {
  const { findings } = await inspect(batch[0] as Arrays, batch[1] as Arrays);
  return findings.flatMap(({ kind, severity, what, advice }) => {
    const certainty = (ofData[kind] ?? 0) * (severity === 'warning' && kind === 'leaked-target' ? 0.6 : 1);
    return certainty === 0 || severity === 'note' ? [] : [{ kind, certainty, what, advice }];
  });
}

// The last layer that makes the output, as a sigmoid.
function endsInSigmoid(model: Module, x: unknown): boolean {
  const row = trace(model, x as Arrays)
    .rows.filter((r) => model.getSubmodule(r.path).children().length === 0)
    .at(-1);
  const last = row && model.getSubmodule(row.path);
  return (
    last instanceof Sigmoid ||
    (last instanceof Dense && (last.activation === 'sigmoid' || last.activation instanceof Sigmoid))
  );
}

/** Where the loss takes probabilities, and gets others. */
export const notProbabilities: Cause = {
  kind: 'not-probabilities',
  certainty: 0.97,
  what: 'the loss takes probabilities, and the outputs are none',
  advice: "End the model in a softmax (or sigmoid), or use the loss of logits: 'crossEntropy', 'bceWithLogits'.",
};

/** Whether the output is what the loss takes it for. */
export function formCauses(trial: Trial, [x]: Batch, kind: LossKind | undefined): Cause[] {
  const prediction = evaluating(trial.model, () => noGrad(() => trial.predict(x)));
  if (!(prediction instanceof Tensor)) return [];
  const out: Cause[] = [];
  if (kind === 'logits' && areDistributions(prediction))
    out.push({
      kind: 'softmax-twice',
      certainty: 0.97,
      what: 'the outputs are probabilities (rows with the sum 1), and the loss takes them for logits: it makes a softmax of a softmax',
      advice:
        "Take the softmax out of the model, or use the loss 'sparseCategoricalCrossentropy', which takes probabilities.",
    });
  if (kind === 'binary-logits' && areProbabilities(prediction) && endsInSigmoid(trial.model, x))
    out.push({
      kind: 'sigmoid-twice',
      certainty: 0.97,
      what: 'the model ends in a sigmoid, and the loss takes its outputs for logits',
      advice: "Take the sigmoid out of the model, or use the loss 'binaryCrossentropy', which takes probabilities.",
    });
  const none =
    (kind === 'probabilities' && prediction.ndim === 2 && prediction.shape[1]! > 1 && !areDistributions(prediction)) ||
    (kind === 'binary-probabilities' && !areProbabilities(prediction));
  if (none) out.push(notProbabilities);
  return out;
}

/** Weights that cannot be trained, or that begin alike. */
export async function weightCauses(trial: Trial): Promise<Cause[]> {
  const out: Cause[] = [];
  const named = trial.model.namedParameters();
  const frozen = named.filter(([, p]) => !p.requiresGrad).map(([n]) => n);
  if (frozen.length > 0)
    out.push({
      kind: 'frozen',
      certainty: 0.6,
      what: `frozen, so never changed: ${some(frozen)}`,
      advice: 'If that is not on purpose: requiresGrad_(true), before the optimizer is made.',
    });
  const known = new Set<Tensor>(trial.optimizer.paramGroups.flatMap((g) => g.params));
  const left = named.filter(([, p]) => p.requiresGrad && !known.has(p)).map(([n]) => n);
  if (left.length > 0)
    out.push({
      kind: 'not-in-optimizer',
      certainty: 0.9,
      what: `not among the optimizer's parameters: ${some(left)}`,
      advice: 'Give the optimizer model.parameters(), after all layers are made.',
    });
  const weights = named.filter(([, p]) => p.ndim >= 2 && p.numel > 1);
  const constant: string[] = [];
  for (const [name, p] of weights) {
    const t = p.detach();
    const [least, most] = await Promise.all([t.amin().item(), t.amax().item()]);
    if (least === most) constant.push(name);
  }
  // A last layer of zeros is a way to begin: it gets its gradient from the layers before.
  if (constant.length > 1 || (constant.length === 1 && constant[0] !== weights.at(-1)![0]))
    out.push({
      kind: 'zero-initialisation',
      certainty: 0.95,
      what: `all weights are equal in ${some(constant)}: the units of a layer get the same gradient, or none, and stay alike`,
      advice: 'Draw the weights: nn.init.kaimingUniform_ before ReLU, nn.init.xavierUniform_ before tanh and sigmoid.',
    });
  return out;
}

// More than this share of the units of a hidden layer.
const many = 0.4;

/** Gradients of a first batch, and units that pass none on. */
export async function signalCauses(trial: Trial, batch: Batch): Promise<Cause[]> {
  const { model } = trial;
  const out: Cause[] = [];
  trial.gradients(batch);
  const { layers } = await gradients(model);
  model.zeroGrad();
  const of = (verdict: string): string[] =>
    layers.filter((r) => r.verdict === verdict && !r.frozen).map((r) => r.layer || '(model)');
  const clip = 'Clip gradients (clipNorm: 1), use smaller initial weights, scale inputs and targets, lower the rate.';
  const [exploding, vanishing, none] = [of('exploding'), of('vanishing'), of('none')];
  const notFinite = layers.some((r) => r.verdict === 'exploding' && !Number.isFinite(r.gradientNorm));
  if (notFinite)
    out.push({
      kind: 'not-finite',
      certainty: 0.9,
      what: `gradients are NaN or infinite in ${some(exploding)}`,
      advice: 'Run the step in debug.detectAnomaly: it names the operation that made the first one.',
    });
  const largest = layers.reduce((a, r) => Math.max(a, r.weightNorm === 0 ? 0 : r.gradientNorm / r.weightNorm), 0);
  if (!notFinite && largest > 100)
    out.push({
      kind: 'exploding',
      certainty: 0.6,
      what: `the first gradients are up to ${short(largest)} times as long as the weights`,
      advice: clip,
    });
  if (vanishing.length > 0)
    out.push({
      kind: 'vanishing',
      certainty: 0.6,
      what: `hardly any gradient reaches ${some(vanishing)}`,
      advice: 'Use ReLU in place of sigmoids, normalisation or residual connections, and the initialisation that fits.',
    });
  if (none.length > 0)
    out.push({
      kind: 'no-gradient',
      certainty: 0.85,
      what: `no gradient reaches ${some(none)}: the loss does not depend on these weights`,
      advice: 'Look for detach(), noGrad() or item() in forward, and for layers that it leaves out.',
    });
  const x = batch[0] as Arrays;
  const dead = await deadReLU(model, x);
  const flat = await saturation(model, x);
  // Outputs may be as sure as they like.
  const hidden = endsInSigmoid(model, x) ? flat.layers.slice(0, -1) : flat.layers;
  out.push(...unitCauses('dead-relu', dead.layers, 'never active', dead.advice));
  out.push(...unitCauses('saturated', hidden, 'flat', flat.advice));
  return out;
}

function unitCauses(kind: string, layers: readonly UnitsRow[], word: string, advice: string): Cause[] {
  const bad = layers.filter((r) => r.share > many);
  if (bad.length === 0) return [];
  const worst = Math.max(...bad.map((r) => r.share));
  const what = `units are ${word} in ${some(bad.map((r) => `${r.layer || '(model)'} (${percent(r.share)})`))}`;
  return [{ kind, certainty: worst > 0.8 ? 0.9 : 0.6, what, advice }];
}
