/** @file Tables from Parquet, Arrow and lines of JSON, beside what pyarrow says is in them (test/fixtures/make_sources.py). */
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { Table, tableFromArrays, tableFromIPC, tableToIPC } from 'apache-arrow';
import * as ng from '../lib';
import { data } from '../lib';
import { peer } from '../lib/data/peer';
import { temporaryFolder } from './temporary-files';

const { dir, file, failure } = temporaryFolder('sources');
const fixture = (name: string): string => join(__dirname, '..', '..', 'test', 'fixtures', 'sources', name);
const { table } = JSON.parse(readFileSync(fixture('sources.json'), 'utf8')) as {
  table: Record<string, (number | string | null)[]>;
};
// Column by column against the fixture.
function check(d: data.TableDataset<[ng.Tensor, ng.Tensor]>): void {
  expect(d.columns).toEqual(['small', 'big', 'ratio', 'flag', 'town_Boston', 'town_Lynn', 'town_missing', 'day', 'time', 'kind_x', 'kind_y', 'kind_z']); // prettier-ignore
  const rows = d.tensors[0].arraySync() as number[][];
  for (const name of ['small', 'big', 'ratio', 'flag', 'day', 'time']) {
    const column = rows.map((r) => r[d.columns.indexOf(name)]);
    expect([name, column]).toEqual([name, table[name]!.map((v) => v ?? NaN)]);
  }
  const towns = (d.encoders.town as data.OneHotEncoder).inverseTransform(d.tensors[0].narrow(1, 4, 3));
  expect(towns).toEqual(table.town);
  const kinds = (d.encoders.kind as data.OneHotEncoder).inverseTransform(d.tensors[0].narrow(1, 9, 3));
  expect(kinds).toEqual(table.kind);
  expect(d.tensors[1].arraySync()).toEqual(table.price!.map((v) => [v]));
}

describe('data.parquet', () => {
  test.each(['none', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4'])('what pyarrow wrote with %s', async (codec) => {
    const path = fixture(`table.${codec}.parquet`);
    check(await data.parquet(path, { target: 'price', dtype: 'float64' }));
    check(await data.parquet(readFileSync(path), { target: 'price', dtype: 'float64' }));
  });

  test('options of tables: classes, features, limit across groups of rows, rows left out', async () => {
    const path = fixture('table.snappy.parquet');
    const d = await data.parquet(path, { target: 'kind', features: ['small', 'ratio'], limit: 13, dropMissing: true });
    expect(d.tensors.map((t) => [t.dtype, t.shape])).toEqual([
      ['float32', [12, 2]],
      ['int32', [12]],
    ]);
    expect((d.encoders.kind as data.LabelEncoder).inverseTransform(d.tensors[1])).toEqual(
      table.kind!.slice(0, 13).filter((_, i) => i !== 3),
    );
    expect(d.encode([{ small: 3, ratio: null }]).arraySync()).toEqual([[3, NaN]]);
    expect(() => d.encode([{ small: 'three' }])).toThrow("[parquet] 'three' in column small is no number");
    const batches = [];
    for await (const [x, y] of new data.DataLoader(d, { batchSize: 5 })) batches.push([x.shape, y.shape]);
    expect(batches.length).toBe(3);
  });

  test('what is no Parquet file, or no table', async () => {
    const bytes = readFileSync(fixture('table.snappy.parquet'));
    for (const broken of [bytes.subarray(0, -1), bytes.subarray(0, 100), Buffer.from('PAR1'), Buffer.alloc(0)])
      expect(await failure(data.parquet(file(broken)))).toMatch(
        new RegExp(`^ERR_FILE_FORMAT \\[parquet\\] f\\d+: the end of its ${broken.length} bytes is no footer`),
      );
    // A footer that is good behind columns that are none.
    const hole = Buffer.from(bytes);
    hole.fill(0xff, 4, 1500);
    expect(await failure(data.parquet(file(hole)))).toMatch(
      /^ERR_FILE_FORMAT \[parquet\] f\d+, row 0: the rows from there on cannot be read/,
    );
    const shorter = Buffer.concat([bytes.subarray(0, 4), bytes.subarray(2000)]);
    expect(await failure(data.parquet(shorter))).toMatch(/^ERR_FILE_FORMAT \[parquet\] the given bytes/);
    expect(await failure(data.parquet(fixture('list.parquet')))).toMatch(
      /list.parquet, row 0: the value of column list is no number, text, boolean or date; leave it out by ignore: \['list'\]/,
    );
    expect((await data.parquet(fixture('list.parquet'), { ignore: ['list'] })).length).toBe(25);
    expect(await failure(data.parquet(fixture('table.gzip.parquet'), { maxBytes: 100 }))).toMatch(
      /^ERR_FILE_FORMAT .*row 0 and those after it unpacks to more than 100 bytes/,
    );
    expect(await failure(data.parquet(join(dir, 'nowhere')))).toMatch(/^ENOENT/);
    expect(await failure(data.parquet(3 as never))).toMatch(
      /^ERR_INVALID_ARG \[parquet\] expected a path or the bytes/,
    );
    expect(await failure(data.parquet(fixture('list.parquet'), { targt: 'x' } as never))).toMatch(
      /^ERR_INVALID_ARG \[parquet\] has no option "targt"/,
    );
    expect(await failure(data.parquet(fixture('list.parquet'), { target: 'nope' }))).toMatch(/has no column nope/);
  });

  test.each(['snappy', 'zstd', 'gzip'])(
    'damage anywhere in a file of %s is an error of the file, or not seen',
    async (codec) => {
      const bytes = readFileSync(fixture(`table.${codec}.parquet`));
      let seen = 0;
      for (let at = 0; at < bytes.length; at += 23) {
        const damaged = Buffer.from(bytes);
        damaged[at] = damaged[at]! ^ 0x55;
        const said = await failure(data.parquet(damaged));
        expect([at, said]).toEqual([at, expect.stringMatching(/^nothing was thrown|^ERR_FILE_FORMAT \[parquet\] the given bytes/)]); // prettier-ignore
        if (said.startsWith('ERR')) seen++;
      }
      expect(seen).toBeGreaterThan(50);
    },
  );

  test('a package that is missing is named with its install command', async () => {
    expect(await failure(peer('parquet', 'no-such-package-here'))).toBe(
      'ERR_MISSING_DEPENDENCY [parquet] it needs the package no-such-package-here, which is not installed: run `npm install no-such-package-here`',
    );
  });
});

