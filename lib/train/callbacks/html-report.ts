/** @file A training as one HTML file: curves and numbers. */
import { writeFile } from 'node:fs/promises';
import { Param, string } from '../../core/params';
import { type Logs } from '../logs';
import { StatefulCallback } from './stateful';

const [width, height, margin] = [480, 220, 40];

const escaped = (s: string): string => s.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const short = (v: number): string => (Math.abs(v) >= 1e-3 || v === 0 ? v.toFixed(4) : v.toExponential(2));

/** What {@link HTMLReport} remembers: the logs of all epochs. */
export interface HTMLReportState {
  epochs: readonly { epoch: number; logs: Logs }[];
}
const epochsParam = new Param('the logs of epochs', (v) => v as HTMLReportState['epochs']);

/** Writes curves of losses, metrics and what else is in the logs after each epoch, validation beside training. */
export class HTMLReport extends StatefulCallback<HTMLReportState> {
  private readonly filename: string;
  private epochs: { epoch: number; logs: Logs }[] = [];
  protected readonly stateSpec = { epochs: epochsParam };

  constructor(filename: string) {
    super();
    this.filename = string.check('HTMLReport', 'filename', filename);
  }
  protected reset(): void {
    this.epochs = [];
  }
  stateDict(): HTMLReportState {
    return { epochs: this.epochs.slice() };
  }
  protected restoreState({ epochs }: HTMLReportState): void {
    this.epochs = epochs.slice();
  }
  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    this.epochs.push({ epoch, logs: { ...logs } });
    await writeFile(this.filename, this.page());
  }

  private page(): string {
    const names = [...new Set(this.epochs.flatMap((e) => Object.keys(e.logs)))];
    const partner = (name: string): string => `val${name[0]!.toUpperCase()}${name.slice(1)}`;
    const validations = new Set(names.map(partner));
    const charts = names
      .filter((n) => !validations.has(n))
      .map((n) => this.chart(n, names.includes(partner(n)) ? partner(n) : undefined));
    const head = ['epoch', ...names].map((n) => `<th>${escaped(n)}</th>`).join('');
    const row = ({ epoch, logs }: { epoch: number; logs: Logs }): string =>
      `<tr><td>${epoch + 1}</td>${names.map((n) => `<td>${logs[n] === undefined ? '' : short(logs[n])}</td>`).join('')}</tr>`;
    return `<!doctype html>
<meta charset="utf-8">
<title>Training</title>
<style>body{font:14px system-ui;margin:2em}td,th{padding:.2em .8em;text-align:right}svg{margin:0 1em 1em 0}</style>
<h1>${escaped(this.model.constructor.name)}</h1>
${charts.join('\n')}
<table><tr>${head}</tr>
${this.epochs.map(row).join('\n')}
</table>
`;
  }

  private chart(name: string, validation: string | undefined): string {
    const series = [name, ...(validation === undefined ? [] : [validation])].map((n) =>
      this.epochs.flatMap(({ epoch, logs }): [number, number][] =>
        Number.isFinite(logs[n]) ? [[epoch + 1, logs[n]!]] : [],
      ),
    );
    const all = series.flat();
    const [left, right] = [Math.min(...all.map(([x]) => x)), Math.max(...all.map(([x]) => x))];
    const [low, high] = [Math.min(...all.map(([, y]) => y)), Math.max(...all.map(([, y]) => y))];
    const at = ([x, y]: [number, number]): string => {
      const px = margin + ((x - left) / (right - left || 1)) * (width - 2 * margin);
      const py = height - margin - ((y - low) / (high - low || 1)) * (height - 2 * margin);
      return `${px.toFixed(1)},${py.toFixed(1)}`;
    };
    const lines = series.map(
      (list, i) =>
        `<polyline fill="none" stroke="${i === 0 ? '#1f77b4' : '#ff7f0e'}" stroke-width="2" points="${list.map(at).join(' ')}"/>`,
    );
    const title = validation === undefined ? name : `${name} (blue), ${validation} (orange)`;
    const label = (x: number, y: number, text: string): string =>
      `<text x="${x}" y="${y}" font-size="11">${escaped(text)}</text>`;
    const labels = all.length === 0 ? '' : label(2, margin, short(high)) + label(2, height - margin, short(low));
    return `<svg width="${width}" height="${height}" role="img">${label(margin, 20, title)}${labels}${lines.join('')}</svg>`;
  }
}
