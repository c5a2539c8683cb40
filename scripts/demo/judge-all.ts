import type { Ctx } from '../../server/context.ts';
import { recordJudgment } from '../../server/judgments/record.ts';
import { addSimulatedAnnotator } from '../../server/projects/add-simulated-annotator.ts';
import { claimTask } from '../../server/tasks/claim.ts';
import { taskStats } from '../../server/tasks/stats.ts';
import { simulatedAnnotator } from '../../trainer/toy-world/simulated-annotator.ts';

/** How good and how biased each simulated annotator is: most look closely, one mostly guesses, two like long answers. */
const ANNOTATORS = [
  { skill: 0.9, biasToLength: 0 },
  { skill: 0.8, biasToLength: 0.1 },
  { skill: 0.8, biasToLength: 0.2 },
  { skill: 0.7, biasToLength: 0.2 },
  { skill: 0.6, biasToLength: 0.4 },
  { skill: 0.2, biasToLength: 0 },
];

/**
 * Simulated annotators claim and judge until `leaveOpen` tasks are left, through the same two verbs as the label page. They judge
 * in turn and each reads the responses in the order it was shown. Returns the number of judgments.
 */
export function judgeAll(
  ctx: Ctx,
  {
    projectId,
    seed,
    leaveOpen,
    onJudged,
  }: { projectId: string; seed: number; leaveOpen: number; onJudged: (total: number) => void },
): number {
  const toJudge = taskStats({ ctx, input: { projectId } }).seats.open - leaveOpen;
  const annotators = ANNOTATORS.map((traits, i) => {
    const { userId } = addSimulatedAnnotator({
      ctx,
      input: { projectId, name: `Simulated annotator ${i + 1}` },
    });
    return { userId, judge: simulatedAnnotator({ ...traits, seed: seed + i }) };
  });
  let total = 0;
  let idle = 0;
  for (let turn = 0; idle < annotators.length && total < toJudge; turn++) {
    const { userId, judge } = annotators[turn % annotators.length] as (typeof annotators)[number];
    const asAnnotator: Ctx = { ...ctx, actor: { type: 'user', userId, isInstanceOwner: false } };
    const { task } = claimTask({ ctx: asAnnotator, input: { projectId } });
    if (task === null) {
      idle += 1;
      continue;
    }
    idle = 0;
    const ids = task.responses.map((response) => response.id);
    const ranks = judge.rank(
      task.prompt,
      task.responses.map((response) => response.content),
    );
    const ranking = groupByRank(ids, ranks);
    const now = ctx.now();
    recordJudgment({
      ctx: asAnnotator,
      input: {
        projectId,
        seatId: task.seatId,
        leaseToken: task.leaseToken,
        idempotencyKey: `demo-${task.seatId}`,
        ranking,
        strength: null,
        tieKind: ranking.length === 1 ? 'equal' : 'none',
        notRankable: false,
        flags: {},
        rationale: '',
        firstInteractionAt: now,
        activeMs: 0,
        inputKind: 'api',
      },
    });
    total += 1;
    onJudged(total);
  }
  return total;
}

/** Ids grouped by rank, best first. */
function groupByRank(ids: readonly string[], ranks: readonly number[]): string[][] {
  const groups = new Map<number, string[]>();
  ids.forEach((id, i) => {
    const rank = ranks[i] as number;
    groups.set(rank, [...(groups.get(rank) ?? []), id]);
  });
  return [...groups.entries()].sort(([a], [b]) => a - b).map(([, group]) => group);
}
