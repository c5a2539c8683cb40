/**
 * The prompts of the toy world: ten kinds of instruction, several wordings each, with or without "Please". All of them are
 * listed, so the instruction behind a prompt is looked up, never guessed from its text.
 */

import { createRng, type Rng } from '../../lib/rng.ts';
import type { Message, PromptExample } from '../data/types.ts';
import { CAN_DO, COLOR, COMPARE, NEXT, OPPOSITE } from './fact-kinds.ts';
import { type Instruction, type InstructionKind, pick } from './instruction.ts';
import { COUNT, GREET, LIST, SENTENCE, SUM } from './making-kinds.ts';

export const INSTRUCTION_KINDS: readonly InstructionKind[] = [
  LIST,
  COLOR,
  SUM,
  COUNT,
  OPPOSITE,
  COMPARE,
  NEXT,
  SENTENCE,
  GREET,
  CAN_DO,
];

const instanceOf = new Map<string, { about: string; instruction: Instruction }>(
  INSTRUCTION_KINDS.flatMap(({ kind, instances }) =>
    instances.flatMap(({ about, wordings, instruction }) => {
      const instance = { about: `${kind}: ${about}`, instruction };
      return wordings.flatMap((wording) => [
        [wording, instance] as const,
        [polite(wording), instance] as const,
      ]);
    }),
  ),
);

/** How many distinct prompts there are. */
export const NUM_PROMPTS = instanceOf.size;

/** A random prompt: kind, instance and wording, each uniform; one in four says "Please". */
export function makePrompt(rng: Rng): Message[] {
  const instance = pick(pick(INSTRUCTION_KINDS, rng).instances, rng);
  const wording = pick(instance.wordings, rng);
  return [{ role: 'user', content: rng.uniform() < 0.25 ? polite(wording) : wording }];
}

/** `n` distinct prompts, the kinds evenly mixed while they last; the same `seed` gives the same list. */
export function allPrompts(n: number, seed: number): Message[][] {
  if (n > NUM_PROMPTS) throw new RangeError(`the toy world has ${NUM_PROMPTS} prompts, ${n} were asked for`);
  const rng = createRng(seed, 'toy-world/prompts');
  const queues = INSTRUCTION_KINDS.map(({ instances }) =>
    rng.shuffle(instances.flatMap(({ wordings }) => wordings.flatMap((w) => [w, polite(w)]))),
  );
  const prompts: Message[][] = [];
  for (let round = 0; prompts.length < n; round++) {
    for (const queue of queues) {
      const content = queue[round];
      if (content !== undefined && prompts.length < n) prompts.push([{ role: 'user', content }]);
    }
  }
  return rng.shuffle(prompts);
}

/** The instruction of a prompt (its last user message). Throws when it is not of the toy world. */
export function instructionFor(prompt: readonly Message[]): Instruction {
  return instanceFor(prompt).instruction;
}

/**
 * What a prompt is about, the same for all wordings of a question and for its mirror image: whoever knows the answer to one knows
 * that to the others, so they stay on one side of a split. Throws when the prompt is not of the toy world.
 */
export function matterOf(prompt: readonly Message[]): string {
  return instanceFor(prompt).about;
}

function instanceFor(prompt: readonly Message[]) {
  const asked = askedIn(prompt);
  const instance = instanceOf.get(asked);
  if (!instance) throw new Error(`"${asked.slice(0, 80)}" is not a prompt of the toy world`);
  return instance;
}

/** Whether every prompt is of the toy world: only then do their answers have a true reward. */
export function areToyPrompts(examples: readonly PromptExample[]): boolean {
  const isToy = ({ prompt }: PromptExample) => instanceOf.has(askedIn(prompt));
  return examples.every(isToy);
}

function askedIn(prompt: readonly Message[]): string {
  return prompt.findLast((message) => message.role === 'user')?.content.trim() ?? '';
}

function polite(wording: string): string {
  return `Please help me. ${wording}`;
}
