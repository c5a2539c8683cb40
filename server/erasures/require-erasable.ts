import { and, eq, inArray, isNull, ne } from 'drizzle-orm';
import { erasures } from '../../db/schema/erasures.ts';
import { imports } from '../../db/schema/imports.ts';
import { memberships } from '../../db/schema/projects.ts';
import { prompts, responses } from '../../db/schema/prompts.ts';
import { users } from '../../db/schema/users.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { requireOtherOwner } from '../projects/internal.ts';
import type { EraseTextInput } from './schemas.ts';

type Text = Pick<EraseTextInput, 'projectId' | 'kind' | 'subjectId'>;

/**
 * Throws `not-found` for a text that is not of the project, and `conflict` for what was erased before or is being erased, or while an
 * import of the project is read: it could bring the text in again.
 */
export function requireErasableText(ctx: Pick<Ctx, 'db'>, { projectId, kind, subjectId }: Text): void {
  const row = find(ctx, { projectId, kind, subjectId });
  if (!row) throw new DomainError('not-found', `No ${kind} ${subjectId} in this project.`);
  if (row.erasedAt !== null) throw new DomainError('conflict', `${subjectId} was erased already.`);
  requireNotBegun(ctx, subjectId);
  const underWay = and(eq(imports.projectId, projectId), inArray(imports.status, ['queued', 'running']));
  if (ctx.db.select({ id: imports.id }).from(imports).where(underWay).get()) {
    throw new DomainError(
      'conflict',
      'An import into this project is under way and may bring the text in again. Erase when it has ended.',
    );
  }
}

/**
 * Throws `not-found` for nobody, and `conflict` for who was erased before or is being erased, and where a project or the installation would
 * be left without an owner.
 */
export function requireErasablePerson(ctx: Pick<Ctx, 'db'>, userId: string): void {
  const person = ctx.db.select().from(users).where(eq(users.id, userId)).get();
  if (!person) throw new DomainError('not-found', `No person ${userId}.`);
  if (person.erasedAt !== null) throw new DomainError('conflict', `${userId} was erased already.`);
  requireNotBegun(ctx, userId);
  const others = and(eq(users.isInstanceOwner, true), isNull(users.disabledAt), ne(users.id, userId));
  if (person.isInstanceOwner && !ctx.db.select({ id: users.id }).from(users).where(others).get())
    throw new DomainError('conflict', `${userId} owns this installation, which nobody else does.`);
  const owned = and(
    eq(memberships.userId, userId),
    eq(memberships.role, 'owner'),
    isNull(memberships.removedAt),
  );
  for (const { projectId } of ctx.db.select().from(memberships).where(owned).all())
    requireOtherOwner(ctx, { projectId, userId });
}

function requireNotBegun(ctx: Pick<Ctx, 'db'>, subjectId: string): void {
  const isOpen = and(eq(erasures.subjectId, subjectId), isNull(erasures.doneAt));
  if (ctx.db.select({ id: erasures.id }).from(erasures).where(isOpen).get())
    throw new DomainError('conflict', `${subjectId} is being erased already.`);
}

function find(
  ctx: Pick<Ctx, 'db'>,
  { projectId, kind, subjectId }: Text,
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
