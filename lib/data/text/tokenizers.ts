/** @file Tokenizers: text as numbers and back. Those of characters and words learn their vocabulary and are plain JSON. */
import { readSettings } from '../../core/arguments';
import { ArgumentError, IndexError } from '../../core/errors';
import { boolean, positive, string } from '../../core/params';
import { describe } from '../../core/shape';
import { Fitted } from '../fitted';

/** Text as numbers from 0 to `vocabularySize` - 1, and back. */
export interface Tokenizer {
  readonly vocabularySize: number;
  encode(text: string): ArrayLike<number>;
  decode(ids: readonly number[]): string;
}

// The code of errors for a token that the vocabulary does not have.
const unknownToken = 'ERR_UNKNOWN_TOKEN';

const textOf = (type: string, method: string, v: unknown): string => {
  if (typeof v !== 'string') throw new ArgumentError(`[${type}] ${method} takes a text, got ${describe(v)}`);
  return v;
};

const idsOf = (type: string, v: unknown): number[] => {
  if (!Array.isArray(v) && !(ArrayBuffer.isView(v) && 'length' in v))
    throw new ArgumentError(`[${type}] decode takes an array of numbers, got ${describe(v)}`);
  return Array.from(v as ArrayLike<number>, Number);
};

interface Vocabulary {
  tokens: string[];
}

/** What tokenizers with a vocabulary of their own share. */
abstract class VocabularyTokenizer extends Fitted<Vocabulary> implements Tokenizer {
  private numbers: ReadonlyMap<string, number> | undefined;

  /** @internal */
  protected constructor(
    type: string,
    settings: object,
    private readonly unknown: string | null,
  ) {
    super(type, settings);
  }

  /** The tokens; each one's position is its number. */
  get tokens(): readonly string[] {
    return this.learned('tokens').tokens;
  }

  get vocabularySize(): number {
    return this.tokens.length;
  }

  /** @internal The tokens of a text. */
  protected abstract pieces(text: string): Iterable<string>;

  /** @internal What stands between tokens in a text. */
  protected abstract readonly between: string;

  /** @internal The vocabulary, which the setting `unknown` begins. */
  protected known(tokens: readonly string[]): this {
    this.numbers = undefined;
    const { unknown } = this;
    return this.learn({ tokens: unknown === null ? [...tokens] : [unknown, ...tokens.filter((t) => t !== unknown)] });
  }

  /**
   * The numbers of a text's tokens.
   * @throws ArgumentError (`ERR_UNKNOWN_TOKEN`) for a token that `fit` did not see, unless the setting `unknown` names
   *   what stands for it
   */
  encode(text: string): Int32Array {
    const { tokens } = this.learned('encode');
    const numbers = (this.numbers ??= new Map(tokens.map((t, i) => [t, i])));
    const instead = this.unknown === null ? undefined : numbers.get(this.unknown);
    const out: number[] = [];
    for (const piece of this.pieces(textOf(this.type, 'encode', text))) {
      const id = numbers.get(piece) ?? instead;
      if (id === undefined)
        throw new ArgumentError(
          `[${this.type}] ${describe(piece)}, token ${out.length} of the text, was not there when the tokenizer was fitted; name what stands for it by unknown`,
          unknownToken,
        );
      out.push(id);
    }
    return Int32Array.from(out);
  }

  /** The text of numbers. @throws IndexError for a number that is no token */
  decode(ids: ArrayLike<number>): string {
    const { tokens } = this.learned('decode');
    return idsOf(this.type, ids)
      .map((id, i) => {
        const token = tokens[id];
        if (token === undefined)
          throw new IndexError(`[${this.type}] ${describe(id)} at ${i} is none of ${tokens.length} tokens`);
        return token;
      })
      .join(this.between);
  }

  /** @internal */
  protected restored({ tokens }: Record<string, unknown>): Vocabulary {
    if (!Array.isArray(tokens) || !tokens.every((t) => typeof t === 'string') || new Set(tokens).size < tokens.length)
      throw new ArgumentError(`[${this.type}] fromJSON: tokens must be a list of different strings`);
    return { tokens };
  }
}

/** Settings of {@link CharTokenizer}. */
export interface CharTokenizerOptions {
  /** What stands for characters that `fit` did not see, as token 0. Default null: they are an error. */
  unknown?: string | null | undefined;
}

