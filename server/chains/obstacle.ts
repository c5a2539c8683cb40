import { DomainError } from '../errors.ts';
import { type ChainStep, type Condition, needsOf } from './schemas.ts';

/** What is known of an earlier step. */
export type Earlier = { key: string; status: string; figures: Record<string, number> | null };

/**
 * Why a step is not to be taken, with the numbers, or null when nothing stands in its way: a step that it starts from or that it
 * depends on was skipped, or a condition does not hold. Throws `invalid` for a condition on a figure that the step does not have: a
 * misspelt name must not pass for a condition that was not met.
 */
export function obstacleOf(step: ChainStep, earlier: readonly Earlier[]): string | null {
  const named = [
    ...needsOf(step).flatMap(({ source }) => (source?.from === 'step' ? [source.step] : [])),
    ...step.when.map((condition) => condition.step),
  ];
  const skipped = named.find((key) => earlier.find((state) => state.key === key)?.status === 'skipped');
  if (skipped !== undefined) return `step "${skipped}" was skipped`;
  for (const condition of step.when) {
    const figure = figureOf(condition, earlier);
    const holds = condition.is === 'above' ? figure > condition.value : figure < condition.value;
    if (!holds) {
      return `${condition.figure} of step "${condition.step}" is ${figure}, not ${condition.is} ${condition.value}`;
    }
  }
  return null;
}

function figureOf({ step, figure }: Condition, earlier: readonly Earlier[]): number {
  const figures = earlier.find((state) => state.key === step)?.figures ?? {};
  const value = Object.hasOwn(figures, figure) ? figures[figure] : undefined;
  if (value !== undefined) return value;
  const names = Object.keys(figures);
  throw new DomainError(
    'invalid',
    `The condition asks for "${figure}" of step "${step}", which has ${names.length === 0 ? 'no figures' : `only ${names.join(', ')}`}.`,
  );
}
