import { and, eq, inArray } from 'drizzle-orm';
import { imports } from '../../db/schema/imports.ts';
import { prompts, responses } from '../../db/schema/prompts.ts';
import { actorName, type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';
import { beginErasure } from './internal.ts';
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
      const row = find(ctx, input);
      if (!row) throw new DomainError('not-found', `No ${kind} ${subjectId} in this project.`);
      if (row.erasedAt !== null) throw new DomainError('conflict', `${subjectId} was erased already.`);
      const underWay = and(eq(imports.projectId, projectId), inArray(imports.status, ['queued', 'running']));
      if (ctx.db.select({ id: imports.id }).from(imports).where(underWay).get()) {
        throw new DomainError(
          'conflict',
          'An import into this project is under way and may bring the text in again. Erase when it has ended.',
        );
      }
      const createdBy = ctx.actor.type === 'user' ? ctx.actor.userId : actorName(ctx.actor);
      return { erasureId: beginErasure(ctx, { kind, subjectId, projectId, reason, createdBy }) };
    },
    { behavior: 'immediate' },
  );
}

function find(
  ctx: Ctx,
  { projectId, kind, subjectId }: EraseTextInput,
): { erasedAt: number | null } | undefined {
  if (kind === 'prompt') {
    const isNamed = and(eq(prompts.id, subjectId), eq(prompts.projectId, projectId));
    return ctx.db.select({ erasedAt: prompts.erasedAt }).from(prompts).where(isNamed).get();
  }
  return ctx.db
    .select({ erasedAt: responses.erasedAt })
    .from(responses)
    .innerJoin(prompts, eq(prompts.id, responses.promptId))
    .where(and(eq(responses.id, subjectId), eq(prompts.projectId, projectId)))
    .get();
}
