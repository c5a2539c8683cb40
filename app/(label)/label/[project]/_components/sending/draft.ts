import { z } from 'zod';
import { emptyRanking, type RankingState } from '../ranking/ranking-state.ts';
import { type ActivityClock, STOPPED_CLOCK } from './activity-clock.ts';

const draftSchema = z.object({
  groups: z.array(z.array(z.string())),
  strength: z.number().int().min(-3).max(3).nullable(),
  tieKind: z.enum(['none', 'equal', 'both_good', 'both_bad']),
  notRankable: z.boolean(),
  flags: z.record(z.string(), z.array(z.string())),
  rationale: z.string(),
  activeMs: z.number().nonnegative(),
  firstInteractionAt: z.number().nullable(),
});

/** An unfinished answer as text for the browser's own storage. */
export function writeDraft(state: RankingState, clock: ActivityClock): string {
  const { groups, strength, tieKind, notRankable, flags, rationale } = state;
  const { activeMs, firstInteractionAt } = clock;
  return JSON.stringify({
    groups,
    strength,
    tieKind,
    notRankable,
    flags,
    rationale,
    activeMs,
    firstInteractionAt,
  });
}

/**
 * Reads a draft back onto the task it belongs to. Storage is not trusted: text that is broken, or an order that names
 * other responses, counts as no draft, but a rationale that somebody wrote is kept whenever it can be read.
 */
export function readDraft(
  text: string | null,
  task: { shown: readonly string[]; asksStrength: boolean },
): { state: RankingState; clock: ActivityClock } {
  const empty = emptyRanking(task.shown, task.asksStrength);
  if (text === null) return { state: empty, clock: STOPPED_CLOCK };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // not ours or cut off: there is nothing to restore
    return { state: empty, clock: STOPPED_CLOCK };
  }
  const parsed = draftSchema.safeParse(value);
  if (!parsed.success) return { state: empty, clock: STOPPED_CLOCK };
  const { activeMs, firstInteractionAt, ...answer } = parsed.data;
  const placed = answer.groups.flat();
  const isOfThisTask =
    placed.every((id) => task.shown.includes(id)) &&
    new Set(placed).size === placed.length &&
    Object.keys(answer.flags).every((id) => task.shown.includes(id));
  const state = isOfThisTask ? { ...empty, ...answer } : { ...empty, rationale: answer.rationale };
  return { state, clock: { ...STOPPED_CLOCK, activeMs, firstInteractionAt } };
}
