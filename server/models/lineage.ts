import { asc, eq, inArray, or } from 'drizzle-orm';
import { countOf } from '../../db/counts.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { checkpoints, models } from '../../db/schema/models.ts';
import { runs } from '../../db/schema/runs.ts';
import { snapshotJudgments, snapshots } from '../../db/schema/snapshots.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';
import { describeSnapshot } from '../runs/get.ts';
import { type Checkpoint, getCheckpointInProject } from './internal.ts';

/** One checkpoint in a lineage, by name. */
type Node = {
  id: string;
  modelName: string;
  kind: 'language-model' | 'reward-model';
  step: number;
  manifestSha256: string;
  createdAt: number;
  run: { id: string; name: string; recipe: string } | null;
  snapshot: ReturnType<typeof describeSnapshot>;
};

/**
 * Where a checkpoint comes from and what came of it. `ancestors`: it first, then parents and the reward models that scored
 * them, back to the start. `descendants`: every checkpoint trained from it or scored by it, transitively.
 */
export function checkpointLineage({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string; checkpointId: string };
}): {
  ancestors: (Node & { relation: string })[];
  descendants: (Node & { relation: string })[];
  numResponses: number;
} {
  requirePermission(ctx, input.projectId, 'models.read');
  const { checkpoint } = getCheckpointInProject(ctx, input);
  const count = countOf(ctx.db, input.projectId, `written:${checkpoint.id}`);
  return {
    ancestors: walk(ctx, checkpoint, (current) => [
      ...find(ctx, current.parentId).map((found) => ({ found, relation: 'trained from' })),
      ...find(ctx, current.rewardCheckpointId).map((found) => ({ found, relation: 'scored by' })),
    ]),
    descendants: walk(ctx, checkpoint, (current) =>
      ctx.db
        .select()
        .from(checkpoints)
        .where(or(eq(checkpoints.parentId, current.id), eq(checkpoints.rewardCheckpointId, current.id)))
        .orderBy(asc(checkpoints.id))
        .all()
        .map((found) => ({
          found,
          relation: found.parentId === current.id ? 'trained from it' : 'scored by it',
        })),
    ),
    numResponses: count,
  };
}

/**
 * Forward from one judgment: the snapshots that hold it and every checkpoint that they shaped, directly (reward model, SFT)
 * or through a reward model or a parent (PPO policies).
 */
export function judgmentLineage({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string; judgmentId: string };
}): { snapshots: { id: string; number: number }[]; checkpoints: (Node & { relation: string })[] } {
  requirePermission(ctx, input.projectId, 'models.read');
  const judgment = ctx.db
    .select({ projectId: judgments.projectId })
    .from(judgments)
    .where(eq(judgments.id, input.judgmentId))
    .get();
  if (judgment?.projectId !== input.projectId) {
    throw new DomainError('not-found', `No judgment ${input.judgmentId} in this project.`);
  }
  const holding = ctx.db
    .select({ id: snapshots.id, number: snapshots.number })
    .from(snapshotJudgments)
    .innerJoin(snapshots, eq(snapshots.id, snapshotJudgments.snapshotId))
    .where(eq(snapshotJudgments.judgmentId, input.judgmentId))
    .orderBy(asc(snapshots.number))
    .all();
  const shaped = new Map<string, Node & { relation: string }>();
  if (holding.length > 0) {
    const direct = ctx.db
      .select()
      .from(checkpoints)
      .where(
        inArray(
          checkpoints.snapshotId,
          holding.map((snapshot) => snapshot.id),
        ),
      )
      .orderBy(asc(checkpoints.id))
      .all();
    for (const checkpoint of direct) {
      shaped.set(checkpoint.id, { ...toNode(ctx, checkpoint), relation: 'trained on it' });
      const { descendants } = checkpointLineage({
        ctx,
        input: { projectId: input.projectId, checkpointId: checkpoint.id },
      });
      for (const node of descendants) if (!shaped.has(node.id)) shaped.set(node.id, node);
    }
  }
  return { snapshots: holding, checkpoints: [...shaped.values()] };
}

function walk(
  ctx: Ctx,
  start: Checkpoint,
  next: (current: Checkpoint) => { found: Checkpoint; relation: string }[],
): (Node & { relation: string })[] {
  const seen = new Set([start.id]);
  const nodes: (Node & { relation: string })[] = [];
  let frontier = [start];
  while (frontier.length > 0) {
    const reached: Checkpoint[] = [];
    for (const { found, relation } of frontier.flatMap(next)) {
      if (seen.has(found.id)) continue;
      seen.add(found.id);
      nodes.push({ ...toNode(ctx, found), relation });
      reached.push(found);
    }
    frontier = reached;
  }
  return nodes;
}

function find(ctx: Ctx, checkpointId: string | null): Checkpoint[] {
  if (checkpointId === null) return [];
  const found = ctx.db.select().from(checkpoints).where(eq(checkpoints.id, checkpointId)).get();
  return found ? [found] : [];
}

function toNode(ctx: Ctx, checkpoint: Checkpoint): Node {
  const model = ctx.db.select().from(models).where(eq(models.id, checkpoint.modelId)).get();
  if (!model) throw new Error(`checkpoint ${checkpoint.id} belongs to no model`);
  const run =
    checkpoint.runId === null
      ? undefined
      : ctx.db
          .select({ id: runs.id, name: runs.name, recipe: runs.recipe })
          .from(runs)
          .where(eq(runs.id, checkpoint.runId))
          .get();
  return {
    id: checkpoint.id,
    modelName: model.name,
    kind: model.kind,
    step: checkpoint.step,
    manifestSha256: checkpoint.manifestSha256,
    createdAt: checkpoint.createdAt,
    run: run ?? null,
    snapshot: describeSnapshot(ctx, checkpoint.snapshotId),
  };
}
