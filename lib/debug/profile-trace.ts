/** @file A profile as a file that chrome://tracing and ui.perfetto.dev open (the Trace Event Format, JSON). */
import { type ProfiledCall } from './profile-recorder';

const [javascript, stream] = [1, 2];

/** The text of the file: JavaScript's calls in one row, the device's work in another, in microseconds. */
export function traceOf(calls: readonly ProfiledCall[]): string {
  const names = [
    { name: 'process_name', ph: 'M', pid: 1, tid: 0, args: { name: 'nodegrad' } },
    { name: 'thread_name', ph: 'M', pid: 1, tid: javascript, args: { name: 'JavaScript' } },
    { name: 'thread_name', ph: 'M', pid: 1, tid: stream, args: { name: 'device' } },
  ];
  const events = calls.flatMap(({ op, kernel, shapes, module, bytes, flops, called, returned, begin, end }) => {
    const args = { kernel, shapes, ...(module && { module }), bytes, ...(flops > 0 && { flops }) };
    const event = (tid: number, from: number, to: number): object => ({
      name: op,
      cat: tid === stream ? 'kernel' : 'call',
      ph: 'X',
      pid: 1,
      tid,
      ts: 1000 * from,
      dur: 1000 * Math.max(0, to - from),
      args,
    });
    return [event(javascript, called, returned), event(stream, begin, end)];
  });
  return JSON.stringify({ displayTimeUnit: 'ms', traceEvents: [...names, ...events] });
}
