/** @file Grey images in the terminal: each character cell shows two pixels, one above the other. */

const colours = Boolean(process.stdout.isTTY && !process.env['NO_COLOR'] && process.stdout.hasColors(256));

/** Green or red, where colours are wanted. */
export const mark = (text: string, good: boolean): string => (colours ? `\x1b[${good ? 32 : 31}m${text}\x1b[0m` : text);

// The 24 greys of the palette of 256 colours.
const grey = (v: number): number => 232 + Math.round(v * 23);

function cell(top: number, bottom: number): string {
  if (colours) return `\x1b[38;5;${grey(top)};48;5;${grey(bottom)}m▀`;
  return [' ', '▄', '▀', '█'][(top > 0.35 ? 2 : 0) + (bottom > 0.35 ? 1 : 0)]!;
}

/**
 * The lines of one picture.
 * @param pixels - [height * width], 0 is black and 1 white
 * @param border - pixels to leave out on each side
 */
function picture(pixels: ArrayLike<number>, width: number, border: number): string[] {
  const lines: string[] = [];
  for (let y = border; y < pixels.length / width - border; y += 2) {
    let line = '';
    for (let x = border; x < width - border; x++) line += cell(pixels[y * width + x]!, pixels[(y + 1) * width + x]!);
    lines.push(colours ? `${line}\x1b[0m` : line);
  }
  return lines;
}

/** Square images with a text beside each, as many next to each other as the terminal is wide. */
export function gallery(images: { pixels: ArrayLike<number>; text: string; good: boolean }[], size: number): string {
  const border = 4;
  const textWidth = Math.max(...images.map((i) => i.text.length));
  const perRow = Math.max(1, Math.floor((process.stdout.columns || 80) / (size - 2 * border + textWidth + 3)));
  const out: string[] = [];
  for (let i = 0; i < images.length; i += perRow) {
    const row = images.slice(i, i + perRow).map(({ pixels, text, good }) =>
      picture(pixels, size, border).map((line, y, all) => {
        const here = y === all.length >> 1 ? text : '';
        return `${line} ${mark(here, good)}${' '.repeat(textWidth - here.length)}  `;
      }),
    );
    for (let y = 0; y < row[0]!.length; y++)
      out.push(
        row
          .map((lines) => lines[y])
          .join('')
          .trimEnd(),
      );
    out.push('');
  }
  return out.join('\n');
}
