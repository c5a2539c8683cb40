import { actorName, type Ctx, requirePermission } from '../context.ts';
import { beginErasure } from './internal.ts';
import { requireErasableText } from './require-erasable.ts';
import type { EraseTextInput } from './schemas.ts';

/**
 * Asks for a prompt (with all its responses) or one response to be erased; the worker does it (carry-out.ts). Throws `not-found`, and
 * `conflict` for what was erased before, or while an import of the project is read: it could bring the text in again.
 */
export function eraseText({ ctx, input }: { ctx: Ctx; input: EraseTextInput }): { erasureId: string } {
  const { projectId, kind, subjectId, reason } = input;
  requirePermission(ctx, projectId, 'data.erase');
  return ctx.db.transaction(
    () => {
      requireErasableText(ctx, input);
      const createdBy = ctx.actor.type === 'user' ? ctx.actor.userId : actorName(ctx.actor);
      return { erasureId: beginErasure(ctx, { kind, subjectId, projectId, reason, createdBy }) };
    },
    { behavior: 'immediate' },
  );
}