/**
 * Characters (Unicode code points) as numbers, sorted. `decode(encode(text))` is the text.
 *
 * @example
 * ```ts
 * const chars = new data.CharTokenizer().fit('hello');
 * chars.encode('hole');                                    // [1, 3, 2, 0]
 * ```
 */
export class CharTokenizer extends VocabularyTokenizer {
  /** @internal */
  protected readonly between = '';

  constructor(options: CharTokenizerOptions = {}) {
    const o = readSettings<{ unknown: string | null }>('CharTokenizer', { unknown: string.orNull() }, [options]);
    super('CharTokenizer', o, o.unknown);
  }

  /** @internal */
  protected pieces(text: string): Iterable<string> {
    return text;
  }

  /** Learns which characters there are. */
  fit(text: string): this {
    const points = [...new Set(textOf(this.type, 'fit', text))].map((c) => c.codePointAt(0)!).sort((a, b) => a - b);
    return this.known(points.map((p) => String.fromCodePoint(p)));
  }
}

/** Settings of {@link WordTokenizer}. */
export interface WordTokenizerOptions {
  /** What stands for words that are not in the vocabulary, as token 0; null makes them an error. Default `<unk>`. */
  unknown?: string | null | undefined;
  /** Take A for a. Default false. */
  lowercase?: boolean | undefined;
  /** Only the most frequent words, so many tokens in all. Default: all of them. */
  maxTokens?: number | undefined;
  /** Only words that are there so often. Default 1. */
  minCount?: number | undefined;
}

const wordSpec = {
  unknown: string.nullable().or('<unk>'),
  lowercase: boolean.or(false),
  maxTokens: positive.orNull(),
  minCount: positive.or(1),
};

// Letters and digits with apostrophes and hyphens within, or one sign.
const word = /[\p{L}\p{N}\p{M}_]+(?:['’-][\p{L}\p{N}\p{M}_]+)*|[^\s\p{L}\p{N}\p{M}_]/gu;

/**
 * Words and signs as numbers, the most frequent first. What is between them is not kept: `decode` puts a blank there.
 */
export class WordTokenizer extends VocabularyTokenizer {
  /** @internal */
  protected readonly between = ' ';
  private readonly how: { unknown: string | null; lowercase: boolean; maxTokens: number | null; minCount: number };

  constructor(options: WordTokenizerOptions = {}) {
    const o = readSettings('WordTokenizer', wordSpec, [options]);
    super('WordTokenizer', o, o.unknown);
    this.how = o;
  }

  /** @internal */
  protected *pieces(text: string): Iterable<string> {
    for (const [w] of text.matchAll(word)) yield this.how.lowercase ? w.toLowerCase() : w;
  }

  /** Learns which words there are, and how often. */
  fit(text: string): this {
    const { maxTokens, minCount, unknown } = this.how;
    const counts = new Map<string, number>();
    for (const w of this.pieces(textOf(this.type, 'fit', text))) counts.set(w, (counts.get(w) ?? 0) + 1);
    const frequent = [...counts].filter(([, n]) => n >= minCount);
    frequent.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    const most = maxTokens === null ? Infinity : maxTokens - (unknown === null ? 0 : 1);
    return this.known(frequent.slice(0, most).map(([w]) => w));
  }
}

/** The bytes of a text's UTF-8 as numbers: 256 tokens, nothing to learn, no text unknown. */
export class ByteTokenizer implements Tokenizer {
  readonly vocabularySize = 256;

  /** The bytes of a text. */
  encode(text: string): Uint8Array {
    return new TextEncoder().encode(textOf('ByteTokenizer', 'encode', text));
  }

  /** The text of bytes; what is no UTF-8 becomes U+FFFD. @throws IndexError for a number that is no byte */
  decode(ids: ArrayLike<number>): string {
    const bytes = idsOf('ByteTokenizer', ids);
    const bad = bytes.findIndex((b) => !Number.isInteger(b) || b < 0 || b > 255);
    if (bad >= 0) throw new IndexError(`[ByteTokenizer] ${describe(bytes[bad])} at ${bad} is no byte`);
    return Buffer.from(bytes).toString('utf8');
  }
}
