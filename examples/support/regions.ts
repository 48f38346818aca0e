/** @file Which answer a model gives where in the plane: in the terminal, and as an SVG file in `out/`. */
import { writeChart } from './chart';

/** A point of the data, and the class that it has. */
export interface Example {
  at: readonly [number, number];
  label: number;
}

/** What one model answers. */
export interface Panel {
  title: string;
  /** The class at each place of {@link places}, in their order. */
  answers: readonly number[];
  examples: readonly Example[];
}

// Places per side. A character is twice as tall as wide, so the terminal shows every second row of them.
const side = 26;
const shades = ['·', '█', '▒', ' '];
const light = ['#cfe0fb', '#fbd5c9', '#d3efd0', '#eee0fa'];
const dark = ['#1f5fc4', '#c43a1f', '#2c8a25', '#7a3fb0'];

/** The places of the square from `low` to `high` at which a model is asked, row by row from the top: [x, y]. */
export function places(low: number, high: number): [number, number][] {
  const middle = (i: number): number => low + ((i + 0.5) * (high - low)) / side;
  return Array.from({ length: side * side }, (_, i) => [middle(i % side), middle(side - 1 - Math.floor(i / side))]);
}

function textLines({ title, answers, examples }: Panel, low: number, high: number): string[] {
  const rows = Array.from({ length: side / 2 }, (_, r) =>
    answers.slice(2 * r * side, (2 * r + 1) * side).map((a) => shades[a]!),
  );
  const index = (v: number): number => Math.floor(((v - low) / (high - low)) * side);
  for (const { at, label } of examples) {
    const [column, row] = [index(at[0]), Math.floor((side - 1 - index(at[1])) / 2)];
    if (column >= 0 && column < side && rows[row]) rows[row][column] = String(label);
  }
  return [title.padEnd(side), ...rows.map((r) => r.join(''))];
}

/** Draws the answers of models beside each other: shades are answers, digits the classes of the examples. */
export function drawRegions(name: string, panels: readonly Panel[], low: number, high: number): void {
  const perRow = Math.max(1, Math.floor((process.stdout.columns || 80) / (side + 2)));
  for (let i = 0; i < panels.length; i += perRow) {
    const row = panels.slice(i, i + perRow).map((p) => textLines(p, low, high));
    console.log(`\n${row[0]!.map((_, y) => row.map((lines) => lines[y]).join('  ')).join('\n')}`);
  }
  console.log('shades: what is answered; digits: what should be');
  // Two panels beside each other, each a square.
  const size = 280;
  const [left, top] = [(i: number): number => 50 + 350 * (i % 2), (i: number): number => 40 + 370 * Math.floor(i / 2)];
  const axis = { type: 'value', min: low, max: high, splitLine: { show: false }, nameLocation: 'middle', nameGap: 28 };
  const axes = (name: string): object[] =>
    panels.map((_, gridIndex) => ({ ...axis, gridIndex, name, axisLine: { onZero: false } }));
  const kinds = [...new Set(panels.flatMap((p) => [...p.answers, ...p.examples.map((e) => e.label)]))].sort();
  const all = places(low, high);
  const points = (
    panel: number,
    name: string,
    colour: string,
    data: readonly (readonly [number, number])[],
  ): object => ({
    ...{ type: 'scatter', name, color: colour, data, xAxisIndex: panel, yAxisIndex: panel, itemStyle: { opacity: 1 } },
  });
  const series = panels.flatMap(({ answers, examples }, i) => {
    const asked = kinds.map((kind) => ({
      ...points(
        i,
        `answer ${kind}`,
        light[kind]!,
        all.filter((_, k) => answers[k] === kind),
      ),
      ...{ symbol: 'rect', symbolSize: Math.ceil(size / side) + 1 },
    }));
    const given = kinds.map((kind) => ({
      ...points(
        i,
        `example of ${kind}`,
        dark[kind]!,
        examples.filter((e) => e.label === kind).map((e) => e.at),
      ),
      symbolSize: examples.length > 50 ? 5 : 12,
    }));
    return [...asked, ...given];
  });
  const option = {
    title: panels.map(({ title: text }, i) => ({
      text,
      left: left(i) + size / 2,
      top: top(i) - 30,
      textAlign: 'center',
    })),
    legend: { bottom: 5 },
    grid: panels.map((_, i) => ({ left: left(i), top: top(i), width: size, height: size })),
    xAxis: axes('first input'),
    yAxis: axes('second input'),
    series,
  };
  writeChart(name, option, top(panels.length - 1) + size + 80);
}
