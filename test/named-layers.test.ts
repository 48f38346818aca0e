/**
 * @file Layers and the functions of nn.functional take by name what they take by position, with the same result; a name
 * that does not exist is refused, and what is missing is named. Names and orders are those of PyTorch 2.13.
 */
import * as ng from '../lib';
import { nn } from '../lib';

const F = nn.functional;

// --- functions ------------------------------------------------------------------------------------------------------

const x1 = ng.randn([2, 4, 6]);
const x2 = ng.randn([2, 4, 6, 6]);
const x3 = ng.randn([2, 4, 6, 6, 6]);
const rows = ng.randn([3, 4]);
const other = ng.randn([3, 4]);
const p = ng.rand([3, 4]);
const signs = ng.tensor([1, -1, 1]);
const classes = ng.tensor([0, 3, 1], { dtype: 'int64' });
const four = ng.tensor([0.5, 2, 1, 3]);
const [mean4, var4] = [ng.zeros([4]), ng.ones([4])];
const images = [x1, x2, x3] as const;
const weightOf = (n: number, out: number, inputs: number): ng.Tensor =>
  ng.randn([out, inputs, ...Array<number>(n).fill(3)]);

type Given = readonly unknown[];
/** A function, its first argument, the others in order (up to some place), and the same by name. */
type Row = readonly [name: string, first: unknown, inOrder: Given, byName: Record<string, unknown>];

const pooling = [1, 2, 3].flatMap((n): Row[] => {
  const x = images[n - 1]!;
  const { values, indices } = F.maxPool2d(x2, 2, { returnIndices: true });
  const all: Row[] = [
    [`maxPool${n}d`, x, [2, 1, 1, 1, true], { kernelSize: 2, stride: 1, padding: 1, dilation: 1, ceilMode: true }],
    [`avgPool${n}d`, x, [3, 2, 1, false, false], { kernelSize: 3, stride: 2, padding: 1, countIncludePad: false }],
    [`lpPool${n}d`, x, [2, 3, 2, true], { normType: 2, kernelSize: 3, stride: 2, ceilMode: true }],
    [`adaptiveAvgPool${n}d`, x, [3], { outputSize: 3 }],
    [`adaptiveMaxPool${n}d`, x, [null], { outputSize: null }],
    [`conv${n}d`, x, [weightOf(n, 2, 4), null, 2, 1], { weight: 0, stride: 2, padding: 1 }],
    [`convTranspose${n}d`, x, [weightOf(n, 4, 2), null, 2, 0, 1], { weight: 0, stride: 2, outputPadding: 1 }],
  ];
  if (n === 2) all.push(['maxUnpool2d', values, [indices, 2, 2], { indices, kernelSize: 2, stride: 2 }]);
  return all.map(([name, first, given, named]) => [
    name,
    first,
    given,
    'weight' in named ? { ...named, weight: given[0] } : named,
  ]);
});

