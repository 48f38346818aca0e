/**
 * @file Steps in turns: each network or layer runs in a process of ours and in PyTorch's (eager, fused Adam, compiled), one
 * after the other, several rounds, so that what else the machine does falls on all of them alike.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

interface Answer {
  micros: number;
  /** Bytes; null where it cannot be had. */
  memory: number | null;
  version?: string;
}

export interface Figures {
  /** Microseconds per step: the median of the rounds. */
  micros: number;
  memory: number | null;
}

/** A process that runs so many steps when it is told to. */
class Runner {
  readonly rounds: number[] = [];
  memory: number | null = null;
  version: string | undefined;
  #child: ChildProcessWithoutNullStreams;
  #lines: AsyncIterator<string>;
  #stderr = '';

  constructor(
    readonly kind: string,
    command: string,
    args: string[],
  ) {
    this.#child = spawn(command, args);
    this.#child.on('error', (e) => (this.#stderr += e.message));
    this.#child.stdin.on('error', () => {});
    this.#child.stderr.on('data', (data: Buffer) => (this.#stderr += data.toString()));
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async run(steps: number): Promise<Answer> {
    this.#child.stdin.write(`${steps}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(this.#stderr.trim().split('\n').at(-1) || 'it ended without a word');
    const answer = JSON.parse(value) as Answer;
    ({ memory: this.memory, version: this.version } = answer);
    return answer;
  }

  get figures(): Figures {
    return { micros: this.rounds.sort((a, b) => a - b)[this.rounds.length >> 1]!, memory: this.memory };
  }

  stop(): void {
    this.#child.kill();
  }
}

const python = process.env['NODEGRAD_PYTHON'] ?? 'python3';
const torchScript = join(__dirname, '..', '..', 'scripts', 'bench_torch_steps.py');
const failed = new Set<string>();

/** Milliseconds until the JavaScript of a step has been optimised; PyTorch gets as long. */
const kWarmUp = 1500;

/** Steps per round for about so many milliseconds, after a warm-up; undefined, with the reason printed once, if it cannot run. */
async function warmUp(runner: Runner, milliseconds: number): Promise<number | undefined> {
  try {
    await runner.run(2);
    let steps = 1;
    for (const until = performance.now() + kWarmUp; performance.now() < until;) {
      const { micros } = await runner.run(steps);
      steps = Math.max(1, Math.round((milliseconds * 1000) / micros));
    }
    return steps;
  } catch (e) {
    const text = `without PyTorch's figures (${runner.kind}): ${(e as Error).message}`;
    if (runner.kind === 'own') throw e;
    if (!failed.has(text)) console.error(text);
    failed.add(text);
    return undefined;
  }
}

/** Medians of ours and of each of PyTorch's ways that can run here, by kind. */
export async function inTurns(
  name: string,
  threads: number,
  milliseconds: number,
  rounds: number,
  ways: string[],
): Promise<{ own: Figures; torch: Record<string, Figures>; version: string | undefined }> {
  const own = new Runner('own', process.execPath, [join(__dirname, 'bench-step.js'), name, String(threads)]);
  const others = ways.map((kind) => new Runner(kind, python, [torchScript, name, String(threads), kind]));
  try {
    const running: [Runner, number][] = [];
    for (const runner of [own, ...others]) {
      const steps = await warmUp(runner, milliseconds);
      if (steps) running.push([runner, steps]);
    }
    for (let i = 0; i < rounds; i++)
      for (const [runner, steps] of running) runner.rounds.push((await runner.run(steps)).micros);
    const torch = running.slice(1).map(([runner]) => [runner.kind, runner.figures] as const);
    return { own: own.figures, torch: Object.fromEntries(torch), version: running[1]?.[0].version };
  } finally {
    for (const runner of [own, ...others]) runner.stop();
  }
}
