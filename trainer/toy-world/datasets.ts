/**
 * Data sets of the toy world in the forms that recipes take. Equal seeds give equal rows. Every prompt list leaves a
 * held-out part, by what is asked and not by its words: no held-out prompt asks what a training prompt asks.
 */
import { splitByKey } from '../../lib/formats/split-by-prompt.ts';
import { createRng } from '../../lib/rng.ts';
import type { Message, PromptExample, RankedExample, SftExample, TextExample } from '../data/types.ts';
import { allPrompts, instructionFor, makePrompt, matterOf, NUM_PROMPTS } from './prompts.ts';
import { sampleAnswer } from './sample-answer.ts';
import type { SimulatedAnnotator } from './simulated-annotator.ts';

const HELDOUT_FRACTION = 0.2;

/** The side of a toy prompt, whatever its wording. */
function sideOf(prompt: readonly Message[]): 'train' | 'heldout' {
  return splitByKey(matterOf(prompt), HELDOUT_FRACTION);
}

/**
 * Questions with answers as plain text, to learn the world's words and facts from: half of the answers are right and bare, so
 * that what a question asks for can be learned soon; the others are of every quality.
 */
export function toyTexts(n: number, seed: number): TextExample[] {
  const rng = createRng(seed, 'toy-world/texts');
  return Array.from({ length: n }, () => {
    const prompt = makePrompt(rng);
    const isBare = rng.uniform() < 0.5;
    const answer = isBare ? instructionFor(prompt).answer(rng) : sampleAnswer(prompt, rng.uniform(), rng);
    return { text: `${prompt[0]?.content} ${answer}` };
  });
}

/** Question and answer pairs as a mixed crowd would write them: good, middling and poor. */
export function toySftExamples(n: number, seed: number): SftExample[] {
  const rng = createRng(seed, 'toy-world/sft');
  return Array.from({ length: n }, () => {
    const prompt = makePrompt(rng);
    return {
      prompt,
      completion: sampleAnswer(prompt, rng.uniform(), rng),
      split: sideOf(prompt),
    };
  });
}

/** `n` distinct prompts of one side of the split. */
export function toyPrompts(
  n: number,
  { seed, split }: { seed: number; split: 'train' | 'heldout' },
): PromptExample[] {
  const prompts: PromptExample[] = [];
  for (const prompt of allPrompts(Math.min(6 * n + 200, NUM_PROMPTS), seed)) {
    if (sideOf(prompt) !== split) continue;
    prompts.push({ id: `toy-${prompts.length}`, prompt });
    if (prompts.length === n) return prompts;
  }
  throw new RangeError(`the toy world has only ${prompts.length} ${split} prompts, ${n} were asked for`);
}

/** One ranked example per prompt, judged by a simulated annotator; a prompt whose responses are all alike is left out. */
export function toyComparisons(
  tasks: readonly { prompt: Message[]; responses: readonly string[] }[],
  annotator: SimulatedAnnotator,
): RankedExample[] {
  return tasks.flatMap(({ prompt, responses }, i) => {
    const distinct = [...new Set(responses)];
    if (distinct.length < 2) return [];
    return [
      {
        id: `toy-${i}`,
        prompt,
        responses: distinct,
        ranks: annotator.rank(prompt, distinct),
        margin: 0,
        split: sideOf(prompt),
      },
    ];
  });
}
