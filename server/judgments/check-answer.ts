import { DomainError } from '../errors.ts';
import type { Answer } from './schemas.ts';

/**
 * Throws `invalid` unless the answer fits the task: the ranking is a partition of exactly the shown responses (or the task
 * is called not rankable), the strength agrees with it, flags belong to shown responses, and a rationale is there when
 * the project asks for one.
 */
export function checkAnswer(
  answer: Pick<Answer, 'ranking' | 'strength' | 'tieKind' | 'notRankable' | 'flags' | 'rationale'>,
  task: { shownOrder: readonly string[]; requireRationale: boolean },
): void {
  const { ranking, tieKind } = answer;
  const { shownOrder } = task;
  if (answer.notRankable) {
    if (ranking.length > 0) refuse('ranking: a task that is not rankable has an empty ranking.');
    if (answer.strength !== null) refuse('strength: a task that is not rankable has no strength.');
    if (tieKind !== 'none') refuse(`tieKind: a task that is not rankable is no tie, but it is ${tieKind}.`);
  } else {
    checkPartition(ranking, shownOrder);
    const isAllTied = ranking.length === 1;
    if (isAllTied && tieKind === 'none') {
      refuse('tieKind: all responses share one place, so say whether they are equal, both_good or both_bad.');
    }
    if (!isAllTied && tieKind !== 'none') {
      refuse(`tieKind: ${tieKind} needs all responses in one place, but there are ${ranking.length} places.`);
    }
    checkStrength(answer.strength, ranking, shownOrder);
  }
  const stranger = Object.keys(answer.flags).find((id) => !shownOrder.includes(id));
  if (stranger !== undefined) refuse(`flags: ${stranger} is not a response of this task.`);
  if (task.requireRationale && answer.rationale.trim() === '') {
    refuse('rationale: this project asks for a reason with every judgment.');
  }
}

function checkPartition(ranking: readonly (readonly string[])[], shownOrder: readonly string[]): void {
  const placed = ranking.flat();
  const seen = new Set<string>();
  for (const id of placed) {
    if (!shownOrder.includes(id)) refuse(`ranking: ${id} is not a response of this task.`);
    if (seen.has(id)) refuse(`ranking: ${id} has two places.`);
    seen.add(id);
  }
  const missing = shownOrder.find((id) => !seen.has(id));
  if (missing !== undefined) refuse(`ranking: ${missing} has no place; all ${shownOrder.length} need one.`);
  if (ranking.some((group) => group.length === 0)) refuse('ranking: a place without a response.');
}

/** Negative = the first shown is better, positive = the second, 0 = tie. */
function checkStrength(
  strength: number | null,
  ranking: readonly (readonly string[])[],
  shownOrder: readonly string[],
): void {
  if (strength === null) return;
  if (shownOrder.length !== 2) refuse('strength: only pairs have one; send null for a ranking.');
  const isFirstBetter = ranking[0]?.[0] === shownOrder[0];
  const expected = ranking.length === 1 ? 0 : isFirstBetter ? -1 : 1;
  if (Math.sign(strength) !== expected) {
    const wanted = expected === 0 ? '0 or null' : expected < 0 ? '-3, -2 or -1' : '1, 2 or 3';
    refuse(`strength: ${strength} does not agree with the ranking, which needs ${wanted}.`);
  }
}

function refuse(message: string): never {
  throw new DomainError('invalid', message);
}
