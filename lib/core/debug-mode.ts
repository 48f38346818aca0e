/** @file Whether the debug mode is on (`setDebug` in runtime.ts), and the lines that it remembers. */

/** A recorded operation, as the debug mode knows it. */
export interface RecordedOp {
  readonly name: string;
  /** The user's line that recorded it; undefined if the debug mode was off. */
  readonly line: string | undefined;
}

export const debugging: {
  on: boolean;
  /** While it is on: the operation whose gradient is being computed. */
  gradientOf: RecordedOp | undefined;
} = { on: false, gradientOf: undefined };

/** The line of the user's program that is being run, if the debug mode is on: "at file:line:column". */
export function userLine(): string | undefined {
  if (!debugging.on) return undefined;
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 50;
  const lines = new Error().stack?.split('\n').slice(1) ?? [];
  Error.stackTraceLimit = before;
  // The first frame is this function's: the package's own frames lie in the folder above its file, as source maps see it.
  const own = /\(?(\S+)core[/\\]debug-mode/.exec(lines[0] ?? '')?.[1] ?? __dirname;
  return lines.find((l) => !l.includes(own) && !l.includes('node:internal'))?.trim();
}
