/** @file The batcher, shared tensors and matchers, as a strict compiler sees them. */
import * as ng from 'nodegrad';
import { nn } from 'nodegrad';

const model = new nn.Linear(2, 1);
declare const signal: { readonly aborted: boolean; throwIfAborted(): void };
const predict = ng.batcher(model, { maxBatchSize: 8, maxDelayMs: undefined, signal });
export const tensor: Promise<ng.Tensor> = predict([1, 2], { signal });
export const two: Promise<{ a: ng.Tensor; b: ng.Tensor }> = predict<{ a: ng.Tensor; b: ng.Tensor }>({ x: [1], y: [2] });
export const array: Promise<ng.NestedNumbers> = ng.batcher(model, { output: 'array' })(new Float32Array(2));
export const data: Promise<ng.TypedArray> = ng.batcher(model, { output: 'data', inputShape: [2] })(ng.ones([2]));
export const p99: number = predict.stats().p99;
export const closed: Promise<void> = predict.close({ drain: true });
predict.swap(new nn.Linear(2, 1));
// @ts-expect-error no such output
ng.batcher(model, { output: 'json' });
// @ts-expect-error a string is no example
void predict('one');

export const shared: Promise<ng.Shared> = ng.share(model.stateDict());
model.loadStateDict(ng.share.open(await shared));
export const list: ng.Tensor[] = ng.share.open<ng.Tensor[]>(await ng.share([ng.ones([1])]));

ng.testing.assertClose({ w: ng.ones([1]) }, { w: [1] }, { rtol: undefined });
export const matched: ng.testing.Matched = ng.testing.matchers.toHaveShape(ng.ones([1]), [1]);
interface Expect<R> extends ng.testing.TensorMatchers<R> {
  not: Expect<R>;
}
declare const expect: (v: unknown) => Expect<void>;
expect(ng.ones([1])).not.toBeCloseToTensor([2], { equalNan: true });
