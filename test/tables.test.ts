/** @file Scalers, encoders and the imputer, compared with scikit-learn (test/fixtures/make_tables.py). */
import * as ng from '../lib';
import { data } from '../lib';
import { codeOf } from './caught';
import fixture from './fixtures/tables.json';

type Packed = (number | string | Packed)[];
type Numbers = (number | Numbers)[];
const unpack = (a: Packed): Numbers => a.map((v) => (Array.isArray(v) ? unpack(v) : v === 'NaN' ? NaN : (v as number)));
const tensorOf = (a: Packed): ng.Tensor => ng.tensor(unpack(a) as never, { dtype: 'float64' });
const expectClose = (got: ng.Tensor, want: ng.Tensor, rtol = 1e-12): void => {
  expect(got.shape).toEqual(want.shape);
  expect([got.arraySync(), ng.allclose(got, want, { rtol, atol: 1e-12, equalNan: true })]).toEqual([
    expect.anything(),
    true,
  ]);
};

type Kind = 'StandardScaler' | 'MinMaxScaler' | 'RobustScaler';
// One type for all: the tests call what they share.
const scalers: Record<Kind, typeof data.StandardScaler> = {
  StandardScaler: data.StandardScaler,
  MinMaxScaler: data.MinMaxScaler,
  RobustScaler: data.RobustScaler,
} as never;

describe('scalers as in scikit-learn', () => {
  test.each(fixture.scalers.map((c) => [c.kind, JSON.stringify(c.options), c.table, c] as const))(
    '%s %s on %s',
    (_, __, ___, c) => {
      const x = tensorOf(fixture.tables[c.table as keyof typeof fixture.tables] as Packed);
      const n = Math.floor(x.shape[0]! / 2) + 1;
      const fitted = new scalers[c.kind as Kind](c.options as never).fit(x.narrow(0, 0, n));
      const restored = scalers[c.kind as Kind].fromJSON(JSON.parse(JSON.stringify(fitted)));
      for (const scaler of [fitted, restored]) {
        const y = scaler.transform(x);
        expectClose(y, tensorOf(c.y as Packed), c.table === 'large' ? 1e-7 : 1e-10);
        expectClose(scaler.inverseTransform(y), tensorOf(c.inverse as Packed));
      }
    },
  );
});

