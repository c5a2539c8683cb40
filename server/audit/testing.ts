import { recordJudgment } from '../judgments/record.ts';
import { claimTask } from '../tasks/claim.ts';
import type { LabelingWorld } from '../tasks/testing.ts';

/** Three tasks, each judged once by the annotator through the real verbs. For tests. */
export function addThreeJudgments({ projectId, userIds, as, addTask, advance }: LabelingWorld): void {
  const ctx = as(userIds.annotator);
  for (const serial of [1, 2, 3]) {
    addTask();
    advance(1000);
    const { task } = claimTask({ ctx, input: { projectId } });
    const [first, second] = task?.responses.map(({ id }) => id) ?? [];
    if (!task || !first || !second) throw new Error('no task with two responses to judge');
    recordJudgment({
      ctx,
      input: {
        projectId,
        seatId: task.seatId,
        leaseToken: task.leaseToken,
        idempotencyKey: `test-key-${serial}`,
        ranking: [[first], [second]],
        strength: -1,
        tieKind: 'none',
        notRankable: false,
        flags: { [second]: ['untrue'] },
        rationale: 'because',
        firstInteractionAt: null,
        activeMs: 1200,
        inputKind: 'keyboard',
      },
    });
  }
}
