/** @file An example for people: images as pictures, anything else as its first numbers. */
import { type TypedArray } from '../../core/dtype';
import { type Shape } from '../../core/shape';
import { png } from './png';
import { type Shown } from './record';

// Numbers of an example that is no picture.
const mostNumbers = 12;
// Pixels on a side; of larger images every second, third, ... pixel is taken.
const mostPixels = 96;

/** [c, h, w] with one channel or three, or [h, w], as images are; undefined for another shape. */
function imageSize(shape: Shape): { channels: 1 | 3; height: number; width: number } | undefined {
  const [channels, height, width] = shape.length === 2 ? [1, ...shape] : shape;
  if (shape.length < 2 || shape.length > 3 || (channels !== 1 && channels !== 3)) return undefined;
  // Rows that are too short for a picture: windows of a series, tables.
  return height! >= 8 && width! >= 8 ? { channels, height: height!, width: width! } : undefined;
}

// From black to white: 0 to 255 of bytes, 0 to 1 where all values are, else from the least to the largest.
function toBytes(values: TypedArray): (v: number) => number {
  if (values instanceof Uint8Array) return (v) => v;
  let [low, high] = [Infinity, -Infinity];
  for (const raw of values) {
    const v = Number(raw);
    if (v < low) low = v;
    if (v > high) high = v;
  }
  if (low >= 0 && high <= 1) [low, high] = [0, 1];
  return (v) => Math.round((255 * (v - low)) / (high - low || 1));
}

/**
 * One example.
 * @param shape - of the example, without the dimension of examples
 */
export function shown(values: TypedArray, shape: Shape): Shown {
  const size = imageSize(shape);
  if (!size) return { numbers: Array.from(values.slice(0, mostNumbers) as Float32Array, Number), shape: [...shape] };
  const { channels, height, width } = size;
  const every = Math.ceil(Math.max(height, width) / mostPixels);
  const [h, w] = [Math.ceil(height / every), Math.ceil(width / every)];
  const byte = toBytes(values);
  const pixels = new Uint8Array(h * w * channels);
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++)
      for (let c = 0; c < channels; c++)
        pixels[(y * w + x) * channels + c] = byte(Number(values[(c * height + y * every) * width + x * every]));
  return { picture: `data:image/png;base64,${png(pixels, w, h, channels).toString('base64')}`, width: w, height: h };
}