describe('scalers', () => {
  test('take tensors and arrays; floating dtypes stay', () => {
    const scaler = new data.StandardScaler().fit([
      [1, 5],
      [3, 5],
    ]);
    expect([scaler.mean, scaler.scale, scaler.variance]).toEqual([
      [2, 5],
      [1, 1],
      [1, 0],
    ]);
    const y = scaler.transform([[3, 6]]);
    expect([y.dtype, y.arraySync()]).toEqual(['float32', [[1, 1]]]);
    for (const dtype of ['float32', 'float64', 'float16'] as const)
      expect(scaler.transform(ng.ones([2, 2], { dtype })).dtype).toBe(dtype);
    expect(scaler.transform(ng.ones([2, 2], { dtype: 'int32' })).dtype).toBe('float32');
    expect(scaler.transform(ng.ones([4, 3, 2])).shape).toEqual([4, 3, 2]);
  });

  test('one series, windows of several', () => {
    expect(new data.MinMaxScaler().fitTransform([1, 2, 5]).arraySync()).toEqual([0, 0.25, 1]);
    const x = ng.arange(12).reshape([3, 2, 2]);
    expect(new data.MinMaxScaler().fitTransform(x).at([0]).arraySync()).toEqual([
      [0, 0],
      [expect.closeTo(0.2), expect.closeTo(0.2)],
    ]);
  });

  test('large offsets in float32 lose nothing: computed in float64', () => {
    const x = ng.tensor(Float32Array.of(16_777_216, 16_777_218, 16_777_220));
    expect(new data.MinMaxScaler().fitTransform(x).arraySync()).toEqual([0, 0.5, 1]);
  });

  test('the input is left as it is, and no gradient is recorded', () => {
    const x = ng.tensor([[1], [3]], { requiresGrad: true });
    const y = new data.StandardScaler().fitTransform(x);
    expect([x.arraySync(), y.requiresGrad]).toEqual([[[1], [3]], false]);
  });

  test.each(Object.keys(scalers) as Kind[])('%s: errors are coded', (kind) => {
    const make = (): data.StandardScaler => new scalers[kind]();
    expect(codeOf(() => make().transform([[1]]))).toBe('ERR_NOT_FITTED');
    expect(codeOf(() => make().inverseTransform([[1]]))).toBe('ERR_NOT_FITTED');
    expect(
      codeOf(() =>
        make()
          .fit([[1, 2]])
          .transform([[1]]),
      ),
    ).toBe('ERR_SHAPE');
    expect(codeOf(() => make().fit([[1], [Infinity]]))).toBe('ERR_NUMERIC');
    expect(codeOf(() => make().fit([]))).toBe('ERR_SHAPE');
    expect(codeOf(() => make().fit(ng.ones([2, 2, 2, 2])))).toBe('ERR_SHAPE');
    expect(codeOf(() => make().fit('abc' as never))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => new scalers[kind]({ nonsense: 1 } as never))).toBe('ERR_INVALID_ARG');
    for (const bad of [
      null,
      {},
      [],
      { type: 'other', settings: {}, learned: null },
      { type: kind, settings: {}, learned: {} },
    ])
      expect(codeOf(() => scalers[kind].fromJSON(bad))).toBe('ERR_INVALID_ARG');
    expect(scalers[kind].fromJSON(make().toJSON()).isFitted).toBe(false);
  });

  test('ranges that are none', () => {
    expect(codeOf(() => new data.MinMaxScaler({ featureRange: [1, 1] }))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => new data.RobustScaler({ quantileRange: [80, 20] }))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => new data.RobustScaler({ quantileRange: [0, 50], unitVariance: true }))).toBe('ERR_INVALID_ARG');
  });
});

describe('Imputer', () => {
  test.each(fixture.imputers.map((c) => [JSON.stringify(c.options), c] as const))('as SimpleImputer: %s', (_, c) => {
    const x = tensorOf(c.x as Packed);
    const fitted = new data.Imputer(c.options as never).fit(x.narrow(0, 0, 4));
    const restored = data.Imputer.fromJSON(JSON.parse(JSON.stringify(fitted)));
    for (const imputer of [fitted, restored]) {
      const y = imputer.transform(x);
      expectClose(y, tensorOf(c.y as Packed));
      if (c.inverse) expectClose(imputer.inverseTransform(y), tensorOf(c.inverse as Packed));
    }
  });

  test('series, errors', () => {
    expect(new data.Imputer().fitTransform([1, NaN, 3]).arraySync()).toEqual([1, 2, 3]);
    expect(new data.Imputer({ addIndicator: true }).fitTransform([1, NaN, 3]).shape).toEqual([3, 2]);
    expect(codeOf(() => new data.Imputer().transform([1]))).toBe('ERR_NOT_FITTED');
    expect(codeOf(() => new data.Imputer().fit([1]).inverseTransform([1]))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => new data.Imputer({ missingValues: -1 }).fit([NaN]))).toBe('ERR_NUMERIC');
    expect(codeOf(() => new data.Imputer({ strategy: 'middle' as never }))).toBe('ERR_INVALID_ARG');
  });
});