describe('data.arrow', () => {
  test('files and streams of pyarrow, bytes, tables', async () => {
    const o = { target: 'price', dtype: 'float64' } as const;
    check(await data.arrow(fixture('table.feather'), o));
    check(await data.arrow(fixture('table.arrows'), o));
    check(await data.arrow(readFileSync(fixture('table.feather')), o));
    check(await data.arrow(tableFromIPC(readFileSync(fixture('table.arrows'))), o));
  });

  test('numbers without nulls are read from their memory: parts, padding, slices', async () => {
    const part = (x: number[]): Table => tableFromArrays({ x: Float32Array.from(x), y: Int32Array.from(x, (v) => -v) });
    const many = tableFromIPC(tableToIPC(part([1, 2, 3]).concat(part([4, 5, 6, 7])), 'file'));
    const d = await data.arrow(many.slice(1, 6), { target: 'y' });
    expect(d.tensors.map((t) => t.arraySync())).toEqual([
      [[2], [3], [4], [5], [6]],
      [[-2], [-3], [-4], [-5], [-6]],
    ]);
    expect((await data.arrow(many, { limit: 4 })).tensors[0].arraySync()).toEqual([[1, -1], [2, -2], [3, -3], [4, -4]]); // prettier-ignore
    const classes = await data.arrow(many, { target: 'y', types: { y: 'category' } });
    expect([classes.tensors[1].dtype, classes.tensors[1].arraySync()]).toEqual(['int32', [6, 5, 4, 3, 2, 1, 0]]);
    const nan = tableFromArrays({ x: Float32Array.of(1, NaN, 3), y: Float64Array.of(1, 2, NaN) });
    expect(await failure(data.arrow(nan, { target: 'y' }))).toBe(
      'ERR_FILE_FORMAT [arrow] the table, row 2: the target y is missing; leave such rows out by dropMissing: true',
    );
    const kept = await data.arrow(nan, { target: 'y', dropMissing: true });
    expect(kept.tensors.map((t) => t.arraySync())).toEqual([[[1]], [[1]]]);
  });

  test('what is no Arrow data', async () => {
    const bytes = readFileSync(fixture('table.feather'));
    expect(await failure(data.arrow(file(bytes.subarray(0, 500))))).toMatch(
      /^ERR_FILE_FORMAT \[arrow\] f\d+: truncated: its 500 bytes do not end with ARROW1/,
    );
    const stream = readFileSync(fixture('table.arrows'));
    expect(await failure(data.arrow(stream.subarray(0, 1500)))).toMatch(
      /^ERR_FILE_FORMAT \[arrow\] the given bytes: no Arrow data, or truncated/,
    );
    for (const none of ['no arrow data, surely not', ''])
      expect(await failure(data.arrow(file(none)))).toMatch(/^ERR_FILE_FORMAT \[arrow\] f\d+: no Arrow data/);
    expect(await failure(data.arrow([] as never))).toMatch(
      /^ERR_INVALID_ARG \[arrow\] expected a table, a path or bytes/,
    );
  });
});

