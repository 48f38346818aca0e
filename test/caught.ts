/** @file What a call throws. */
import type { NodegradError } from '../lib';

/** What `run` throws. */
export function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (e) {
    return e;
  }
  return 'nothing was thrown';
}

/** The code of the error that `run` throws. */
export function codeOf(run: () => unknown): unknown {
  const e = caught(run);
  return (e as NodegradError).code ?? e;
}
