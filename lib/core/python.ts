/** @file Values as Python prints them: modules and optimizers are printed as PyTorch prints them. */

const snake = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

// Python's repr switches to exponents earlier than JavaScript.
function pythonNumber(v: number): string {
  if (!Number.isFinite(v)) return Number.isNaN(v) ? 'nan' : v > 0 ? 'inf' : '-inf';
  const size = Math.abs(v);
  if (v === 0 || (size >= 1e-4 && size < 1e16)) return String(v);
  const [digits, exponent] = v.toExponential().split('e') as [string, string];
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}

/** A number that is a float in PyTorch, where a whole one is written with a point. */
export const pythonFloat = (v: number): string =>
  Number.isInteger(v) && Math.abs(v) < 1e16 ? `${v}.0` : pythonNumber(v);

/** A value as Python prints it. */
export function python(v: unknown): string {
  if (v === null || v === undefined) return 'None';
  if (typeof v === 'boolean') return v ? 'True' : 'False';
  if (typeof v === 'string') return `'${v}'`;
  if (typeof v === 'number') return pythonNumber(v);
  if (Array.isArray(v)) return v.length === 1 ? `(${python(v[0])},)` : `(${v.map(python).join(', ')})`;
  return String(v);
}

/** `in_features=784, bias=True`: the given fields by PyTorch's names. */
export const showSettings = (values: object): string =>
  Object.entries(values)
    .map(([name, v]) => `${snake(name)}=${python(v)}`)
    .join(', ');
