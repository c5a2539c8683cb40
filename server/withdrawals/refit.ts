import { and, asc, eq, inArray } from 'drizzle-orm';
import type { withdrawals } from '../../db/schema/erasures.ts';
import { runs } from '../../db/schema/runs.ts';
import { beginExecution } from '../chains/begin.ts';
import { type ChainStepInput, chainSchema } from '../chains/schemas.ts';
import type { Ctx } from '../context.ts';
import type { Run } from '../runs/internal.ts';
import { countJudgments } from '../schedules/internal.ts';
import { taintedBy } from './tainted.ts';

/** A chain holds thirty steps: a run needs two at most, a snapshot one. */
const MAX_RUNS = 10;
const MAX_SNAPSHOTS = 5;

/**
 * Begins a chain that makes the tainted snapshots anew, by the same query and up to the same time, fits the runs on them again with the same
 * config and seed, and measures each reward model beside the one it takes the place of, on the same held-out judgments. Of runs that
 * differ in nothing but when they ran, the newest; the ten newest in all. Null when there is none. Call inside a transaction.
 */
export function beginRefit(ctx: Ctx, { id, projectId, userId, createdBy }: RefitOf): string | null {
  const { snapshots } = taintedBy(ctx, { projectId, userId });
  const snapshotIds = snapshots.map(({ snapshotId }) => snapshotId);
  const onThem = ctx.db
    .select()
    .from(runs)
    .where(and(inArray(runs.snapshotId, snapshotIds), eq(runs.status, 'succeeded')))
    .orderBy(asc(runs.id))
    .all();
  const chosen = newestOfEach(onThem);
  if (chosen.length === 0) return null;
  const steps = chainSchema.parse(stepsOf(chosen, snapshots));
  const numJudgments = countJudgments(ctx.db, projectId);
  return beginExecution(ctx, {
    schedule: { id, projectId, name: 'Without withdrawn judgments', steps, createdBy },
    judgmentCount: numJudgments,
  }).executionId;
}

type RefitOf = Pick<typeof withdrawals.$inferSelect, 'id' | 'projectId' | 'userId' | 'createdBy'>;

/** In the order in which they ran: a later one may go on from what an earlier one left. */
function newestOfEach(found: readonly Run[]): Run[] {
  const byWhat = new Map<string, Run>();
  for (const run of found) {
    const { recipe, snapshotId, modelCheckpointId, rewardCheckpointId, config } = run;
    byWhat.set(JSON.stringify([recipe, snapshotId, modelCheckpointId, rewardCheckpointId, config]), run);
  }
  const newest = [...byWhat.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)).slice(-MAX_RUNS);
  const kept = new Set([...new Set(newest.map(({ snapshotId }) => snapshotId))].slice(-MAX_SNAPSHOTS));
  return newest.filter(({ snapshotId }) => kept.has(snapshotId));
}

function stepsOf(
  chosen: readonly Run[],
  snapshots: readonly { snapshotId: string; number: number }[],
): ChainStepInput[] {
  const keyOfSnapshot = new Map(
    snapshots.map(({ snapshotId, number }) => [snapshotId, `snapshot-${number}`]),
  );
  const steps: ChainStepInput[] = [];
  for (const snapshotId of new Set(chosen.map((run) => run.snapshotId ?? ''))) {
    const key = keyOfSnapshot.get(snapshotId);
    if (key) steps.push({ kind: 'snapshot', key, like: snapshotId });
  }
  /** the step that leaves what takes a checkpoint's place */
  const anew = new Map<string, string>();
  const sourceOf = (checkpointId: string | null) => {
    if (checkpointId === null) return null;
    const step = anew.get(checkpointId);
    return step === undefined
      ? ({ from: 'checkpoint', checkpointId } as const)
      : ({ from: 'step', step } as const);
  };
  chosen.forEach((run, index) => {
    const key = `${run.recipe}-${index + 1}`;
    const snapshot = { from: 'step', step: keyOfSnapshot.get(run.snapshotId ?? '') ?? '' } as const;
    steps.push({
      ...{ kind: 'train', key, recipe: run.recipe, config: run.config as Record<string, never> },
      model: sourceOf(run.modelCheckpointId),
      rewardModel: sourceOf(run.rewardCheckpointId),
      snapshot,
    });
    const before = run.resultCheckpointId;
    if (before === null) return;
    if (run.recipe === 'reward') {
      const rewardModel = { from: 'step', step: key } as const;
      const baseline = { from: 'checkpoint', checkpointId: before } as const;
      const evaluation = { measure: 'accuracy' as const, rewardModel, snapshot, baseline };
      steps.push({ kind: 'evaluate', key: `change-${index + 1}`, evaluation });
    }
    anew.set(before, key);
  });
  return steps;
}