describe('data.jsonl', () => {
  const lines = `{"a": 1, "town": "Lynn", "on": "2020-01-31", "ok": true}

{"a": null, "town": "Boston", "on": "2020-02-01", "ok": false, "late": 7}
{"town": null, "on": "2020-02-02", "ok": true}
`;
  test('names from any line, missing values, dates, booleans', async () => {
    const d = await data.jsonl(file(lines), { target: 'ok' });
    expect(d.columns).toEqual(['a', 'town_Boston', 'town_Lynn', 'town_missing', 'on', 'late']);
    expect(d.tensors.map((t) => t.arraySync())).toEqual([
      [
        [1, 0, 1, 0, 18292, NaN],
        [NaN, 1, 0, 0, 18293, 7],
        [NaN, 0, 0, 1, 18294, NaN],
      ],
      [[1], [0], [1]],
    ]);
    expect(d.encode([{ a: 2, town: 'Lynn', on: '1970-01-02', late: 1 }]).arraySync()).toEqual([[2, 0, 1, 0, 1, 1]]);
  });

  test('streams of bytes and text, gzip, no line break at the end, numbers as categories', async () => {
    const whole = (await data.jsonl(file(lines))).tensors[0].arraySync();
    const path = file(lines);
    expect((await data.jsonl(createReadStream(path, { highWaterMark: 7 }))).tensors[0].arraySync()).toEqual(whole);
    expect((await data.jsonl(Readable.from(lines.trimEnd().split(/(?<=,)/)))).tensors[0].arraySync()).toEqual(whole);
    expect((await data.jsonl(file(gzipSync(lines.replaceAll('\n', '\r\n'))))).tensors[0].arraySync()).toEqual(whole);
    const c = await data.jsonl(file('{"k": 10, "x": 1}\n{"k": 9, "x": 2}'), { target: 'k', types: { k: 'category' } });
    expect([c.tensors[1].arraySync(), (c.encoders.k as data.LabelEncoder).classes]).toEqual([[1, 0], [9, 10]]); // prettier-ignore
    // Text that looks like numbers is text where numbers could have been written.
    expect((await data.jsonl(file('{"z": "02139"}\n{"z": "10001"}'))).columns).toEqual(['z_02139', 'z_10001']);
    expect((await data.jsonl(file('{"z": "1.5"}'), { types: { z: 'number' } })).tensors[0].arraySync()).toEqual([
      [1.5],
    ]);
    expect((await data.jsonl(file(lines), { limit: 1 })).columns).toEqual(['a', 'town_Lynn', 'on', 'ok']);
  });

  test('a line that cannot be read is an error with its number', async () => {
    const bad = (text: string | Uint8Array, options = {}): Promise<string> => failure(data.jsonl(file(text), options));
    expect(await bad('{"a": 1}\n\n{"a": 2')).toMatch(/^ERR_FILE_FORMAT \[jsonl\] f\d+, line 3: no JSON: /);
    expect(await bad('{"a": 1}\n[2]')).toMatch(/line 2: expected an object, got /);
    expect(await bad('{"a": 1}\n\n{"a": "x"}')).toMatch(
      /^ERR_FILE_FORMAT \[jsonl\] f\d+, line 3: 'x' in column a is a string, the values before it are each a number/,
    );
    expect(await bad('{"a": 1}\n{"a": "x"}', { types: { a: 'number' } })).toMatch(
      /line 2: 'x' in column a is no number/,
    );
    expect(await bad('{"a": 1}\n{"a": {"b": 1}}')).toMatch(/line 2: the value of column a is no number, text/);
    expect(await bad('{"a": 1}\n{"b": 1}', { target: 'b' })).toMatch(/line 1: the target b is missing/);
    expect(await bad(Buffer.from('{"a": "\u00fc"}\n', 'latin1'))).toMatch(
      /no UTF-8 text: the byte at 7 belongs to none/,
    );
    expect(await bad(gzipSync('{"a": 1}\n'.repeat(10_000)), { maxBytes: 50_000 })).toMatch(/more than 50000 bytes/);
    expect(await bad('')).toMatch(/^ERR_INVALID_ARG \[jsonl\] no column is left|has no rows/);
    expect(await failure(data.jsonl(Readable.from([{ a: 1 }]) as never))).toMatch(
      /^ERR_INVALID_ARG \[jsonl\] a stream must give bytes or text/,
    );
    expect(await failure(data.jsonl(5 as never))).toMatch(/^ERR_INVALID_ARG \[jsonl\] expected a path or a stream/);
  });
});
