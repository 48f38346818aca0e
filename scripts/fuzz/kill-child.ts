/**
 * @file Saves one file again and again until it is killed: `node kill-child.js <file> <first version>`. Version `n` is
 * tensors full of n and the metadata "n"; a line is written when a version has been saved.
 */
import fs from 'node:fs';
import * as ng from '../../lib';

const [file, first] = process.argv.slice(2) as [string, string];

async function main(): Promise<void> {
  for (let n = Number(first); ; n++) {
    const tensors = { a: ng.full([300, 50], n), b: ng.full([7], n, { dtype: 'int32' }), c: ng.full([200_000], n) };
    fs.writeSync(1, `start ${n}\n`);
    await ng.save(file, tensors, { metadata: { version: String(n) } });
    fs.writeSync(1, `saved ${n}\n`);
  }
}

void main();
