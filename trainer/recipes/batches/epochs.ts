import { createExampleOrder } from './example-order.ts';

/** Passes over the examples in steps of one batch. */
export type Epochs = {
  totalSteps: number;
  /** indices into the examples of the step after `step` others; the last may be shorter, no other is */
  batchAfter(step: number): number[];
  /** passes over the examples when `step` steps are done */
  epochAt(step: number): number;
};

/**
 * Shuffled passes as a run's steps; `epochs` need not be whole. A function of the seed alone, so that a resumed run needs no
 * cursor but its step.
 *
 * @param args.whenNone what became of the examples, said when none is left
 * @throws when there is no example
 */
export function createEpochs(args: {
  seed: number;
  numExamples: number;
  epochs: number;
  batchSize: number;
  whenNone: string;
}): Epochs {
  const { numExamples, epochs, batchSize } = args;
  const order = createExampleOrder({ ...args, stream: 'examples' });
  const numSeen = Math.max(1, Math.round(epochs * numExamples));
  return {
    totalSteps: Math.ceil(numSeen / batchSize),
    batchAfter: (step) => order(step * batchSize, Math.min((step + 1) * batchSize, numSeen)),
    epochAt: (step) => Math.min(step * batchSize, numSeen) / numExamples,
  };
}

/** Examples of either side. */
export function bySplit<Example extends { split: 'train' | 'heldout' }>(
  examples: readonly Example[],
): { train: Example[]; heldOut: Example[] } {
  return {
    train: examples.filter(({ split }) => split === 'train'),
    heldOut: examples.filter(({ split }) => split === 'heldout'),
  };
}
