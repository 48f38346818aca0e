/** @file From a source of rows to a dataset in memory. */
import { type Device } from '../../core/device';
import { type Tensor } from '../../core/tensor';
import { tensor } from '../../ops/tensors/create';
import { tableDType, type TableSettings } from './options';
import { type RowSource } from './source';
import { Table } from './table';
import { widthOf, type Writer } from './table-columns';
import { TableDataset } from './table-dataset';

// One target that is a category.
function classesOf(values: Float64Array, targets: readonly Writer[], device: Device | undefined): Tensor | undefined {
  if (targets.length !== 1 || targets[0]!.type !== 'category') return undefined;
  return tensor(Int32Array.from(values), { device });
}

/** Reads a source twice: what is in it, then its numbers. */
export async function tableOf(source: RowSource, o: TableSettings): Promise<TableDataset> {
  const dtype = tableDType(source.op, o);
  const table = new Table(source, o);
  const { length, writers, targets } = await table.scan();
  const [features, target] = await table.fill(length, writers, targets);
  const put = (values: Float64Array, columns: readonly Writer[]): Tensor =>
    tensor(values, { shape: [length, widthOf(columns)], dtype, device: o.device });
  const x = put(features!, writers);
  const rest = [x, ...(targets.length > 0 ? [classesOf(target!, targets, o.device) ?? put(target!, targets)] : [])];
  return new TableDataset(rest, writers, targets, (v) => source.cellOf(v), dtype);
}
