/** A model folder and rows so small that every recipe runs a step on the cpu backend in well under a second. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createRng } from '../../lib/rng.ts';
import type {
  DataOf,
  Message,
  PromptExample,
  RankedExample,
  SftExample,
  TextExample,
} from '../../trainer/data/types.ts';
import type { TrainEvent } from '../../trainer/events.ts';
import { newGpt2Config, newModelConfig } from '../../trainer/model/config.ts';
import { savePretrained } from '../../trainer/model/files/save-pretrained.ts';
import { initParams } from '../../trainer/model/init-params.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import type { RunFolders } from '../../trainer/recipes/run/recipe-args.ts';
import { loadTokenizer } from '../../trainer/tokenizer/load-tokenizer.ts';
import { trainBpe, writeTokenizer } from '../../trainer/tokenizer/train-bpe.ts';

const NOUNS = ['cat', 'dog', 'sun', 'tree', 'fish', 'bird', 'moon', 'rain'] as const;
const COLOURS = ['red', 'blue', 'green', 'grey'] as const;

const ask = (noun: string): Message[] => [{ role: 'user', content: `What colour is the ${noun}?` }];

export const texts: TextExample[] = Array.from({ length: 160 }, (_, i) => ({
  text: `The ${NOUNS[i % 8]} is ${COLOURS[i % 4]}. The ${NOUNS[(i * 3) % 8]} saw the ${NOUNS[(i * 5 + 1) % 8]}.`,
}));

export const sftExamples: SftExample[] = NOUNS.flatMap((noun, i) => [
  {
    prompt: ask(noun),
    completion: `The ${noun} is ${COLOURS[i % 4]}.`,
    split: i === 7 ? 'heldout' : 'train',
  },
]);

/** Three answers each, best to worst: right and short, right and long, wrong; every fourth has a tie. */
export const rankedExamples: RankedExample[] = Array.from({ length: 24 }, (_, i) => {
  const noun = NOUNS[i % 8] as string;
  const colour = COLOURS[i % 4] as string;
  return {
    id: `task-${i}`,
    prompt: ask(noun),
    responses: [
      `The ${noun} is ${colour}.`,
      `The ${noun} is very very ${colour}.`,
      `The ${COLOURS[(i + 1) % 4]} saw.`,
    ],
    ranks: i % 4 === 0 ? [0, 0, 1] : [0, 1, 2],
    margin: 0,
    split: i % 6 === 5 ? 'heldout' : 'train',
  };
});

export const prompts: PromptExample[] = NOUNS.map((noun, i) => ({ id: `prompt-${i}`, prompt: ask(noun) }));

export const rankings: DataOf['rankings'] = { examples: rankedExamples, referencePrompts: prompts };

/** Writes an untrained two-layer model with a tokenizer trained on the texts. */
export async function writeTinyModel(
  folder: string,
  family: 'llama' | 'gpt2' = 'llama',
  seed = 7,
): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const corpus = [...texts.map(({ text }) => text), ...prompts.map(({ prompt }) => prompt[0]?.content ?? '')];
  await writeTokenizer(folder, trainBpe({ texts: corpus, vocabSize: 300 }));
  const tokenizer = loadTokenizer(folder);
  const shape = {
    vocabSize: tokenizer.vocabSize,
    hiddenSize: 16,
    intermediateSize: 24,
    numLayers: 2,
    numHeads: 2,
    maxPositions: 64,
    initializerRange: 0.08,
    bosTokenId: tokenizer.bosTokenId,
    eosTokenIds: [tokenizer.eosTokenId],
    padTokenId: tokenizer.padTokenId,
  };
  const config = family === 'gpt2' ? newGpt2Config(shape) : newModelConfig({ ...shape, numKvHeads: 1 });
  const params = initParams(config, createRng(seed, 'init'));
  savePretrained({ folder, params, config });
  disposeParams(params);
  return folder;
}

/** Folders of a run: those that are named, null for the others. */
export function foldersOf(named: Partial<RunFolders> & { out: string }): RunFolders {
  return { model: null, reward: null, resumeFrom: null, ...named };
}

/** All events of a recipe, in order; `until` may abort after any of them. */
export async function collect(
  events: AsyncIterable<TrainEvent>,
  until?: { controller: AbortController; when: (event: TrainEvent) => boolean },
): Promise<TrainEvent[]> {
  const all: TrainEvent[] = [];
  for await (const event of events) {
    all.push(event);
    if (until?.when(event)) until.controller.abort();
  }
  return all;
}

/** The last event, which must be `done`. */
export function doneOf(events: readonly TrainEvent[]): Extract<TrainEvent, { type: 'done' }> {
  const last = events.at(-1);
  if (last?.type !== 'done') throw new Error(`the last event is ${last?.type}, expected done`);
  return last;
}

/** One metric of every step event. */
export function curve(events: readonly TrainEvent[], metric: string): number[] {
  return events.flatMap((event) => (event.type === 'step' ? [event.metrics[metric] as number] : []));
}

export const finalFolder = (outFolder: string): string => join(outFolder, 'final');
