import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BackendName } from '../backends/choose.ts';
import { latestCheckpoint } from '../checkpoint.ts';
import type { PretrainConfig } from '../config/pretrain.ts';
import type { RankedExample, TextExample } from '../data/types.ts';
import type { TrainEvent } from '../events.ts';
import { pretrain } from '../recipes/pretrain/recipe.ts';

/** Where `reward` without --model keeps the base that it makes. */
export function newBaseFolder(outFolder: string): string {
  return join(outFolder, 'base');
}

/**
 * A small language model pretrained on the conversations of the training side, for a reward run that is given no model: a
 * trunk with random weights would have to learn the language from the comparisons alone. Held-out prompts stay unseen.
 * Yields the events of pretraining; goes on with one that was interrupted, and yields nothing when the base is there.
 */
export async function* makeNewBase(args: {
  config: PretrainConfig;
  backend: BackendName;
  outFolder: string;
  examples: readonly RankedExample[];
  signal: AbortSignal;
}): AsyncGenerator<TrainEvent> {
  const folder = newBaseFolder(args.outFolder);
  if (existsSync(join(folder, 'final', 'config.json'))) return;
  yield* pretrain({
    config: args.config,
    backend: args.backend,
    outFolder: folder,
    texts: trainingTexts(args.examples),
    resumeFrom: latestCheckpoint(folder)?.folder ?? null,
    signal: args.signal,
  });
}

function trainingTexts(examples: readonly RankedExample[]): TextExample[] {
  return examples
    .filter(({ split }) => split === 'train')
    .flatMap(({ prompt, responses }) => {
      const before = prompt.map(({ content }) => content).join('\n\n');
      return responses.map((response) => ({ text: `${before}\n\n${response}` }));
    });
}