const functions: Row[] = [
  ...pooling,
  ['linear', rows, [weightOf(0, 2, 4), null], { weight: 0, bias: null }],
  ['bilinear', rows, [other, ng.ones([2, 4, 4]), null], { input2: other, weight: ng.ones([2, 4, 4]) }],
  ['layerNorm', x1, [[6], null, null, 0.1], { normalizedShape: [6], eps: 0.1 }],
  ['rmsNorm', x1, [6, null, 0.1], { normalizedShape: 6, eps: 0.1 }],
  ['groupNorm', x1, [2, four], { numGroups: 2, weight: four }],
  [
    'batchNorm',
    x1,
    [mean4, var4, four, null, false, 0.1, 0.2],
    { runningMean: mean4, runningVar: var4, weight: four, eps: 0.2 },
  ],
  ['instanceNorm', x1, [null, null, four], { weight: four }],
  ['localResponseNorm', x1, [3, 0.1, 0.5, 2], { size: 3, alpha: 0.1, beta: 0.5, k: 2 }],
  ['interpolate', x2, [null, 2, 'bilinear', true], { scaleFactor: 2, mode: 'bilinear', alignCorners: true }],
  ['gridSample', x2, [ng.rand([2, 3, 3, 2]), 'nearest'], { grid: 0, mode: 'nearest' }],
  ['affineGrid', ng.rand([2, 2, 3]), [[2, 4, 3, 3], true], { size: [2, 4, 3, 3], alignCorners: true }],
  ['pixelShuffle', x2, [2], { upscaleFactor: 2 }],
  ['pixelUnshuffle', x2, [2], { downscaleFactor: 2 }],
  ['channelShuffle', x2, [2], { groups: 2 }],
  ['unfold', x2, [3, 1, 1, 2], { kernelSize: 3, padding: 1, stride: 2 }],
  ['fold', ng.rand([2, 8, 25]), [6, 2], { outputSize: 6, kernelSize: 2 }],
  ['pad', x1, [[1, 2], 'constant', 3], { pad: [1, 2], value: 3 }],
  ['embedding', classes, [other.reshape(4, 3), 1], { weight: other.reshape(4, 3), paddingIdx: 1 }],
  [
    'embeddingBag',
    classes,
    [other.reshape(4, 3), [0, 2], null, 2, false, 'sum'],
    { weight: other.reshape(4, 3), offsets: [0, 2], mode: 'sum' },
  ],
  ['oneHot', classes, [5], { numClasses: 5 }],
  ['scaledDotProductAttention', x1, [x1, x1, null, 0, true], { key: x1, value: x1, isCausal: true }],
  ['cosineSimilarity', rows, [other, 0], { x2: other, dim: 0 }],
  ['pairwiseDistance', rows, [other, 1], { x2: other, p: 1 }],
  ['pdist', rows, [3], { p: 3 }],
  ['normalize', rows, [3, 0], { p: 3, dim: 0 }],
  ['dropout', rows, [0.3, false], { p: 0.3, training: false }],
  ['alphaDropout', rows, [0.3], { p: 0.3, training: false }],
  ['featureAlphaDropout', x1, [0.3], { p: 0.3, training: false }],
  ['mseLoss', rows, [other, 'sum', p], { target: other, reduction: 'sum', weight: p }],
  ['l1Loss', rows, [other, 'none'], { target: other, reduction: 'none' }],
  ['smoothL1Loss', rows, [other, 'mean', 0.3], { target: other, beta: 0.3 }],
  ['huberLoss', rows, [other, 'mean', 0.3], { target: other, delta: 0.3 }],
  ['binaryCrossEntropy', p, [p, four, 'sum'], { target: p, weight: four, reduction: 'sum' }],
  ['binaryCrossEntropyWithLogits', rows, [p, null, 'sum', four], { target: p, reduction: 'sum', posWeight: four }],
  ['klDiv', rows, [p, 'batchmean'], { target: p, reduction: 'batchmean' }],
  ['poissonNllLoss', rows, [p, false, true], { target: p, logInput: false, full: true }],
  ['gaussianNllLoss', rows, [other, p, true], { target: other, var: p, full: true }],
  ['softMarginLoss', rows, [other.sign(), 'sum'], { target: other.sign(), reduction: 'sum' }],
  ['crossEntropy', rows, [classes, four, 3], { target: classes, weight: four, ignoreIndex: 3 }],
  ['nllLoss', rows, [classes, four], { target: classes, weight: four }],
  ['multiMarginLoss', rows, [classes, 2, 0.5], { target: classes, p: 2, margin: 0.5 }],
  [
    'multilabelMarginLoss',
    rows,
    [ng.zeros([3, 4], { dtype: 'int64' }), 'sum'],
    { target: ng.zeros([3, 4], { dtype: 'int64' }), reduction: 'sum' },
  ],
  ['multilabelSoftMarginLoss', rows, [p, four], { target: p, weight: four }],
  ['cosineEmbeddingLoss', rows, [other, signs, 0.2], { input2: other, target: signs, margin: 0.2 }],
  [
    'marginRankingLoss',
    signs,
    [four.narrow(0, 0, 3), signs, 0.2],
    { input2: four.narrow(0, 0, 3), target: signs, margin: 0.2 },
  ],
  ['hingeEmbeddingLoss', rows, [other.sign(), 0.3], { target: other.sign(), margin: 0.3 }],
  ['tripletMarginLoss', rows, [other, p, 0.5, 1], { positive: other, negative: p, margin: 0.5, p: 1 }],
  ['tripletMarginWithDistanceLoss', rows, [other, p, null, 0.5], { positive: other, negative: p, margin: 0.5 }],
  [
    'ctcLoss',
    ng.randn([5, 1, 4]).logSoftmax(-1),
    [ng.tensor([[1, 2]], { dtype: 'int64' }), [5], [2], 3],
    { targets: 0, inputLengths: [5], targetLengths: [2], blank: 3 },
  ],
  ['categoricalCrossentropy', p, [p, 'sum', 0.1], { target: p, reduction: 'sum', labelSmoothing: 0.1 }],
  ['sparseCategoricalCrossentropy', p, [classes, 'sum'], { target: classes, reduction: 'sum' }],
];

