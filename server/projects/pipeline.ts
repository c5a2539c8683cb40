import { and, desc, eq, inArray } from 'drizzle-orm';
import { checkpoints, models } from '../../db/schema/models.ts';
import { runMetrics, runs } from '../../db/schema/runs.ts';
import { snapshots } from '../../db/schema/snapshots.ts';
import { snapshotWords } from '../../lib/snapshot-words.ts';
import { definitionOf } from '../../trainer/config/recipes.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { headlineOf } from '../runs/headline.ts';
import type { Run } from '../runs/internal.ts';
import { DATA_SOURCES } from '../runs/schemas.ts';

/** Runs that are drawn, at most: the newest that came to something or may yet. */
const DRAWN_RUNS = 12;
const NEWEST_RUNS = 5;
const DRAWN_STATUSES = ['queued', 'running', 'paused', 'succeeded'] as const;

/**
 * What the newest runs of a project are made of: each with its loss, its data and what it cost, the snapshots and models it
 * began with, and which of these another run made. For the drawing on the first page.
 */
export function readPipeline({ ctx, input }: { ctx: Ctx; input: { projectId: string } }) {
  requirePermission(ctx, input.projectId, 'runs.read');
  const { db } = ctx;
  const ofProject = eq(runs.projectId, input.projectId);
  const drawn = db
    .select()
    .from(runs)
    .where(and(ofProject, inArray(runs.status, [...DRAWN_STATUSES])))
    .orderBy(desc(runs.id))
    .limit(DRAWN_RUNS)
    .all()
    .reverse();
  const newest = db.select().from(runs).where(ofProject).orderBy(desc(runs.id)).limit(NEWEST_RUNS).all();
  const reward = db
    .select()
    .from(runs)
    .where(and(ofProject, eq(runs.recipe, 'reward'), eq(runs.status, 'succeeded')))
    .orderBy(desc(runs.id))
    .get();
  const asked = drawn.flatMap((run) => [run.modelCheckpointId, run.rewardCheckpointId]);
  const given = checkpointsOf(
    ctx,
    [...new Set(asked)].filter((id) => id !== null),
  );
  const madeBy = new Map(
    given.flatMap(({ id, runId }) => (drawn.some((run) => run.id === runId) ? [[id, runId as string]] : [])),
  );
  const snapshotIds = [...new Set(drawn.map(({ snapshotId }) => snapshotId))].filter((id) => id !== null);
  return {
    runs: drawn.map((run) => ({
      ...{ id: run.id, name: run.name, recipe: run.recipe, status: run.status, step: run.step },
      ...{
        totalSteps: run.totalSteps,
        device: run.device ?? run.backend,
        resultCheckpointId: run.resultCheckpointId,
      },
      headline: headlineOf(run.recipe, run.summary),
      ...lastFigures(ctx, run),
      seconds: run.startedAt === null ? null : ((run.finishedAt ?? ctx.now()) - run.startedAt) / 1000,
      /** ids of the nodes that it began with */
      from: [
        ...(run.snapshotId === null ? [] : [run.snapshotId]),
        ...(DATA_SOURCES[definitionOf(run.recipe).data].isSnapshot ? [] : ['data']),
        ...[run.modelCheckpointId, run.rewardCheckpointId].flatMap((id) =>
          id === null ? [] : [madeBy.get(id) ?? id],
        ),
      ],
    })),
    snapshots:
      snapshotIds.length === 0
        ? []
        : db
            .select()
            .from(snapshots)
            .where(inArray(snapshots.id, snapshotIds))
            .all()
            .map((row) => ({
              id: row.id,
              number: row.number,
              name: snapshotWords(row),
              kept: row.counts.kept,
            })),
    models: given.filter(({ id }) => !madeBy.has(id)),
    newest: newest.map((run) => ({
      ...{ id: run.id, name: run.name, recipe: run.recipe, status: run.status, createdAt: run.createdAt },
      headline: headlineOf(run.recipe, run.summary),
    })),
    /** the newest reward model, by its run */
    reward: reward
      ? {
          ...{ id: reward.id, name: reward.name, finishedAt: reward.finishedAt },
          headline: headlineOf(reward.recipe, reward.summary),
        }
      : null,
  };
}

function checkpointsOf(ctx: Ctx, ids: string[]) {
  if (ids.length === 0) return [];
  return ctx.db
    .select({
      ...{ id: checkpoints.id, step: checkpoints.step, runId: checkpoints.runId, folder: checkpoints.folder },
      ...{ name: models.name, kind: models.kind },
    })
    .from(checkpoints)
    .innerJoin(models, eq(models.id, checkpoints.modelId))
    .where(inArray(checkpoints.id, ids))
    .all()
    .map(({ folder, ...row }) => ({ ...row, isBundled: folder.startsWith('bundled:') }));
}

/** Loss at the first and the last step, and the tokens of the last; null where the recipe logs none. */
function lastFigures(
  ctx: Ctx,
  run: Run,
): { firstLoss: number | null; loss: number | null; tokens: number | null } {
  const at = (step: number) =>
    new Map(
      ctx.db
        .select({ name: runMetrics.name, value: runMetrics.value })
        .from(runMetrics)
        .where(and(eq(runMetrics.runId, run.id), eq(runMetrics.step, step)))
        .all()
        .map(({ name, value }) => [name, value] as const),
    );
  const [first, last] = [at(1), at(run.step)];
  const tokens = last.get('num_tokens') ?? run.summary?.tokens ?? null;
  return { firstLoss: first.get('loss') ?? null, loss: last.get('loss') ?? null, tokens };
}
