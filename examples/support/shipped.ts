/** @file Real data that npm packages ship: development dependencies, read from their folders. */
import fs from 'node:fs';
import path from 'node:path';

/** The path of a file of an npm package, e.g. `shipped('vega-datasets', 'data/stocks.csv')`. */
export function shipped(name: string, file: string): string {
  const found = (require.resolve.paths(name) ?? []).map((folder) => path.join(folder, name, file)).find(fs.existsSync);
  if (found === undefined) throw new Error(`${file} of the npm package ${name} is missing: npm install --include=dev`);
  return found;
}

/** The text of a file of an npm package. */
export const shippedText = (name: string, file: string): string => fs.readFileSync(shipped(name, file), 'utf8');