const call = (name: string, first: unknown, rest: Given): unknown[] => {
  const f = (F as unknown as Record<string, (...all: unknown[]) => ng.Tensor>)[name]!;
  const y = f(first, ...rest);
  return [y.shape, y.arraySync()];
};
const thrown = (f: () => unknown): ng.NodegradError => {
  try {
    f();
  } catch (e) {
    return e as ng.NodegradError;
  }
  throw new Error('nothing was thrown');
};

describe.each(functions)('%s', (name, first, inOrder, named) => {
  // 0 stands for the tensor that comes first.
  const byName = Object.fromEntries(Object.entries(named).map(([k, v], i) => [k, v === 0 && i === 0 ? inOrder[0] : v]));
  const optional =
    ['interpolate', 'instanceNorm', 'oneHot', 'pdist', 'normalize'].includes(name) || name.includes('ropout');
  test('by position and by name', () => {
    expect(call(name, first, [byName])).toEqual(call(name, first, inOrder));
  });
  test('the first by position, the others by name', () => {
    const [key, ...rest] = Object.keys(byName);
    const others = Object.fromEntries(rest.map((k) => [k, byName[k]]));
    if (inOrder[0] === byName[key!])
      expect(call(name, first, [inOrder[0], others])).toEqual(call(name, first, inOrder));
  });
  test('unknown names are refused, missing ones are named', () => {
    const unknown = thrown(() => call(name, first, [{ ...byName, kernel_size: 2 }]));
    expect([unknown.code, unknown.message]).toEqual([
      'ERR_INVALID_ARG',
      expect.stringMatching(/^\[\w+\] has no argument "kernel_size"/),
    ]);
    if (optional) return;
    const missing = thrown(() => call(name, first, []));
    expect([missing.code, missing.message]).toEqual([
      'ERR_INVALID_ARG',
      expect.stringMatching(new RegExp(`^\\[\\w+\\] the argument ${Object.keys(byName)[0]!} is missing`)),
    ]);
  });
});

// --- layers ---------------------------------------------------------------------------------------------------------

type LayerRow = readonly [name: string, inOrder: Given, byName: Record<string, unknown>];
const three = (name: string, ...rest: [Given, Record<string, unknown>]): LayerRow[] =>
  ['1d', '2d', '3d'].map((d) => [name + d, ...rest]);
const conv = { outChannels: 6, kernelSize: 3, stride: 2, padding: 1 };
const norm = { eps: 0.1, momentum: null, affine: false };
const oneLayer = new nn.TransformerEncoderLayer(4, 2, 8);
const oneDecoder = new nn.TransformerDecoderLayer(4, 2, 8);

