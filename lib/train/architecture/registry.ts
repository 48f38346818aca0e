/** @file What files call classes: layers by their own name, other modules by the name they are registered under. */
import { readArguments } from '../../core/arguments';
import { ArgumentError } from '../../core/errors';
import { Param, string } from '../../core/params';
import * as nn from '../../nn';
import { NonDynamicallyQuantizableLinear } from '../../nn/attention';

/** The class of a module. */
export type ModuleClass = typeof nn.Module;

const byName = new Map<string, ModuleClass>();
const names = new Map<ModuleClass, string>();

const isModuleClass = (v: unknown): v is ModuleClass => typeof v === 'function' && v.prototype instanceof nn.Module;
const classParam = new Param<ModuleClass>('a class of modules', (v, op, name) => {
  if (!isModuleClass(v)) throw new ArgumentError(`[${op}] ${name} must be a class that extends nn.Module`);
  return v;
});
const spec = { type: classParam, name: string.optional() };

/**
 * Lets files hold modules of a class: what `save` writes under that name, {@link loadModel} makes again. A module is made
 * without its constructor, from the fields it had.
 * @param name - default: the name of the class. Another class of that name must not be registered.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- constructors of any arguments
export function registerModule(type: abstract new (...args: any[]) => nn.Module, name?: string): void {
  const o = readArguments<{ type: ModuleClass; name: string | undefined }>('registerModule', spec, [type, name]);
  const as = o.name ?? o.type.name;
  const other = byName.get(as);
  if (other && other !== o.type) throw new ArgumentError(`[registerModule] "${as}" is another class already`);
  byName.set(as, o.type);
  names.set(o.type, as);
}

for (const [name, v] of Object.entries(nn))
  if (isModuleClass(v) && !names.has(v)) {
    byName.set(name, v);
    names.set(v, name);
  }

// Within attention, under PyTorch's name.
registerModule(NonDynamicallyQuantizableLinear);

/** What files call the class, if they may hold it. */
export const nameOfClass = (type: ModuleClass): string | undefined => names.get(type);
/** The class that files call so. */
export const classOfName = (name: string): ModuleClass | undefined => byName.get(name);
