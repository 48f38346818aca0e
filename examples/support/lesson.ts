/** @file The frame of an example program: its options, the figure that it must reach, and how it ends. */
import { commandLine } from './options';

/** What an example has shown, beside what one gets without learning anything. */
export interface Reached {
  /** What is measured, e.g. `test accuracy`. */
  what: string;
  value: number;
  /** The bound. Above the naive figure more is better, below it less. */
  must: number;
  naive: { what: string; value: number };
  /** Shown as percent: 0.97 is `97.00 %`. Default `false`, numbers with four digits. */
  percent?: boolean;
}

/** What an example is given. */
export interface Lesson {
  /** Whether the checks run it: little data, few epochs, and no bound to reach. */
  quick: boolean;
  /** Prints the figure, its bound and the naive figure; in a full run throws where the bound is missed. */
  reached(result: Reached): void;
}

const shown = (v: number, percent: boolean): string => (percent ? `${(100 * v).toFixed(2)} %` : v.toPrecision(4));

function report(quick: boolean, { what, value, must, naive, percent = false }: Reached): void {
  const [more, bound] = [must > naive.value, shown(must, percent)];
  console.log(
    `${what}: ${shown(value, percent)} (must be ${more ? 'at least' : 'at most'} ${bound}; ` +
      `${naive.what}: ${shown(naive.value, percent)})`,
  );
  if (!quick && !(more ? value >= must : value <= must)) throw new Error(`${what} misses ${bound}`);
}

/**
 * Runs an example. With `--quick` it is given little to do. An error ends the process with status 1.
 * @param name - as in `npm run example NAME`
 * @param about - one sentence, for `--help`
 */
export function lesson(name: string, about: string, main: (lesson: Lesson) => Promise<void>): void {
  const { quick } = commandLine(name, about, { quick: { default: false as boolean, help: 'little data, few epochs' } });
  main({ quick, reached: (result) => report(quick, result) }).catch((e: unknown) => {
    console.error(e);
    process.exitCode = 1;
  });
}