const layers: LayerRow[] = [
  ['Linear', [3, 4, false], { inFeatures: 3, outFeatures: 4, bias: false }],
  ['LazyLinear', [4, false], { outFeatures: 4, bias: false }],
  ['Dense', [4, null, [3], false], { units: 4, inputShape: [3], bias: false }],
  ['Bilinear', [3, 4, 5, false], { in1Features: 3, in2Features: 4, outFeatures: 5, bias: false }],
  ...three('Conv', [4, 6, 3, 2, 1], { inChannels: 4, ...conv }),
  ...three('ConvTranspose', [4, 6, 3, 2, 1, 1], { inChannels: 4, ...conv, outputPadding: 1 }),
  ...three('LazyConv', [6, 3, 2, 1], conv),
  ...three('LazyConvTranspose', [6, 3, 2, 1], conv),
  ...three('MaxPool', [2, 1, 1, 1, true, true], {
    kernelSize: 2,
    stride: 1,
    padding: 1,
    returnIndices: true,
    ceilMode: true,
  }),
  ...three('AvgPool', [2, 1, 1, true, false], {
    kernelSize: 2,
    stride: 1,
    padding: 1,
    ceilMode: true,
    countIncludePad: false,
  }),
  ...three('MaxUnpool', [2, 1, 1], { kernelSize: 2, stride: 1, padding: 1 }),
  ...three('LPPool', [2, 3, 1, true], { normType: 2, kernelSize: 3, stride: 1, ceilMode: true }),
  ...three('AdaptiveAvgPool', [3], { outputSize: 3 }),
  ...three('AdaptiveMaxPool', [3, true], { outputSize: 3, returnIndices: true }),
  ...three('BatchNorm', [4, 0.1, null, false], { numFeatures: 4, ...norm }),
  ...three('InstanceNorm', [4, 0.1, null, false], { numFeatures: 4, ...norm }),
  ...three('LazyBatchNorm', [0.1, null, false], norm),
  ...three('LazyInstanceNorm', [0.1, null, false], norm),
  ['LayerNorm', [[5], 1e-6, true, false], { normalizedShape: [5], eps: 1e-6, bias: false }],
  ['RMSNorm', [5, 1e-6], { normalizedShape: 5, eps: 1e-6 }],
  ['GroupNorm', [2, 4, 0.1, false], { numGroups: 2, numChannels: 4, eps: 0.1, affine: false }],
  ['LocalResponseNorm', [3, 0.1, 0.5, 2], { size: 3, alpha: 0.1, beta: 0.5, k: 2 }],
  ['Embedding', [4, 3, 1, 2], { numEmbeddings: 4, embeddingDim: 3, paddingIdx: 1, maxNorm: 2 }],
  [
    'EmbeddingBag',
    [4, 3, 2, 1, true, 'sum'],
    { numEmbeddings: 4, embeddingDim: 3, maxNorm: 2, normType: 1, scaleGradByFreq: true, mode: 'sum' },
  ],
  ['Upsample', [null, 2, 'bilinear', true], { scaleFactor: 2, mode: 'bilinear', alignCorners: true }],
  ['UpsamplingNearest2d', [4], { size: 4 }],
  ['PixelShuffle', [2], { upscaleFactor: 2 }],
  ['PixelUnshuffle', [2], { downscaleFactor: 2 }],
  ['ChannelShuffle', [2], { groups: 2 }],
  ['Unfold', [3, 1, 1, 2], { kernelSize: 3, padding: 1, stride: 2 }],
  ['Fold', [6, 2, 1, 1], { outputSize: 6, kernelSize: 2, padding: 1 }],
  ...['Zero', 'Reflection', 'Replication', 'Circular'].flatMap((k) => three(`${k}Pad`, [2], { padding: 2 })),
  ...three('ConstantPad', [2, 0.5], { padding: 2, value: 0.5 }),
  ['Dropout', [0.2, true], { p: 0.2, inplace: true }],
  ['AlphaDropout', [0.2], { p: 0.2 }],
  ['Flatten', [0, 1], { startDim: 0, endDim: 1 }],
  ['Unflatten', [1, [2, 3]], { dim: 1, unflattenedSize: [2, 3] }],
  ['Threshold', [0.1, 20, true], { threshold: 0.1, value: 20, inplace: true }],
  ['RNN', [3, 4, 2, 'relu'], { inputSize: 3, hiddenSize: 4, numLayers: 2, nonlinearity: 'relu' }],
  [
    'LSTM',
    [3, 4, 2, false, true, 0, true, 2],
    { inputSize: 3, hiddenSize: 4, numLayers: 2, bias: false, batchFirst: true, bidirectional: true, projSize: 2 },
  ],
  ['GRU', [3, 4, 1, false], { inputSize: 3, hiddenSize: 4, bias: false }],
  ['RNNCell', [3, 4, false, 'relu'], { inputSize: 3, hiddenSize: 4, bias: false, nonlinearity: 'relu' }],
  ['LSTMCell', [3, 4, false], { inputSize: 3, hiddenSize: 4, bias: false }],
  [
    'MultiheadAttention',
    [4, 2, 0.1, false, true],
    { embedDim: 4, numHeads: 2, dropout: 0.1, bias: false, addBiasKv: true },
  ],
  [
    'TransformerEncoderLayer',
    [4, 2, 8, 0, 'gelu'],
    { dModel: 4, nhead: 2, dimFeedforward: 8, dropout: 0, activation: 'gelu' },
  ],
  [
    'TransformerDecoderLayer',
    [4, 2, 8, 0, 'gelu'],
    { dModel: 4, nhead: 2, dimFeedforward: 8, dropout: 0, activation: 'gelu' },
  ],
  ['TransformerEncoder', [oneLayer, 2], { encoderLayer: oneLayer, numLayers: 2 }],
  ['TransformerDecoder', [oneDecoder, 2], { decoderLayer: oneDecoder, numLayers: 2 }],
  [
    'Transformer',
    [4, 2, 1, 1, 8, 0, null, null, null, 0.1],
    { dModel: 4, nhead: 2, numEncoderLayers: 1, numDecoderLayers: 1, dimFeedforward: 8, dropout: 0, layerNormEps: 0.1 },
  ],
  ['CrossEntropyLoss', [four, 3, 'sum', 0.1], { weight: four, ignoreIndex: 3, reduction: 'sum', labelSmoothing: 0.1 }],
  ['BCEWithLogitsLoss', [null, 'sum', four], { reduction: 'sum', posWeight: four }],
  ['TripletMarginLoss', [0.5, 1], { margin: 0.5, p: 1 }],
  ['CosineSimilarity', [0, 0.1], { dim: 0, eps: 0.1 }],
  ['PairwiseDistance', [1, 0.1, true], { p: 1, eps: 0.1, keepdim: true }],
];

