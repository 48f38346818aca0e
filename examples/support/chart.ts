/** @file Curves and points, in the terminal and as SVG files in `out/`. */
import fs from 'node:fs';
import path from 'node:path';
import { blue, cyan, green, magenta, plot, red, yellow } from 'asciichart';
import * as echarts from 'echarts';

/** A line of a chart: a value for each place on the x axis. */
export interface Curve {
  name: string;
  values: readonly number[];
}

/** Points of one kind, as [x, y]. */
export interface Cloud {
  name: string;
  points: readonly (readonly [number, number])[];
}

/** What a chart says beside its data. */
export interface ChartOptions {
  title: string;
  /** What the axes are. */
  x?: string;
  y?: string;
  /** The places on the x axis. Default 0, 1, 2, ... */
  places?: readonly (number | string)[];
  /** Logarithmic y axis; all values are positive. Default `false`. */
  log?: boolean;
}

const [width, height] = [720, 420];
const colours = [blue, red, green, magenta, yellow, cyan];

/** Writes a chart that is described in the terms of Apache ECharts, 720 pixels wide, and says where. */
export function writeChart(name: string, option: echarts.EChartsCoreOption, tall = height): void {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height: tall });
  chart.setOption({ animation: false, backgroundColor: '#fff', ...option });
  writePicture(name, chart.renderToSVGString());
  chart.dispose();
}

/** Writes an SVG to `out/NAME.svg`, and says so. */
export function writePicture(name: string, svg: string): void {
  const file = path.join('out', `${name}.svg`);
  fs.mkdirSync('out', { recursive: true });
  fs.writeFileSync(file, svg);
  console.log(`drawn in ${file}`);
}

const frame = ({ title, x, y }: ChartOptions): echarts.EChartsCoreOption => ({
  title: { text: title, left: 'center' },
  legend: { top: 36 },
  grid: { top: 70, left: 80, right: 30, bottom: 50 },
  xAxis: { name: x, nameLocation: 'middle', nameGap: 28 },
  yAxis: { name: y, scale: true, nameLocation: 'middle', nameGap: 55 },
});

const merged = (a: unknown, b: object): object => ({ ...(a as object), ...b });

// 1e-12 in place of twelve zeros.
function label(v: number): string {
  const rounded = Number(v.toPrecision(3));
  return v !== 0 && (Math.abs(v) < 1e-4 || Math.abs(v) >= 1e6) ? rounded.toExponential() : String(rounded);
}

// As many values as the terminal has columns for: means of those that fall together, lines between those far apart.
function spread(values: readonly number[], columns: number): number[] {
  const step = (values.length - 1) / (columns - 1);
  return Array.from({ length: columns }, (_, i) => {
    const [from, to] = [Math.max(0, (i - 0.5) * step), Math.min(values.length - 1, (i + 0.5) * step)];
    const part = values.slice(Math.ceil(from), Math.floor(to) + 1);
    if (part.length > 0 && step >= 1) return part.reduce((p, v) => p + v, 0) / part.length;
    const [low, rest] = [Math.floor(i * step), (i * step) % 1];
    return values[low]! * (1 - rest) + (values[low + 1] ?? values[low]!) * rest;
  });
}

/** Draws curves in the terminal, and as `out/NAME.svg`. */
export function drawCurves(name: string, curves: readonly Curve[], options: ChartOptions): void {
  const coloured = Boolean(process.stdout.isTTY && !process.env['NO_COLOR']);
  const lines = curves.map(({ values }) => {
    const shown = spread(values, Math.min(72, (process.stdout.columns || 80) - 14));
    return options.log ? shown.map((v) => Math.log10(v)) : shown;
  });
  console.log(`\n${options.title}${options.log ? ' (powers of ten)' : ''}: ${curves.map((c) => c.name).join(', ')}`);
  console.log(plot(lines, { height: 10, ...(coloured ? { colors: curves.map((_, i) => colours[i % 6]!) } : {}) }));
  const base = frame(options);
  const places = options.places ?? curves[0]!.values.map((_, i) => i);
  writeChart(name, {
    ...base,
    xAxis: merged(base['xAxis'], { type: 'category', data: places }),
    yAxis: merged(base['yAxis'], options.log ? { type: 'log', axisLabel: { formatter: label } } : { type: 'value' }),
    series: curves.map((c) => ({ type: 'line', showSymbol: false, name: c.name, data: c.values })),
  });
}

/** Draws points, coloured by kind, as `out/NAME.svg`. */
export function drawClouds(name: string, clouds: readonly Cloud[], options: ChartOptions): void {
  const base = frame(options);
  writeChart(name, {
    ...base,
    xAxis: merged(base['xAxis'], { type: 'value', scale: true }),
    yAxis: merged(base['yAxis'], { type: 'value' }),
    series: clouds.map((c) => ({ type: 'scatter', symbolSize: 4, name: c.name, data: c.points })),
  });
}
