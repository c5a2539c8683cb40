import type { RankedExample } from '../data/types.ts';
import { sampleResponses } from '../sample-responses.ts';
import { toyComparisons, toyPrompts } from '../toy-world/datasets.ts';
import { simulatedAnnotator } from '../toy-world/simulated-annotator.ts';
import type { Progress } from './progress.ts';
import type { TrainOptions } from './train-options.ts';
import { UsageError } from './usage-error.ts';

const RESPONSES_PER_PROMPT = 4;
const RESPONSE_TOKENS = 40;

export type LoadIo = { seed: number; progress: Progress; signal: AbortSignal };

/** Answers of `--model` to toy prompts, ranked by a simulated annotator. Throws UsageError where there is no model. */
export async function toyComparisonsOf(
  rows: number,
  options: TrainOptions,
  { seed, progress, signal }: LoadIo,
): Promise<RankedExample[]> {
  if (options.model === null)
    throw new UsageError('--model is missing: toy comparisons are sampled from a model');
  const prompts = [
    ...toyPrompts(Math.round(rows * 0.8), { seed, split: 'train' }),
    ...toyPrompts(rows - Math.round(rows * 0.8), { seed, split: 'heldout' }),
  ];
  progress.start('sample', prompts.length);
  const { responses } = await sampleResponses({
    modelFolder: options.model,
    prompts,
    perPrompt: RESPONSES_PER_PROMPT,
    maxNewTokens: RESPONSE_TOKENS,
    temperature: 1,
    seed,
    backend: options.backend,
    signal,
    onProgress: (done) => progress.update(done, 'answers to be judged'),
  });
  progress.stop();
  const annotator = simulatedAnnotator({
    skill: options.toySkill,
    biasToLength: options.toyLengthBias,
    seed,
  });
  const tasks = responses.map((texts, i) => ({ prompt: prompts[i]?.prompt ?? [], responses: texts }));
  return toyComparisons(tasks, annotator);
}