const made = (name: string, settings: Given): nn.Module => {
  const Layer = (nn as unknown as Record<string, new (...all: unknown[]) => nn.Module>)[name]!;
  return new Layer(...settings);
};
// All that a layer keeps and shows, but for the random values of its weights.
const kept = (m: nn.Module): unknown[] => [
  String(m),
  m.namedParameters().map(([name, t]) => [name, t.shape, t.requiresGrad]),
  Object.entries(m).filter(([, v]) => ['number', 'string', 'boolean'].includes(typeof v) || Array.isArray(v)),
];
const without = new Set([
  'Upsample',
  'UpsamplingNearest2d',
  'UpsamplingBilinear2d',
  'Flatten',
  'Transformer',
  'CosineSimilarity',
  'PairwiseDistance',
]);
const optionalAll = (name: string): boolean => without.has(name) || /Dropout|Loss$|^Lazy.*Norm/.test(name);

describe.each(layers)('%s', (name, inOrder, byName) => {
  test('by position and by name', () => {
    expect(kept(made(name, [byName]))).toEqual(kept(made(name, inOrder)));
  });
  test('unknown names are refused, missing ones are named', () => {
    const unknown = thrown(() => made(name, [{ ...byName, kernel_size: 2 }]));
    expect([unknown.code, unknown.message]).toEqual([
      'ERR_INVALID_ARG',
      expect.stringMatching(/^\[\w+\] has no setting "kernel_size"/),
    ]);
    if (optionalAll(name)) return void made(name, []);
    const missing = thrown(() => made(name, []));
    expect([missing.code, missing.message]).toEqual([
      'ERR_INVALID_ARG',
      expect.stringMatching(new RegExp(`^\\[\\w+\\] the setting ${Object.keys(byName)[0]!} is missing`)),
    ]);
  });
});

// --- what is refused ------------------------------------------------------------------------------------------------

