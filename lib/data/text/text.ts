/** @file Text as tokens: data.text. */
import { isOptions, readOptions } from '../../core/arguments';
import { type Device } from '../../core/device';
import { ArgumentError, FileFormatError } from '../../core/errors';
import { device as deviceParam, Param, string as stringParam } from '../../core/params';
import { describe } from '../../core/shape';
import { Tensor } from '../../core/tensor';
import { tensor } from '../../ops/tensors/create';
import { checkPath, piecesOf, type UnpackOptions, unpackSpec } from '../bytes';
import { utf8 } from '../utf8';
import { type BlocksOptions, TextBlocks } from './blocks';
import { tokenizerIn } from './tokenizer-file';
import { ByteTokenizer, CharTokenizer, type Tokenizer, WordTokenizer } from './tokenizers';

/** Settings of `data.text`. */
export interface TextOptions extends UnpackOptions {
  /**
   * `char` (default), `word` or `byte`; a Hugging Face tokenizer.json; or a tokenizer. Those of characters and words
   * learn their vocabulary from the text, unless they were fitted before.
   */
  tokenizer?: 'char' | 'word' | 'byte' | { file: string } | Tokenizer | undefined;
  /** Of `ids`. Default: the default device. */
  device?: Device | undefined;
}

const isTokenizer = (v: unknown): v is Tokenizer =>
  typeof v === 'object' &&
  v !== null &&
  typeof (v as Partial<Tokenizer>).encode === 'function' &&
  typeof (v as Partial<Tokenizer>).decode === 'function' &&
  'vocabularySize' in v;

const tokenizerParam = new Param<NonNullable<TextOptions['tokenizer']>>('a tokenizer', (v, op, name) => {
  if (v === 'char' || v === 'word' || v === 'byte' || isTokenizer(v)) return v;
  if (isOptions(v) && typeof (v as { file?: unknown }).file === 'string' && Object.keys(v as object).length === 1)
    return v as unknown as { file: string };
  throw new ArgumentError(
    `[${op}] ${name} must be 'char', 'word', 'byte', { file } or an object with encode, decode and vocabularySize, got ${describe(v)}`,
  );
});
const textSpec = { ...unpackSpec, tokenizer: tokenizerParam.or('char' as const), device: deviceParam.optional() };

/** A text in tokens, and the way back. */
export class Text {
  /** @internal Use {@link text}. */
  constructor(
    /** The whole text: int32 [n]. */
    readonly ids: Tensor,
    /** Keep its JSON beside the model (those of characters and words). */
    readonly tokenizer: Tokenizer,
  ) {}

  /** How many different tokens there are. */
  get vocabularySize(): number {
    return this.tokenizer.vocabularySize;
  }

  /** The tokens of another text. @throws ArgumentError (`ERR_UNKNOWN_TOKEN`) for one that is not in the vocabulary */
  encode(text: string): Int32Array {
    return Int32Array.from(this.tokenizer.encode(text));
  }

  /** The text of tokens: numbers, or a tensor [n], whose values are waited for. @throws IndexError for what is no token */
  decode(ids: Tensor | ArrayLike<number>): string {
    const list = ids instanceof Tensor ? (ids.dataSync() as ArrayLike<number | bigint>) : ids;
    if (typeof list !== 'object' || list === null || !Number.isSafeInteger(list.length))
      throw new ArgumentError(`[decode] ids must be a tensor or a list of numbers, got ${describe(ids)}`);
    return this.tokenizer.decode(Array.from<number | bigint>(list as ArrayLike<number>).map(Number));
  }

  /**
   * Pairs `[x, y]` of `size` tokens, y one token later, for a model that predicts what follows.
   * @throws ArgumentError for a text shorter than a block and the token after it
   */
  blocks(size: number, options?: BlocksOptions): TextBlocks {
    return new TextBlocks(this.ids, size, options);
  }
}

// A text that JavaScript can hold.
const longest = 2 ** 29 - 32;

async function read(path: string, maxBytes: number): Promise<string> {
  const parts: string[] = [];
  let length = 0;
  for await (const part of utf8('text', path, piecesOf('text', path, maxBytes))) {
    length += part.length;
    if (length > longest) throw new FileFormatError(`[text] ${path} has more than ${longest} characters; divide it`);
    parts.push(part);
  }
  return parts.join('');
}

async function tokenizerOf(given: NonNullable<TextOptions['tokenizer']>, text: string): Promise<Tokenizer> {
  if (given === 'byte') return new ByteTokenizer();
  if (given === 'char') return new CharTokenizer().fit(text);
  if (given === 'word') return new WordTokenizer().fit(text);
  if (!isTokenizer(given)) return tokenizerIn(given.file);
  if ((given instanceof CharTokenizer || given instanceof WordTokenizer) && !given.isFitted) given.fit(text);
  return given;
}

/**
 * A text as numbers, for language models: `ids`, int32 [n], and the way there and back.
 *
 * @param source - the path of a UTF-8 file (or a .gz of one), or `{ text }`, the text itself; a string with a line break
 *   is a text too
 * @throws FileFormatError for bytes that are no UTF-8, with the position of the first one, and for a tokenizer.json that is
 *   none; `ERR_MISSING_DEPENDENCY` for one without the package @huggingface/tokenizers
 * @example
 * ```ts
 * const text = await data.text('moby.txt', { tokenizer: 'char' });
 * for await (const [x, y] of new data.DataLoader(text.blocks(64), { batchSize: 32, shuffle: true })) { ... }
 * text.decode(text.encode('Call me'));                     // 'Call me'
 * const gpt = await data.text('moby.txt', { tokenizer: { file: 'gpt2/tokenizer.json' } });
 * ```
 */
export async function text(source: string | { text: string }, options: TextOptions = {}): Promise<Text> {
  const o = readOptions('text', textSpec, options);
  let whole: string;
  if (isOptions(source)) whole = readOptions('text', { text: stringParam }, source).text;
  else if (typeof source === 'string' && /[\n\r]/.test(source)) whole = source;
  else {
    checkPath('text', source);
    whole = await read(source, o.maxBytes);
  }
  if (whole === '') throw new ArgumentError(`[text] ${isOptions(source) ? 'the text' : source} is empty`);
  const tokenizer = await tokenizerOf(o.tokenizer, whole);
  const ids = Int32Array.from(tokenizer.encode(whole));
  const { vocabularySize } = tokenizer;
  const bad = ids.findIndex((id) => id < 0 || id >= vocabularySize);
  if (bad >= 0)
    throw new ArgumentError(`[text] the tokenizer gave ${ids[bad]}, of a vocabulary of ${vocabularySize} tokens`);
  return new Text(tensor(ids, { device: o.device }), tokenizer);
}
