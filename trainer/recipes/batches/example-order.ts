import { createRng } from '../../../lib/rng.ts';

/**
 * The order in which a run sees its examples: pass after pass, each shuffled by its own stream `<name>/<pass>`. Place
 * `from..to` of that endless list is a function of the seed alone, so a resumed run needs no cursor but its step.
 *
 * @returns indices into the examples, all passes laid end to end
 */
export function createExampleOrder(args: {
  seed: number;
  stream: string;
  numExamples: number;
  /** what became of the examples, said when none is left */
  whenNone: string;
}): (from: number, to: number) => number[] {
  const { seed, stream, numExamples, whenNone } = args;
  if (numExamples < 1) throw new Error(`there are no examples to train on: ${whenNone}`);
  const indices = Array.from({ length: numExamples }, (_, i) => i);
  let cached = { pass: -1, order: indices };
  return (from, to) =>
    Array.from({ length: Math.max(0, to - from) }, (_, i) => {
      const pass = Math.floor((from + i) / numExamples);
      if (cached.pass !== pass) {
        cached = { pass, order: createRng(seed, `${stream}/${pass}`).shuffle(indices) };
      }
      return cached.order[(from + i) % numExamples] as number;
    });
}