describe('OneHotEncoder', () => {
  test.each(fixture.encoders.map((c) => [JSON.stringify(c.options), c] as const))('as in scikit-learn: %s', (_, c) => {
    const fitted = new data.OneHotEncoder(c.options as never).fit(c.x as data.Category[][]);
    const restored = data.OneHotEncoder.fromJSON(JSON.parse(JSON.stringify(fitted)));
    for (const encoder of [fitted, restored]) {
      const y = encoder.transform(c.more as data.Category[][]);
      expect(y.arraySync()).toEqual(c.y);
      expect(encoder.featureNames(['s', 'n'])).toEqual(c.names);
      expect(encoder.inverseTransform(y)).toEqual(c.inverse);
    }
  });

  test('one feature, binary ones, missing ones, probabilities', () => {
    const encoder = new data.OneHotEncoder();
    expect(encoder.fitTransform(['b', null, 'a', 'b']).arraySync()).toEqual([
      [0, 1, 0],
      [0, 0, 1],
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(encoder.featureNames()).toEqual(['x0_a', 'x0_b', 'x0_missing']);
    expect(
      encoder.inverseTransform([
        [0.1, 0.2, 0.7],
        [0.5, 0.3, 0.2],
      ]),
    ).toEqual([null, 'a']);
    const binary = new data.OneHotEncoder({ drop: 'ifBinary' });
    expect(binary.fitTransform(ng.tensor(Int32Array.of(5, 4, 5))).arraySync()).toEqual([[1], [0], [1]]);
    expect(binary.inverseTransform([[0], [1]])).toEqual([4, 5]);
    const given = new data.OneHotEncoder({ categories: [['low', 'high']], dtype: 'uint8' }).fitTransform([
      'high',
      'low',
    ]);
    expect([given.dtype, given.arraySync()]).toEqual([
      'uint8',
      [
        [0, 1],
        [1, 0],
      ],
    ]);
  });

  test('errors are coded', () => {
    const encoder = new data.OneHotEncoder().fit(['a', 'b']);
    expect(codeOf(() => encoder.transform(['c']))).toBe('ERR_UNKNOWN_CATEGORY');
    expect(codeOf(() => encoder.transform([['a', 'b']]))).toBe('ERR_SHAPE');
    expect(codeOf(() => encoder.inverseTransform([[0, 0]]))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => encoder.inverseTransform([[0, 1, 0]]))).toBe('ERR_SHAPE');
    expect(codeOf(() => new data.OneHotEncoder().transform(['a']))).toBe('ERR_NOT_FITTED');
    expect(codeOf(() => new data.OneHotEncoder().fit(['a', 1]))).toBe('ERR_INVALID_ARG');
    for (const ragged of [[['a'], 'b'], [null, ['a']], [[]], [['a'], ['a', 'b']]])
      for (const make of [data.OneHotEncoder, data.LabelEncoder])
        expect(codeOf(() => new make().fitTransform(ragged as never))).toBe('ERR_SHAPE');
    expect(codeOf(() => new data.OneHotEncoder({ categories: [['a']] }).fit(['b']))).toBe('ERR_UNKNOWN_CATEGORY');
  });
});

describe('LabelEncoder', () => {
  test('classes by name, and back', () => {
    const encoder = new data.LabelEncoder();
    const y = encoder.fitTransform(['dog', 'cat', 'dog', 'ant']);
    expect([y.dtype, y.arraySync(), encoder.classes]).toEqual(['int32', [2, 1, 2, 0], ['ant', 'cat', 'dog']]);
    const restored = data.LabelEncoder.fromJSON(JSON.parse(JSON.stringify(encoder)));
    expect(
      restored.inverseTransform(
        ng
          .tensor([
            [0, 1, 0],
            [2, 1, 0],
          ])
          .argmax(1),
      ),
    ).toEqual(['cat', 'ant']);
    expect(new data.LabelEncoder().fitTransform([10, 9, 10]).arraySync()).toEqual([1, 0, 1]);
    expect(codeOf(() => encoder.transform(['emu']))).toBe('ERR_UNKNOWN_CATEGORY');
    expect(codeOf(() => encoder.inverseTransform([3]))).toBe('ERR_INDEX');
    expect(codeOf(() => new data.LabelEncoder().inverseTransform([0]))).toBe('ERR_NOT_FITTED');
  });
});
