// `npm run example NAME [-- options]` runs a program of examples/; without a name it lists them with what they say first.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const programs = fs
  .readdirSync(path.join(root, 'examples'))
  .filter((f) => f.endsWith('.ts'))
  .map((f) => f.slice(0, -3))
  .sort();

/** The first sentence of the program's own description. */
function about(program) {
  const text = fs.readFileSync(path.join(root, 'examples', `${program}.ts`), 'utf8');
  const comment = /\/\*\*([^]*?)\*\//.exec(text)?.[1] ?? '';
  const words = comment
    .replaceAll(/^\s*\* ?/gm, '')
    .replace('@file', '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return /^.*?[.](?= |$)/.exec(words)?.[0] ?? words;
}

const [name, ...options] = process.argv.slice(2);
if (name === undefined) {
  const width = Math.max(...programs.map((p) => p.length));
  for (const p of programs) console.log(`${p.padEnd(width)}  ${about(p)}`);
} else if (!programs.includes(name)) {
  console.error(`there is no example "${name}"; there are ${programs.join(', ')}`);
  process.exitCode = 1;
} else {
  const program = path.join(root, 'dist/examples', `${name}.js`);
  process.exitCode = spawnSync(process.execPath, [program, ...options], { stdio: 'inherit' }).status ?? 1;
}
