import { closeSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

/** The model card of a folder. */
export const CARD_FILE = 'README.md';
/** The card that came with a registered model: README.md of a download is written here. */
export const SOURCE_CARD_FILE = 'SOURCE_README.md';

const HEAD_BYTES = 64 * 1024;
const text = z.string().max(100);
const frontMatter = z.looseObject({
  license: z.union([text, z.array(text).max(10)]).nullish(),
  license_name: text.nullish(),
});

/** The licence that a model card's front matter names, or null: no card, no front matter, no licence in it. */
export function licenceOfCard(folder: string): string | null {
  const block = /^---\r?\n([\s\S]*?)\r?\n---/.exec(headOf(path.join(folder, SOURCE_CARD_FILE)))?.[1];
  if (block === undefined) return null;
  try {
    const parsed = frontMatter.safeParse(parse(block));
    if (!parsed.success) return null;
    const { license, license_name: name } = parsed.data;
    const said = [license ?? []].flat().join(', ');
    return (said === 'other' || said === '' ? name : said) || said || null;
  } catch {
    // a card is prose: what its front matter does not say as YAML, it does not say
    return null;
  }
}

function headOf(file: string): string {
  try {
    const opened = openSync(file, 'r');
    try {
      const head = Buffer.alloc(HEAD_BYTES);
      return head.subarray(0, readSync(opened, head)).toString('utf8');
    } finally {
      closeSync(opened);
    }
  } catch {
    // many models come without a card
    return '';
  }
}