const refused: [string, () => unknown, string][] = [
  ['weight: 5', () => F.mseLoss(rows, other, { weight: 5 as never }), 'mseLoss] weight must be a tensor'],
  ['reduction', () => F.l1Loss(rows, { target: other, reduction: 'avg' as never }), 'l1Loss] reduction must be one of'],
  ['posWeight', () => new nn.BCEWithLogitsLoss({ posWeight: 3 as never }), 'BCEWithLogitsLoss] posWeight must be'],
  ['causalMask', () => ng.causalMask(2, { ofset: 1 } as never), 'causalMask] has no argument "ofset"'],
  ['ignoreIndex of probabilities', () => F.crossEntropy(rows, p, { ignoreIndex: 1 }), 'crossEntropy] ignoreIndex'],
  ['layers without number', () => new nn.RNN(2, 2, 2 ** 31), 'RNN] numLayers must be'],
  ['a stack without end', () => new nn.TransformerEncoder(oneLayer, 1e9), 'TransformerEncoder] numLayers must be'],
  ['an upsampled image', () => new nn.Upsample(1e9).forward(x2), 'interpolate]'],
  ['a large image', () => new nn.Upsample(3e7).forward(x2), 'interpolate]'],
  ['padding', () => new nn.ReplicationPad3d(1e9).forward(x3), 'pad]'],
  ['padding that fits but as a whole', () => new nn.ReplicationPad3d(6e7).forward(x3), 'pad]'],
  ['kernelSize of two numbers', () => new nn.MaxPool3d([2, 2]), 'MaxPool3d] kernelSize must be'],
  ['a dropped dropout', () => new nn.Dropout(1.5), 'Dropout] p must be'],
  [
    'runningVar is missing',
    () => F.batchNorm(x1, { runningMean: null } as never),
    'batchNorm] the argument runningVar',
  ],
];
test.each(refused)('%s is refused at once', (_, f, message) => {
  const start = performance.now();
  expect(thrown(f).message).toContain(`[${message}`);
  expect(performance.now() - start).toBeLessThan(2000);
});

test('a negative ignoreIndex names no class of probabilities, as in PyTorch', () => {
  expect(F.crossEntropy(rows, p, { ignoreIndex: -1 }).itemSync()).toBe(F.crossEntropy(rows, p).itemSync());
});

test('alphaDropout and featureAlphaDropout drop in training only, as in PyTorch', () => {
  expect(F.alphaDropout(rows, 0.5).arraySync()).toEqual(rows.arraySync());
  expect(F.alphaDropout(rows, 0.5, true).arraySync()).not.toEqual(rows.arraySync());
});

test('the target of a loss layer by name', () => {
  const loss = new nn.MSELoss('sum');
  expect(loss.forward(rows, { target: other }).itemSync()).toBe(loss.forward(rows, other).itemSync());
});

test('Embedding._freeze and fromPretrained in the order of PyTorch', () => {
  expect(new nn.Embedding(2, 3, { _freeze: true }).weight.requiresGrad).toBe(false);
  const made = nn.Embedding.fromPretrained(ng.ones([4, 3]), false, 1);
  expect([made.weight.requiresGrad, made.paddingIdx]).toEqual([true, 1]);
  expect(nn.EmbeddingBag.fromPretrained(ng.ones([4, 3]), { mode: 'sum' }).weight.requiresGrad).toBe(false);
});

test('eps of batch norm must be positive in training only, as in PyTorch', () => {
  const layer = new nn.BatchNorm1d({ numFeatures: 4, eps: 0 });
  expect(thrown(() => layer.forward(rows)).message).toContain('[batchNorm] eps must be positive');
  expect(layer.eval().forward(rows).shape).toEqual([3, 4]);
});

// Types: each line below is refused by the compiler, too.
test('types', () => {
  const wrong = (): unknown[] => [
    // @ts-expect-error an unknown name
    F.maxPool2d(x2, { kernelSize: 2, strides: 1 }),
    // @ts-expect-error kernelSize is missing
    F.maxPool2d(x2, { stride: 1 }),
    // @ts-expect-error a size is no string
    new nn.Linear('3', 4),
    // @ts-expect-error outFeatures is missing
    new nn.Linear({ inFeatures: 3 }),
    // @ts-expect-error an unknown name
    new nn.Conv2d(3, 8, 3, { pading: 1 }),
    // @ts-expect-error an unknown mode
    F.gridSample(x2, x2, 'linear'),
    // @ts-expect-error a target is missing
    F.mseLoss(rows, { reduction: 'sum' }),
    // @ts-expect-error an unknown reduction
    new nn.MSELoss({ reduction: 'avg' }),
  ];
  const right = (): unknown[] => [
    F.maxPool2d(x2, { kernelSize: 2, returnIndices: true }).indices,
    F.maxPool2d(x2, { kernelSize: 2, stride: 2 }).shape,
    new nn.Conv2d({ inChannels: 4, outChannels: 8, kernelSize: 3, padding: 'same' }).forward(x2).shape,
    new nn.Linear(4, { outFeatures: 2 }).forward(rows).shape,
  ];
  expect(wrong.length + right().length).toBe(4);
});
