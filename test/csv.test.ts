/** @file Tables from CSV files, and what is in a dataset in words. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as ng from '../lib';
import { data } from '../lib';
import { dateIn, numberIn, showDate } from '../lib/data/tables/cells';
import { codeOf } from './caught';

const dir = mkdtempSync(join(tmpdir(), 'nodegrad-csv-'));
afterAll(() => rmSync(dir, { recursive: true }));

let files = 0;
const file = (content: string | Buffer, name = `t${files++}.csv`): string => {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
};
const failure = async (content: string | Buffer, options: object = {}): Promise<string> => {
  const e = await data.csv(file(content), options).then(
    () => 'nothing was thrown',
    (e: ng.NodegradError) => e,
  );
  return typeof e === 'string' ? e : `${e.code} ${e.message.replaceAll(`${dir}/`, '')}`;
};

const houses = `rooms,town,sold,garden,price
4,Boston,2020-01-31,true,100.5
6,Lynn,2020-02-01,false,200
,Boston,2020-03-01,TRUE,150
5,,2020-01-01,false,1e2
`;

describe('data.csv', () => {
  test('types are inferred, categories encoded, the target apart', async () => {
    const d = await data.csv(file(houses), { target: 'price' });
    expect(d.length).toBe(4);
    expect(d.columns).toEqual(['rooms', 'town_Boston', 'town_Lynn', 'town_missing', 'sold', 'garden']);
    expect(d.targets).toEqual(['price']);
    const [x, y] = d.tensors;
    expect([x.dtype, x.arraySync()]).toEqual([
      'float32',
      [
        [4, 1, 0, 0, 18292, 1],
        [6, 0, 1, 0, 18293, 0],
        [NaN, 1, 0, 0, 18322, 1],
        [5, 0, 0, 1, 18262, 0],
      ],
    ]);
    expect([y.dtype, y.arraySync()]).toEqual(['float32', [[100.5], [200], [150], [100]]]);
    const town = d.encoders.town as data.OneHotEncoder;
    expect(town.inverseTransform(x.narrow(1, 1, 3))).toEqual(['Boston', 'Lynn', 'Boston', null]);
    for await (const [bx, by] of new data.DataLoader(d, { batchSize: 3 })) {
      expect([bx.shape[1], by.shape[1]]).toEqual([6, 1]);
    }
  });

  test('a class as target; codes; several targets; none', async () => {
    const path = file(houses);
    const c = await data.csv(path, {
      target: 'garden',
      types: { garden: 'category' },
      categories: 'codes',
      ignore: ['price'],
    });
    expect([c.tensors[1].dtype, c.tensors[1].arraySync()]).toEqual(['int32', [2, 1, 0, 1]]);
    expect((c.encoders.garden as data.LabelEncoder).classes).toEqual(['TRUE', 'false', 'true']);
    expect(c.tensors[0].narrow(1, 1, 1).arraySync()).toEqual([[0], [1], [0], [2]]);
    const two = await data.csv(path, { target: ['price', 'garden'], features: ['rooms'], dtype: 'float64' });
    expect([two.tensors[1].dtype, two.tensors[1].arraySync()]).toEqual([
      'float64',
      [
        [100.5, 1],
        [200, 0],
        [150, 1],
        [100, 0],
      ],
    ]);
    const none = await data.csv(path, { limit: 2 });
    expect([none.tensors.length, none.tensors[0].shape]).toEqual([1, [2, 6]]);
    const digits = await data.csv(file('x,d\n1,10\n2,9\n3,10\n'), { target: 'd', types: { d: 'category' } });
    expect([digits.tensors[1].arraySync(), (digits.encoders.d as data.LabelEncoder).classes]).toEqual([
      [1, 0, 1],
      [9, 10],
    ]);
  });

  test('missing values: words, rows left out', async () => {
    const path = file('a,b\n1,x\n?,y\n3,NA\n4,x\n');
    const d = await data.csv(path, { missing: ['?', 'NA'], dropMissing: true });
    expect(d.tensors[0].arraySync()).toEqual([
      [1, 1],
      [4, 1],
    ]);
    expect(await failure('a,b\n1,2\n1,\n', { target: 'b' })).toMatch(
      /^ERR_FILE_FORMAT \[csv\] t\d+.csv, line 3: the target b is missing/,
    );
    const empty = await data.csv(file('a,b\n1,\n2,\n'));
    expect(empty.tensors[0].arraySync()).toEqual([
      [1, NaN],
      [2, NaN],
    ]);
  });

  test('quotes, line breaks, byte order marks, blanks, other delimiters, gzip, no header', async () => {
    const x = async (content: string | Buffer, options: object = {}): Promise<unknown> => {
      const d = await data.csv(file(content), options);
      return [d.columns, d.tensors[0].arraySync()];
    };
    expect(await x('\ufeffa , "b, c"\r\n 1, 2 \r\n\r\n3,4')).toEqual([
      ['a', 'b, c'],
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect(await x('a;b\n1,5;2\n', { delimiter: ';', decimal: ',' })).toEqual([['a', 'b'], [[1.5, 2]]]);
    // With a comma, a point may separate thousands: what has one is no number.
    const german = { delimiter: ';', decimal: ',', types: { a: 'number' } } as const;
    await expect(x('a;b\n1.234;2\n', german)).rejects.toThrow("line 2: '1.234' in column a is no number");
    expect(await x('1\t2\n3\t4\n', { delimiter: '\t', header: false })).toEqual([
      ['column0', 'column1'],
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect(await x('1,2\n', { header: ['p', 'q'] })).toEqual([['p', 'q'], [[1, 2]]]);
    expect(await x('# made by hand\n,a\n0,1\n', { comment: '#' })).toEqual([['Unnamed: 0', 'a'], [[0, 1]]]);
    expect(await x(gzipSync('a\n7\n'))).toEqual([['a'], [[7]]]);
    expect(await x(Buffer.from('a\nM\u00fcnchen\n', 'latin1'), { encoding: 'latin1' })).toEqual([
      ['a_M\u00fcnchen'],
      [[1]],
    ]);
    expect(await x('a\n"say ""hi"""\n')).toEqual([['a_say "hi"'], [[1]]]);
  });

  test('a row that cannot be read is an error with its line number', async () => {
    expect(await failure('a,b\n1,2\n3\n')).toMatch(/^ERR_FILE_FORMAT \[csv\] t\d+.csv, line 3: 1 values, expected 2$/);
    expect(await failure('a,b\r\n1,"x\r\ny"\r\n1,2,3\r\n')).toMatch(/line 4: 3 values, expected 2$/);
    expect(await failure('a,b\n1,"x\n2,3\n4,5\n')).toMatch(/line 2: a quote that is not closed$/);
    expect(await failure('a,b\n1,2\n1,x"y\n')).toMatch(/line 3: a quote that does not belong there in value 2/);
    expect(await failure('a,b\n1,2\n\nx,3\n', { types: { a: 'number' } })).toMatch(
      /line 4: 'x' in column a is no number$/,
    );
    const many = Array.from({ length: 30 }, (_, i) => (i === 17 ? '12a' : i)).join('\n');
    expect(await failure(`a\n${many}\n`)).toMatch(/line 19: '12a' in column a is no number, as the other values are/);
    expect(await failure('a,b\n1,2020-02-30\n', { types: { b: 'date' } })).toMatch(
      /line 2: '2020-02-30' in column b is no date$/,
    );
  });

  test('bytes that are no UTF-8 are an error with their position, wherever pieces end', async () => {
    const latin1 = Buffer.from('a,b\n1,M\u00fcnchen\n', 'latin1');
    expect(await failure(latin1)).toMatch(
      /^ERR_FILE_FORMAT \[csv\] t\d+.csv: no UTF-8 text: the byte at 7 belongs to none/,
    );
    // Cut within a character, at the end of the file.
    expect(await failure(Buffer.from('a\nx\u00e9').subarray(0, -1))).toMatch(/the byte at 3 belongs to none/);
    // A piece is 64 KiB: characters of two bytes at odd positions lie across its end, and the bad byte far behind it.
    const long = Buffer.from(`a\n1${'\u00fc'.repeat(50_000)}\n`);
    const d = await data.csv(file(long));
    expect(d.columns[0]!.length).toBe(50_003);
    const at = long.length + 70_000;
    const broken = Buffer.concat([long, Buffer.from('x'.repeat(70_000)), Buffer.of(0xc0, 0x41, 0x0a)]);
    expect(await failure(broken)).toMatch(new RegExp(`the byte at ${at} belongs to none`));
  });

  test('a .gz may unpack to maxBytes', async () => {
    const packed = gzipSync(`a\n${'1\n'.repeat(100_000)}`);
    expect(packed.length).toBeLessThan(1000);
    expect(await failure(packed, { maxBytes: 100_000 })).toBe(
      `ERR_FILE_FORMAT [csv] t${files - 1}.csv unpacks to more than 100000 bytes; raise maxBytes if that is right`,
    );
    expect((await data.csv(file(packed), { maxBytes: 200_002 })).length).toBe(100_000);
    expect(await failure(packed.subarray(0, 100))).toMatch(/broken gzip data/);
  });

  test('what is not there, or makes no sense', async () => {
    expect(await failure('a,b\n1,2\n', { target: 'c' })).toMatch(/^ERR_INVALID_ARG .* has no column c; it has a, b$/);
    expect(await failure('a,b\n1,2\n', { types: { c: 'number' } })).toMatch(/^ERR_INVALID_ARG .* no column c/);
    expect(await failure('a,b\n1,2\n', { types: { a: 'int' } })).toMatch(
      /^ERR_INVALID_ARG \[csv\] types.a must be one of/,
    );
    expect(await failure('a,a\n1,2\n')).toMatch(/^ERR_FILE_FORMAT .* two columns are called a/);
    expect(await failure('a,b\n')).toMatch(/^ERR_FILE_FORMAT .* has no rows/);
    expect(await failure('')).toMatch(/^ERR_FILE_FORMAT .* has no rows/);
    expect(await failure('a\n1\n', { target: 'a' })).toMatch(/^ERR_INVALID_ARG .* no column is left/);
    expect(await failure('a,b\n1,2\n', { target: 'a', features: ['a', 'b'] })).toMatch(
      /^ERR_INVALID_ARG .* column a is the target/,
    );
    expect(await failure('a,b\n1,2\n', { header: ['x'] })).toMatch(/^ERR_INVALID_ARG .* 1 names/);
    expect(await failure('a\nx\ny\nz\n', { maxCategories: 2 })).toMatch(
      /^ERR_INVALID_ARG .* more than 2 different values/,
    );
    expect(await failure('a\n1\n', { dtype: 'int32' })).toMatch(/^ERR_DTYPE/);
    expect(await failure('a\n1\n', { delimeter: ';' })).toMatch(
      /^ERR_INVALID_ARG \[csv\] has no option "delimeter"; it takes target/,
    );
    expect(await failure('a\n1\n', { delimiter: '"' })).toMatch(/^ERR_INVALID_ARG/);
    expect(await failure(gzipSync('a\n7\n').subarray(0, 20))).toMatch(/^ERR_FILE_FORMAT .* broken gzip/);
    await expect(data.csv(join(dir, 'nowhere.csv'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(data.csv(3 as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG' });
  });

  test('new rows are encoded as those of the file', async () => {
    const d = await data.csv(file(houses), { target: 'price' });
    const rows = [
      { rooms: 4, town: 'Boston', sold: '2020-01-31', garden: true },
      { rooms: NaN, sold: new Date('2020-03-01'), garden: 'false' },
    ];
    expect(d.encode(rows).arraySync()).toEqual([
      [4, 1, 0, 0, 18292, 1],
      [NaN, 0, 0, 1, 18322, 0],
    ]);
    const own = await data.csv(file('a;b\n1,5;2\n?;3\n'), { delimiter: ';', decimal: ',', missing: ['?'] });
    const given = [{ a: 0.25, b: 1e21 }, { a: null, b: NaN }, { a: '2,5', b: '?' }, {}];
    const want = [
      [0.25, Math.fround(1e21)],
      [NaN, NaN],
      [2.5, NaN],
      [NaN, NaN],
    ];
    expect(own.encode(given).arraySync()).toEqual(want);
    expect(codeOf(() => d.encode([{ town: 'Salem' }]))).toBe('ERR_UNKNOWN_CATEGORY');
    expect(codeOf(() => d.encode([{ rooms: 'many' }]))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => d.encode([3] as never))).toBe('ERR_INVALID_ARG');
  });

  test('many rows, in pieces, while timers run', async () => {
    const n = 60_000;
    const lines = Array.from({ length: n }, (_, i) => `${i},${i % 3 ? 'x' : 'y'},"multi\nline ${i % 5}"`);
    const path = file(`a,b,c\n${lines.join('\n')}\n`);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const d = await data.csv(path);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(5);
    expect([d.tensors[0].shape, d.tensors[0].sum(0).arraySync()]).toEqual([
      [n, 8],
      [expect.closeTo((n * (n - 1)) / 2, -3), (2 * n) / 3, n / 3, ...Array<number>(5).fill(n / 5)],
    ]);
    expect((await data.csv(path, { limit: 3 })).length).toBe(3);
  });
});

test('numbers and dates in text', () => {
  expect(['1', '-1.5', '+.5', '1e3', '2.', 'inf', '-Infinity'].map((t) => numberIn(t))).toEqual([
    1,
    -1.5,
    0.5,
    1000,
    2,
    Infinity,
    -Infinity,
  ]);
  expect(['', '1,000', '0x10', '1 2', 'e5', '.', '1_0'].map((t) => numberIn(t))).toEqual(Array(7).fill(undefined));
  const days = (t: string): number => Date.parse(t) / 86_400_000;
  for (const t of [
    '2020-02-29',
    '1969-12-31',
    '0099-01-01',
    '2020-01-31T12:30:00Z',
    '2020-01-31T12:30:15.5+05:30',
    '2020-01-31T12:30-08:00',
  ])
    expect(dateIn(t)).toBeCloseTo(days(t), 9);
  expect(dateIn('2020-01-31 12:30')).toBeCloseTo(days('2020-01-31T12:30Z'), 9);
  for (const t of ['2020/1/31', 'Jan 31 2020', 'January 31, 2020', '31 Jan 2020', '31-jan-2020'])
    expect(dateIn(t)).toBe(days('2020-01-31'));
  for (const t of [
    '2021-02-29',
    '2020-13-01',
    '2020-01-00',
    '1/2/2020',
    '2020',
    '2020-01/02',
    'Foo 1 2020',
    '2020-01-01T25:00',
  ])
    expect(dateIn(t)).toBeUndefined();
  expect([showDate(18292), showDate(0.5), showDate(NaN)]).toEqual(['2020-01-31', '1970-01-01T12:00:00Z', 'NaN']);
});

describe('data.describe', () => {
  test('a table, by the columns of its file', async () => {
    const rows = Array.from({ length: 12 }, (_, i) => `${i},${i < 10 ? 'cat' : 'dog'},1,${i * 1000}`);
    rows[3] = ',cat,1,3000';
    const d = await data.csv(file(`size,animal,one,weight\n${rows.join('\n')}\n`), { target: 'animal' });
    const seen = await data.describe(d);
    expect(seen.columns[0]).toEqual({
      name: 'size', role: 'feature', type: 'number', count: 11, missing: 1,
      numbers: {
        mean: expect.closeTo(63 / 11, 9), std: expect.closeTo(3.6902820784, 9), min: 0, q25: 3, median: 6, q75: 8.5, max: 11,
      },
    }); // prettier-ignore
    expect(String(seen)).toBe(
      [
        '12 examples of 3 features, target animal:',
        '  size    numbers from 0 to 11, mean 5.727, std 3.69, half of them from 3 to 8.5; 1 missing (8.333 %)',
        '  one     always 1',
        '  weight  numbers from 0 to 11000, mean 5500, std 3606, half of them from 2750 to 8250',
        '  animal  2 categories: cat 83.33 %, dog 16.67 %',
        'Constant, so nothing can be learned from it: one.',
        'Values are missing (NaN) in size: fill them with data.Imputer, fitted on the training part.',
        'The features differ in scale by more than 100 times: use data.StandardScaler, fitted on the training part.',
        'The classes of animal are unbalanced: cat is there 5 times as often as dog; split with stratify, and look at more than accuracy.',
      ].join('\n'),
    );
    expect(String(await (await data.csv(file(houses), { target: 'price' })).describe())).toContain(
      '  town    2 categories: Boston 66.67 %, Lynn 33.33 %; 1 missing (25 %)\n  sold    dates from 2020-01-01 to 2020-03-01\n  garden  true in 50 %',
    );
  });

  test('tensors, other datasets, images', async () => {
    const pair = new data.TensorDataset(ng.arange(8).reshape([4, 2]), ng.tensor(Int32Array.of(0, 1, 1, 1)));
    const seen = await data.describe(pair);
    expect(seen.columns.map((c) => [c.name, c.role, c.type])).toEqual([
      ['x[0]', 'feature', 'number'], ['x[1]', 'feature', 'number'], ['y', 'target', 'category'],
    ]); // prettier-ignore
    expect(seen.columns[2]!.categories).toEqual([
      ['1', 3],
      ['0', 1],
    ]);
    const slow = { length: 3, get: (i: number) => Promise.resolve({ a: i, image: ng.full([2, 2], i) }) };
    expect((await data.describe(slow)).columns.map((c) => [c.name, c.count, c.numbers!.mean])).toEqual([
      ['a', 3, 1],
      ['image', 12, 1],
    ]);
    await expect(data.describe({ length: 0, get: () => 1 })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG' });
    await expect(data.describe({ length: 1, get: () => 'text' })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG' });
    await expect(data.describe(3 as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG' });
  });
});
