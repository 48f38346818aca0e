/** @file Tokenizers of Hugging Face's tokenizer.json (byte-pair and others), by the package @huggingface/tokenizers. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isOptions } from '../../core/arguments';
import { FileFormatError } from '../../core/errors';
import { peer } from '../peer';
import { type Tokenizer } from './tokenizers';

// What is called of the package.
interface Library {
  Tokenizer: new (
    json: object,
    config: object,
  ) => {
    encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] };
    decode(ids: number[], options: { skip_special_tokens: boolean }): string;
    get_vocab(withAddedTokens?: boolean): Map<string, number>;
  };
}

async function jsonIn(path: string): Promise<object> {
  const text = await readFile(path, 'utf8');
  try {
    const json: unknown = JSON.parse(text);
    if (isOptions(json)) return json as object;
  } catch (cause) {
    throw new FileFormatError(`[text] ${path}: no JSON: ${(cause as Error).message}`, { cause });
  }
  throw new FileFormatError(`[text] ${path}: no tokenizer: expected an object`);
}

/** The tokenizer in a tokenizer.json; a tokenizer_config.json beside it is read too. No special tokens are added. */
export async function tokenizerIn(path: string): Promise<Tokenizer> {
  const json = await jsonIn(path);
  const beside = join(dirname(path), 'tokenizer_config.json');
  const config = existsSync(beside) ? await jsonIn(beside) : {};
  const library = await peer<Library>('text', '@huggingface/tokenizers');
  let inner: InstanceType<Library['Tokenizer']>;
  let vocabularySize: number;
  try {
    inner = new library.Tokenizer(json, config);
    vocabularySize = [...inner.get_vocab(true).values()].reduce((most, id) => Math.max(most, id + 1), 0);
  } catch (cause) {
    throw new FileFormatError(`[text] ${path}: no tokenizer that can be used: ${(cause as Error).message}`, { cause });
  }
  return {
    vocabularySize,
    encode: (text) => inner.encode(text, { add_special_tokens: false }).ids,
    decode: (ids) => inner.decode([...ids], { skip_special_tokens: false }),
  };
}
