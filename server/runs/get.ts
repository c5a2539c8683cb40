import { desc, eq, sql } from 'drizzle-orm';
import { jobs, schedules } from '../../db/schema/jobs.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { checkpoints, models } from '../../db/schema/models.ts';
import { memberships, projects } from '../../db/schema/projects.ts';
import { snapshotJudgments, snapshots } from '../../db/schema/snapshots.ts';
import { type Ctx, roleIn } from '../context.ts';
import { roleMay } from '../permissions.ts';
import { headlineOf } from './headline.ts';
import { getRunFor, hasLostCheckpoints } from './internal.ts';
import { phaseOf } from './progress.ts';
import { remainingSeconds } from './remaining.ts';

export type SourceCounts = Partial<Record<'annotator' | 'simulated' | 'imported', number>>;

/** A run with everything its page shows besides the curves: inputs by name, result, job, project. */
export function getRun({ ctx, input }: { ctx: Ctx; input: { runId: string } }) {
  const run = getRunFor(ctx, input.runId, 'runs.read');
  const { db } = ctx;
  const project = db
    .select({ id: projects.id, slug: projects.slug, name: projects.name })
    .from(projects)
    .where(eq(projects.id, run.projectId))
    .get();
  const job = db
    .select({
      status: jobs.status,
      attempts: jobs.attempts,
      maxAttempts: jobs.maxAttempts,
      heartbeatAt: jobs.heartbeatAt,
      cancelRequestedAt: jobs.cancelRequestedAt,
      pauseRequestedAt: jobs.pauseRequestedAt,
    })
    .from(jobs)
    .where(eq(jobs.runId, run.id))
    .orderBy(desc(jobs.id))
    .get();
  const schedule =
    run.scheduleId === null
      ? undefined
      : db
          .select({ id: schedules.id, name: schedules.name })
          .from(schedules)
          .where(eq(schedules.id, run.scheduleId))
          .get();
  const starter = db
    .select({ pseudonym: memberships.pseudonym })
    .from(memberships)
    .where(sql`${memberships.projectId} = ${run.projectId} and ${memberships.userId} = ${run.createdBy}`)
    .get();
  const rewardCheckpoint = describeCheckpoint(ctx, run.rewardCheckpointId);
  return {
    ...run,
    config: run.config as Record<string, unknown>,
    headline: headlineOf(run.recipe, run.summary),
    project,
    job: job ?? null,
    schedule: schedule ?? null,
    startedBy: starter?.pseudonym ?? null,
    phase: phaseOf(db, run),
    remainingSeconds: remainingSeconds(db, run),
    modelCheckpoint: describeCheckpoint(ctx, run.modelCheckpointId),
    rewardCheckpoint,
    resultCheckpoint: describeCheckpoint(ctx, run.resultCheckpointId),
    snapshot: describeSnapshot(ctx, run.snapshotId ?? rewardCheckpoint?.snapshotId ?? null),
    /** PPO has no snapshot of its own: the one shown is what its reward model was fitted on */
    isSnapshotOfRewardModel: run.snapshotId === null,
    /** it rests and asks: begin anew at step 0, or stop */
    hasLostCheckpoints: run.status === 'paused' && hasLostCheckpoints(db, run.id),
    mayCancel: roleMay(roleIn(ctx, run.projectId) ?? 'annotator', 'runs.start'),
  };
}

function describeCheckpoint(ctx: Ctx, checkpointId: string | null) {
  if (checkpointId === null) return null;
  return (
    ctx.db
      .select({
        id: checkpoints.id,
        modelId: models.id,
        modelName: models.name,
        kind: models.kind,
        step: checkpoints.step,
        folder: checkpoints.folder,
        runId: checkpoints.runId,
        snapshotId: checkpoints.snapshotId,
        manifestSha256: checkpoints.manifestSha256,
      })
      .from(checkpoints)
      .innerJoin(models, eq(models.id, checkpoints.modelId))
      .where(eq(checkpoints.id, checkpointId))
      .get() ?? null
  );
}

/** A snapshot's number and how many of its judgments came from whom: simulated ones are shown as such everywhere. */
export function describeSnapshot(ctx: Ctx, snapshotId: string | null) {
  if (snapshotId === null) return null;
  const snapshot = ctx.db
    .select({
      ...{ id: snapshots.id, number: snapshots.number, manifestSha256: snapshots.manifestSha256 },
      counts: snapshots.counts,
    })
    .from(snapshots)
    .where(eq(snapshots.id, snapshotId))
    .get();
  if (!snapshot) return null;
  const { counts, ...named } = snapshot;
  // its list may still be being written, and is long
  if (counts.bySource) return { ...named, bySource: counts.bySource as SourceCounts };
  const bySource: SourceCounts = {};
  for (const { source, count } of ctx.db
    .select({ source: judgments.source, count: sql<number>`count(*)` })
    .from(snapshotJudgments)
    .innerJoin(judgments, eq(judgments.id, snapshotJudgments.judgmentId))
    .where(eq(snapshotJudgments.snapshotId, snapshotId))
    .groupBy(judgments.source)
    .all()) {
    bySource[source] = count;
  }
  return { ...named, bySource };
}
