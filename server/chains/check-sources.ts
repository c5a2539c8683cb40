import { and, eq } from 'drizzle-orm';
import { models } from '../../db/schema/models.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { getCheckpointInProject } from '../models/internal.ts';
import { getSnapshotInProject } from '../snapshots/internal.ts';
import { type ChainStep, type Need, needsOf } from './schemas.ts';

/**
 * Checks that every model, checkpoint and snapshot that the steps name is of the project and of the kind expected there. Throws
 * `invalid` or `not-found` with the path of the field.
 */
export function checkSources(
  ctx: Ctx,
  { projectId, steps }: { projectId: string; steps: readonly ChainStep[] },
): void {
  steps.forEach((step, i) => {
    for (const need of needsOf(step)) {
      const kind = kindOf(ctx, projectId, need);
      if (kind === null || kind === need.expects) continue;
      throw new DomainError(
        'invalid',
        `steps.${i}.${need.path}: that is a ${kind}, expected a ${need.expects}.`,
      );
    }
  });
}

/** What a source names; null for none, or for an earlier step, which the list's own schema has checked. */
function kindOf(ctx: Ctx, projectId: string, { source }: Need): string | null {
  switch (source?.from) {
    case 'checkpoint':
      return getCheckpointInProject(ctx, { projectId, checkpointId: source.checkpointId }).model.kind;
    case 'model': {
      const model = ctx.db
        .select()
        .from(models)
        .where(and(eq(models.id, source.modelId), eq(models.projectId, projectId)))
        .get();
      if (!model) throw new DomainError('not-found', `No model ${source.modelId} in this project.`);
      return model.kind;
    }
    case 'snapshot':
      getSnapshotInProject(ctx, { projectId, snapshotId: source.snapshotId });
      return 'snapshot';
    case 'step':
    case undefined:
      return null;
  }
}
