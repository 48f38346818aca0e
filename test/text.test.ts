/** @file Text as tokens and in blocks; tokenizer.json beside Hugging Face's own tokenizers (test/fixtures/make_tokenizer.py). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { data } from '../lib';
import { codeOf } from './caught';
import { temporaryFolder } from './temporary-files';

const { dir, file, failure } = temporaryFolder('text');
const fixture = (name: string): string => join(__dirname, '..', '..', 'test', 'fixtures', 'sources', name);
const story = 'Zwölf 🐈 cats;\nthe cat sat.\r\nThe end';

describe('tokenizers', () => {
  test('char: code points, sorted; back to the same text; JSON', async () => {
    const t = await data.text(file(story), { tokenizer: 'char' });
    expect([t.ids.dtype, t.ids.shape, t.vocabularySize]).toEqual(['int32', [[...story].length], new Set(story).size]);
    expect([t.decode(t.ids), t.decode(t.encode(story)), t.decode([...t.encode('the 🐈')])]).toEqual([story, story, 'the 🐈']); // prettier-ignore
    const { tokens } = t.tokenizer as data.CharTokenizer;
    expect([tokens[0], tokens.at(-1)]).toEqual(['\n', '🐈']);
    const again = data.CharTokenizer.fromJSON(JSON.parse(JSON.stringify(t.tokenizer)));
    expect([again.encode('sat'), again.decode([...t.encode(story)])]).toEqual([t.encode('sat'), story]);
    expect(codeOf(() => t.encode('x'))).toBe('ERR_UNKNOWN_TOKEN');
    expect(codeOf(() => t.decode([99]))).toBe('ERR_INDEX');
    expect(codeOf(() => t.decode('abc' as never))).toBe('ERR_INVALID_ARG');
    const lenient = new data.CharTokenizer({ unknown: '?' }).fit('abc');
    expect([[...lenient.encode('abz')], lenient.decode([1, 2, 0])]).toEqual([[1, 2, 0], 'ab?']);
    expect(codeOf(() => new data.CharTokenizer().encode('a'))).toBe('ERR_NOT_FITTED');
    expect(codeOf(() => data.CharTokenizer.fromJSON({ type: 'CharTokenizer', settings: {}, learned: { tokens: ['a', 'a'] } }))).toBe('ERR_INVALID_ARG'); // prettier-ignore
  });

  test('word: by frequency, unknown ones, limits', async () => {
    const t = await data.text({ text: "the cat, the dog: don't" }, { tokenizer: 'word' });
    expect((t.tokenizer as data.WordTokenizer).tokens).toEqual(['<unk>', 'the', ',', ':', 'cat', 'dog', "don't"]);
    expect([[...t.encode('the rat, the')], t.decode(t.ids)]).toEqual([[1, 0, 2, 1], "the cat , the dog : don't"]);
    const small = new data.WordTokenizer({ lowercase: true, maxTokens: 3, unknown: null }).fit(story);
    expect(small.tokens).toEqual(['the', '.', ';']);
    expect(codeOf(() => small.encode('dog'))).toBe('ERR_UNKNOWN_TOKEN');
    expect(new data.WordTokenizer({ minCount: 2, lowercase: true }).fit(story).tokens).toEqual(['<unk>', 'the']);
    expect(data.WordTokenizer.fromJSON(small.toJSON()).encode('THE')).toEqual(Int32Array.of(0));
    const given = await data.text({ text: 'The cat' }, { tokenizer: small.fit('the cat') });
    expect(given.ids.arraySync()).toEqual([1, 0]);
  });

  test('byte: UTF-8', async () => {
    const t = await data.text({ text: story }, { tokenizer: 'byte' });
    expect([t.ids.arraySync(), t.vocabularySize, t.decode(t.ids)]).toEqual([[...Buffer.from(story)], 256, story]);
    expect(codeOf(() => t.decode([256]))).toBe('ERR_INDEX');
  });

  test('tokenizer.json: the tokens that Hugging Face gives', async () => {
    const t = await data.text({ text: 'the cat' }, { tokenizer: { file: fixture('tokenizer.json') } });
    expect(t.vocabularySize).toBe(280);
    const cases = JSON.parse(readFileSync(fixture('tokens.json'), 'utf8')) as { text: string; ids: number[] }[];
    for (const { text, ids } of cases) expect([[...t.encode(text)], t.decode(ids)]).toEqual([ids, text]);
    expect(await failure(data.text({ text: 'a' }, { tokenizer: { file: file('{"a":') } }))).toMatch(
      /^ERR_FILE_FORMAT \[text\] f\d+: no JSON/,
    );
    for (const none of ['[]', '{"model": {"type": "none"}}'])
      expect(await failure(data.text({ text: 'a' }, { tokenizer: { file: file(none) } }))).toMatch(
        /^ERR_FILE_FORMAT \[text\] f\d+: no tokenizer/,
      );
    expect(await failure(data.text({ text: 'a' }, { tokenizer: { file: join(dir, 'nowhere') } }))).toMatch(/^ENOENT/);
  });

  test('one of the user', async () => {
    const tokenizer = { vocabularySize: 2, encode: (s: string) => [...s].map((c) => (c === 'a' ? 0 : 1)), decode: (l: readonly number[]) => l.map((i) => 'ab'[i]).join('') }; // prettier-ignore
    const t = await data.text({ text: 'abba' }, { tokenizer });
    expect([t.ids.arraySync(), t.decode(Int32Array.of(1, 0))]).toEqual([[0, 1, 1, 0], 'ba']);
    expect(await failure(data.text({ text: 'abba' }, { tokenizer: { ...tokenizer, vocabularySize: 1 } }))).toMatch(
      /^ERR_INVALID_ARG \[text\] the tokenizer gave 1, of a vocabulary of 1/,
    );
  });
});

describe('blocks', () => {
  test('y is x one token later; strides; batches; the end', async () => {
    const t = await data.text({ text: 'abcdefghij' });
    const blocks = t.blocks(3);
    expect([blocks.length, blocks.size, blocks.stride]).toEqual([3, 3, 3]);
    expect(blocks.get(2).map((v) => [v.dtype, t.decode(v)])).toEqual([['int32', 'ghi'], ['int32', 'hij']]); // prettier-ignore
    const all = t.blocks(3, { stride: 1 });
    expect(all.length).toBe(7);
    const [x, y] = all.getBatch(Int32Array.of(6, 0));
    expect([x.shape, t.decode(x.reshape([6])), t.decode(y.reshape([6])), x.isContiguous()]).toEqual([[2, 3], 'ghiabc', 'hijbcd', true]); // prettier-ignore
    expect([t.blocks(9).length, t.blocks(4).length, t.blocks(5).length]).toEqual([1, 2, 1]);
    for await (const [bx, by] of new data.DataLoader(all, { batchSize: 7, shuffle: true, seed: 1 }))
      expect(by.sub(bx).arraySync()).toEqual(Array(7).fill([1, 1, 1]));
    expect(codeOf(() => t.blocks(10))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => t.blocks(0))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => t.blocks(2, { step: 1 } as never))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => blocks.get(3))).toBe('ERR_INDEX');
  });
});

test('tokenizers alone: what they give comes back, and what is no text is refused', () => {
  const made = [new data.CharTokenizer().fit('hello'), new data.WordTokenizer().fit('hello'), new data.ByteTokenizer()];
  for (const t of made) {
    expect([t.decode(t.encode('hello')), t.decode([...t.encode('hello')])]).toEqual(['hello', 'hello']);
    for (const bad of [() => t.encode(1 as never), () => t.decode(1 as never), () => t.decode('a' as never)])
      expect(codeOf(bad)).toBe('ERR_INVALID_ARG');
  }
  for (const T of [data.CharTokenizer, data.WordTokenizer])
    expect(codeOf(() => new T().fit(1 as never))).toBe('ERR_INVALID_ARG');
});

test('paths, texts, gzip, and what is neither', async () => {
  expect((await data.text('one\ntwo')).decode([0])).toBe('\n');
  expect((await data.text(file(gzipSync('abc')))).ids.shape).toEqual([3]);
  expect((await data.text(file('\ufeffabc'))).ids.shape).toEqual([3]);
  expect(await failure(data.text(file(gzipSync('a'.repeat(100_000))), { maxBytes: 5000 }))).toMatch(
    /^ERR_FILE_FORMAT \[text\] f\d+ unpacks to more than 5000 bytes/,
  );
  expect(await failure(data.text(file(Buffer.from([0x61, 0xff, 0x62]))))).toMatch(
    /^ERR_FILE_FORMAT \[text\] f\d+: no UTF-8 text: the byte at 1 belongs to none$/,
  );
  expect(await failure(data.text(join(dir, 'nowhere')))).toMatch(/^ENOENT/);
  expect(await failure(data.text(file('')))).toMatch(/^ERR_INVALID_ARG \[text\] f\d+ is empty/);
  expect(await failure(data.text(5 as never))).toMatch(/^ERR_INVALID_ARG \[text\] expected a path/);
  for (const tokenizer of ['bpe', 3, {}, { file: 'a', more: 1 }])
    expect(await failure(data.text('a\n', { tokenizer } as never))).toMatch(
      /^ERR_INVALID_ARG \[text\] tokenizer must be 'char', 'word', 'byte'/,
    );
});
