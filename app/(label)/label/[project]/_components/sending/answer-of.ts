import type { Answer, OwnJudgmentDetail } from '@/server/judgments/schemas.ts';
import { emptyRanking, type RankingState } from '../ranking/ranking-state.ts';
import { type ActivityClock, inputKindOf } from './activity-clock.ts';

const LONGEST_ACTIVE_MS = 86_400_000;

/** What goes to the server. Call only when nothing is missing. */
export function answerOf(state: RankingState, clock: ActivityClock): Answer {
  const placed = state.notRankable
    ? { ranking: [], strength: null, tieKind: 'none' as const }
    : { ranking: state.groups.map((group) => [...group]), strength: state.strength, tieKind: state.tieKind };
  return {
    ...placed,
    notRankable: state.notRankable,
    flags: Object.fromEntries(
      Object.entries(state.flags).map(([id, flags]) => [id, [...flags] as Answer['flags'][string]]),
    ),
    rationale: state.rationale.trim(),
    firstInteractionAt: clock.firstInteractionAt,
    activeMs: Math.min(LONGEST_ACTIVE_MS, Math.round(clock.activeMs)),
    inputKind: inputKindOf(clock),
  };
}

/** An answer given earlier, back on the screen. */
export function stateOf(
  answer: Pick<OwnJudgmentDetail, 'ranking' | 'strength' | 'tieKind' | 'notRankable' | 'flags' | 'rationale'>,
  task: { shown: readonly string[]; asksStrength: boolean },
): RankingState {
  return {
    ...emptyRanking(task.shown, task.asksStrength),
    groups: answer.ranking,
    strength: answer.strength,
    tieKind: answer.tieKind,
    notRankable: answer.notRankable,
    flags: answer.flags,
    rationale: answer.rationale,
  };
}
