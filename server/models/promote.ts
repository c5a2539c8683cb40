import { appendAudit } from '../audit/append.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { type Checkpoint, currentCheckpointId, getCheckpointInProject, PROMOTE_ACTION } from './internal.ts';

/**
 * Makes a checkpoint the current one of its model: what schedules start from. The promotion is its audit record; there is no
 * second place that could say otherwise.
 */
export function promoteCheckpoint({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string; checkpointId: string };
}): Checkpoint {
  requirePermission(ctx, input.projectId, 'models.register');
  return ctx.db.transaction(
    () => {
      const { checkpoint, model } = getCheckpointInProject(ctx, input);
      const previousId = currentCheckpointId(ctx.db, model.id);
      if (previousId !== checkpoint.id) {
        appendAudit(ctx, {
          action: PROMOTE_ACTION,
          subject: checkpoint.id,
          projectId: input.projectId,
          payload: { modelId: model.id, previousId },
        });
      }
      return checkpoint;
    },
    { behavior: 'immediate' },
  );
}
