/** @file Losses by learning rate as a picture. */
import { short } from '../data/description';

const [width, height, left, right, top, bottom] = [640, 360, 64, 16, 16, 40];

/** An SVG document: the rates on a logarithmic axis, and a mark at the suggested one. */
export function ratesSvg(lrs: readonly number[], losses: readonly number[], suggestion: number): string {
  const points = lrs.map((lr, i) => [Math.log10(lr), losses[i]!] as const).filter(([, l]) => Number.isFinite(l));
  const first = points[0]?.[1] ?? 1;
  const least = Math.min(...points.map(([, l]) => l), first);
  // What diverges leaves the picture.
  const most = Math.min(Math.max(...points.map(([, l]) => l), first), first + 2 * Math.max(first - least, 1e-9));
  const [from, to] = [Math.log10(lrs[0]!), Math.log10(lrs.at(-1)!)];
  const px = (x: number): string => (left + ((width - left - right) * (x - from)) / (to - from || 1)).toFixed(1);
  const py = (y: number): string =>
    (top + ((height - top - bottom) * (most - Math.min(y, most))) / (most - least || 1)).toFixed(1);
  const line = (
    x1: string | number,
    y1: string | number,
    x2: string | number,
    y2: string | number,
    more = '',
  ): string => `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#ccc"${more}/>`;
  const text = (x: string | number, y: string | number, anchor: string, words: string): string =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}">${words}</text>`;
  const decades = Array.from(
    { length: Math.max(0, Math.floor(to) - Math.ceil(from) + 1) },
    (_, i) => Math.ceil(from) + i,
  );
  const levels = Array.from({ length: 5 }, (_, i) => least + ((most - least) * i) / 4);
  const floor = height - bottom;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...decades.flatMap((d) => [line(px(d), top, px(d), floor), text(px(d), floor + 16, 'middle', `1e${d}`)]),
    ...levels.flatMap((l) => [line(left, py(l), width - right, py(l)), text(left - 6, py(l), 'end', short(l))]),
    `<polyline fill="none" stroke="#1f77b4" stroke-width="2" points="${points.map(([x, y]) => `${px(x)},${py(y)}`).join(' ')}"/>`,
    ...(Number.isNaN(suggestion)
      ? []
      : [
          line(px(Math.log10(suggestion)), top, px(Math.log10(suggestion)), floor, ' stroke-dasharray="4"'),
          text(px(Math.log10(suggestion)), top + 12, 'middle', short(suggestion)),
        ]),
    text((left + width - right) / 2, height - 6, 'middle', 'learning rate'),
    '</svg>',
  ].join('\n');
}
