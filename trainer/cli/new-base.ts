import { join } from 'node:path';
import { latestCheckpoint } from '../checkpoint.ts';
import type { DataKind, DataOf, Message, TextExample } from '../data/types.ts';
import type { RecipeTask } from '../recipes/start.ts';
import { resolveConfig } from './resolve-config.ts';

/** Where a run without --model keeps the base that it makes. */
export function newBaseFolder(outFolder: string): string {
  return join(outFolder, 'base');
}

/**
 * A small language model pretrained on the conversations of the training side, for a run that is given no model: a trunk with
 * random weights would have to learn the language from the comparisons alone. Held-out prompts stay unseen. Goes on with one
 * that was interrupted.
 */
export function newBase({
  out: outFolder,
  seed,
}: {
  out: string;
  seed: number | null;
}): Omit<RecipeTask<'pretrain'>, 'backend' | 'data'> {
  const out = newBaseFolder(outFolder);
  return {
    recipe: 'pretrain',
    config: resolveConfig('pretrain', { preset: 'small', config: null, set: [], seed }),
    folders: { model: null, reward: null, out, resumeFrom: latestCheckpoint(out)?.folder ?? null },
  };
}

/** What the training side of any data holds as plain text. */
const TEXTS: { [Kind in DataKind]: (data: DataOf[Kind]) => TextExample[] } = {
  texts: ({ texts }) => texts,
  demonstrations: ({ examples }) =>
    examples.filter(isTrained).map(({ prompt, completion }) => textOf(prompt, completion)),
  rankings: ({ examples }) =>
    examples
      .filter(isTrained)
      .flatMap(({ prompt, responses }) => responses.map((response) => textOf(prompt, response))),
  prompts: ({ prompts }) => prompts.map(({ prompt }) => textOf(prompt)),
};

export function trainingTexts<Kind extends DataKind>(kind: Kind, data: DataOf[Kind]): TextExample[] {
  return TEXTS[kind](data);
}

function isTrained({ split }: { split: string }): boolean {
  return split === 'train';
}

function textOf(prompt: readonly Message[], ...answer: string[]): TextExample {
  return { text: [...prompt.map(({ content }) => content), ...answer].join('\n\n') };
}
