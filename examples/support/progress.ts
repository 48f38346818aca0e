/** @file Progress of an epoch: a bar on a terminal, a line now and then elsewhere (log files, pipes). */
import { Presets, SingleBar } from 'cli-progress';

// Milliseconds between two looks at the loss: each waits for the steps that are under way.
const every = 100;
// Without a terminal, a line is written each time this share of the epoch is done.
const share = 0.25;

const seconds = (s: number): string =>
  s >= 90 ? `${Math.floor(s / 60)} min ${String(Math.round(s % 60)).padStart(2, '0')} s` : `${s.toFixed(1)} s`;

/** Shows how far an epoch is, the loss, examples per second and the time left. */
export class Progress {
  private readonly started = performance.now();
  private readonly bar: SingleBar | undefined;
  private shown = 0;
  private done = 0;
  private lines = 0;

  /**
   * @param title - e.g. `epoch 1/5`
   * @param total - examples in the epoch
   */
  constructor(
    private readonly title: string,
    private readonly total: number,
  ) {
    if (!process.stdout.isTTY) return;
    const format = `${title} {bar} {percentage} % | loss {loss} | {speed} examples/s | {left} left`;
    this.bar = new SingleBar({ format, stream: process.stdout, barsize: 24, fps: 30 }, Presets.shades_classic);
    this.bar.start(total, 0, { loss: '-', speed: '-', left: '-' });
  }

  /** Counts examples, and asks for the loss when it is time to show it. */
  async advance(examples: number, loss: () => Promise<number>): Promise<void> {
    this.done += examples;
    const due = this.bar ? performance.now() - this.shown >= every : this.done >= this.total * share * (this.lines + 1);
    if (!due && this.done < this.total) return;
    const value = (await loss()).toFixed(4);
    this.shown = performance.now();
    const perSecond = this.done / ((this.shown - this.started) / 1000);
    const speed = Math.round(perSecond).toLocaleString('en-US');
    const left = seconds((this.total - this.done) / perSecond);
    if (this.bar) return this.bar.update(this.done, { loss: value, speed, left });
    this.lines++;
    const percent = Math.round((100 * this.done) / this.total);
    console.log(`${this.title}: ${percent} %, loss ${value}, ${speed} examples/s, ${left} left`);
  }

  /** Ends the line of the bar. */
  finish(): void {
    this.bar?.stop();
  }
}
