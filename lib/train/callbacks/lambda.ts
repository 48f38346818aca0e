/** @file A callback of functions. */
import { readOptions, type Spec } from '../../core/arguments';
import { fn } from '../../core/params';
import { Callback, type EventName } from './callback';

/** Functions by the names of events. */
export type LambdaOptions = { [E in EventName]?: Callback[E] };

const events = Object.getOwnPropertyNames(Callback.prototype).filter((name) => name.startsWith('on'));
const lambdaSpec = Object.fromEntries(events.map((name) => [name, fn().optional()])) as unknown as Spec<LambdaOptions>;

/** Calls a function on each event that has one: `new Lambda({ onEpochEnd: (epoch, logs) => console.log(logs) })`. */
export class Lambda extends Callback {
  constructor(options?: LambdaOptions) {
    super();
    for (const [name, f] of Object.entries(readOptions<LambdaOptions>('Lambda', lambdaSpec, options)))
      if (f) Object.assign(this, { [name]: f });
  }
}
