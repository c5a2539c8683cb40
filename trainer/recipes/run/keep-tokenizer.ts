import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { TOKENIZER_FILES } from '../../../lib/model-files.ts';

/**
 * Copies the tokenizer of the checkpoint that a run goes on from to where it stays: the checkpoint itself is deleted when there
 * are newer ones, and those take their tokenizer from here.
 * @returns the folder of the copy
 */
export function keepTokenizer(checkpoint: string, outFolder: string): string {
  const folder = join(outFolder, 'tokenizer');
  mkdirSync(folder, { recursive: true });
  for (const file of TOKENIZER_FILES) {
    const source = join(checkpoint, file);
    if (existsSync(source)) copyFileSync(source, join(folder, file));
  }
  return folder;
}
