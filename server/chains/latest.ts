import { asc, desc, eq } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { chainExecutions, chainSteps } from '../../db/schema/chains.ts';
import { runs } from '../../db/schema/runs.ts';
import { snapshots } from '../../db/schema/snapshots.ts';
import { storedSteps } from './internal.ts';
import type { StepKind } from './schemas.ts';

/** Executions of a schedule, newest first, each with where it stands at every step. */
export function latestExecutions(db: Db, { scheduleId, limit }: { scheduleId: string; limit: number }) {
  return db
    .select()
    .from(chainExecutions)
    .where(eq(chainExecutions.scheduleId, scheduleId))
    .orderBy(desc(chainExecutions.id))
    .limit(limit)
    .all()
    .map(({ id, status, error, judgmentCount, createdAt, finishedAt, steps }) => {
      const kinds: StepKind[] = storedSteps(steps).map((step) => step.kind);
      const states = db
        .select({
          key: chainSteps.key,
          position: chainSteps.position,
          status: chainSteps.status,
          reason: chainSteps.reason,
          figures: chainSteps.figures,
          runId: chainSteps.runId,
          runStep: runs.step,
          runTotalSteps: runs.totalSteps,
          snapshotId: chainSteps.snapshotId,
          snapshotNumber: snapshots.number,
          startedAt: chainSteps.startedAt,
          finishedAt: chainSteps.finishedAt,
        })
        .from(chainSteps)
        .leftJoin(runs, eq(runs.id, chainSteps.runId))
        .leftJoin(snapshots, eq(snapshots.id, chainSteps.snapshotId))
        .where(eq(chainSteps.executionId, id))
        .orderBy(asc(chainSteps.position))
        .all()
        .map((state) => ({ ...state, kind: kinds[state.position] ?? null }));
      return { id, status, error, judgmentCount, createdAt, finishedAt, steps: states };
    });
}
