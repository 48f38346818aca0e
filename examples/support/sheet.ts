/** @file Sheets of grey images as SVG files in `out/`: all the images are one PNG inside, which is the smallest form. */
import { deflateSync } from 'node:zlib';
import { writePicture } from './chart';

/** A row of images of a sheet. */
export interface Row {
  /** What they are, on their left. */
  label?: string;
  /** Each [size * size], 0 is black and 1 white; what is outside is shown as the nearest of both. */
  images: readonly ArrayLike<number>[];
  /** What stands below each. */
  texts?: readonly string[];
}

// The checksum of PNG. That of node:zlib is not in every Node 20.
function crc32(bytes: Buffer): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

const word = (v: number): Buffer => Buffer.from([v >>> 24, v >>> 16, v >>> 8, v]);

function chunk(type: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type), body]);
  return Buffer.concat([word(body.length), named, word(crc32(named))]);
}

/** The PNG of grey bytes [height * width]. */
function png(pixels: Uint8Array, width: number, height: number): Buffer {
  // Each line begins with a 0: no filter.
  const lines = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++) lines.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const header = Buffer.concat([word(width), word(height), Buffer.from([8, 0, 0, 0, 0])]);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(lines, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/**
 * Draws rows of square images as `out/NAME.svg`.
 * @param size - the width and height of each image, in pixels
 */
export function drawSheet(name: string, title: string, rows: readonly Row[], size = 28): void {
  const scale = 2;
  const gap = rows.some((r) => r.texts) ? 8 : 2;
  const cell = size + gap;
  const columns = Math.max(...rows.map((r) => r.images.length));
  const [width, height] = [columns * cell, rows.length * cell];
  const pixels = new Uint8Array(width * height).fill(255);
  const texts: string[] = [];
  const left = 7 * Math.max(0, ...rows.map((r) => r.label?.length ?? 0)) + 12;
  const write = (text: string, x: number, y: number, anchor: string): void => {
    texts.push(`<text x="${x}" y="${y}" text-anchor="${anchor}">${escaped(text)}</text>`);
  };
  const [top, wide] = [34, Math.max(left + scale * width, 8 * title.length + 24)];
  rows.forEach(({ label, images, texts: below }, row) => {
    if (label !== undefined) write(label, left - 6, top + scale * (row * cell + size / 2) + 4, 'end');
    images.forEach((image, column) => {
      for (let i = 0; i < size * size; i++) {
        const [y, x] = [row * cell + Math.floor(i / size), column * cell + (i % size)];
        // 32 greys look like 256, in half of the bytes.
        pixels[y * width + x] = Math.round((Math.round(31 * Math.min(1, Math.max(0, image[i]!))) * 255) / 31);
      }
      const text = below?.[column];
      const middle = left + scale * (column * cell + size / 2);
      if (text !== undefined) write(text, middle, top + scale * (row * cell + size) + 12, 'middle');
    });
  });
  const uri = `data:image/png;base64,${png(pixels, width, height).toString('base64')}`;
  const tall = top + scale * height;
  writePicture(
    name,
    `<svg xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${tall}" font-family="sans-serif" font-size="12">` +
      `<rect width="100%" height="100%" fill="#fff"/>` +
      `<text x="12" y="22" font-size="15" font-weight="bold">${escaped(title)}</text>` +
      `<image x="${left}" y="${top}" width="${scale * width}" height="${scale * height}" ` +
      `style="image-rendering:pixelated" href="${uri}"/>${texts.join('')}</svg>\n`,
  );
}
