/** @file Command-line options of the example programs: `--name value` or `--name=value`, with errors for what is unknown. */
import { parseArgs } from 'node:util';

/** One option. A default of `false` makes it a switch without a value. */
export interface Option<T> {
  default: T;
  help: string;
  /** Returns what is wrong with a value, or undefined. Numbers are whole and at least `least`. */
  least?: number;
}

type Values<O> = { [K in keyof O]: O[K] extends Option<infer T> ? T : never };

/** An option that is unknown, or has a value that it does not take. */
class UsageError extends Error {}

const kebab = (name: string): string => name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

function usage(program: string, about: string, options: Record<string, Option<unknown>>): string {
  const lines = Object.entries(options).map(([name, o]) => {
    const flag = `--${kebab(name)}${o.default === false ? '' : ` <${typeof o.default === 'number' ? 'n' : 'text'}>`}`;
    return `  ${flag.padEnd(22)} ${o.help}${o.default === false ? '' : ` (default ${String(o.default)})`}`;
  });
  return `${about}\n\nusage: ${program} [options]\n\n${lines.join('\n')}\n  ${'--help'.padEnd(22)} show this\n`;
}

function read(options: Record<string, Option<unknown>>, argv: string[]): Record<string, unknown> {
  const config = Object.fromEntries(
    Object.entries({ ...options, help: { default: false } }).map(([name, o]) => [
      kebab(name),
      { type: o.default === false ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  let values: Record<string, unknown>;
  try {
    ({ values } = parseArgs({ args: argv, options: config }));
  } catch (e) {
    throw new UsageError((e as Error).message.split('. ')[0]);
  }
  if (values['help']) return { help: true };
  return Object.fromEntries(
    Object.entries(options).map(([name, o]) => {
      const given = values[kebab(name)];
      if (given === undefined || typeof o.default !== 'number') return [name, given ?? o.default];
      const n = Number(given);
      const { least = 0 } = o;
      if (given === '' || !Number.isSafeInteger(n) || n < least)
        throw new UsageError(`--${kebab(name)} takes a whole number of at least ${least}, got "${String(given)}"`);
      return [name, n];
    }),
  );
}

/** The options of the command line. Prints the help, or what is wrong, and ends the process where that is called for. */
export function commandLine<O extends Record<string, Option<unknown>>>(
  program: string,
  about: string,
  options: O,
): Values<O> {
  // A reader that leaves early (`npm run example NAME | head`) is no failure.
  process.stdout.on('error', (e: NodeJS.ErrnoException) => process.exit(e.code === 'EPIPE' ? 0 : 1));
  try {
    const values = read(options, process.argv.slice(2));
    if (!values['help']) return values as Values<O>;
    process.stdout.write(usage(program, about, options));
    process.exit(0);
  } catch (e) {
    if (!(e instanceof UsageError)) throw e;
    process.stderr.write(`${program}: ${e.message}\nSee ${program} --help.\n`);
    process.exit(2);
  }
}
