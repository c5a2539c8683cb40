import { and, eq, isNull } from 'drizzle-orm';
import { memberships } from '../../db/schema/projects.ts';
import { apiTokens, users } from '../../db/schema/users.ts';
import { type Ctx, requireInstanceOwner } from '../context.ts';
import { DomainError } from '../errors.ts';
import { requireOtherOwner } from '../projects/internal.ts';
import { endSessions } from '../sessions/internal.ts';
import { beginErasure } from './internal.ts';
import type { ErasePersonInput } from './schemas.ts';

/**
 * Shuts a person out at once and asks for their name, mail, rationales and all that signs in to be erased; the worker does it
 * (carry-out.ts). What they judged stays, under the pseudonym. Throws `conflict` for oneself, for who was erased before, and where a
 * project would be left without an owner.
 */
export function erasePerson({ ctx, input }: { ctx: Ctx; input: ErasePersonInput }): { erasureId: string } {
  const { userId, reason } = input;
  const me = requireInstanceOwner(ctx);
  if (userId === me) throw new DomainError('conflict', 'You cannot erase yourself.');
  return ctx.db.transaction(
    () => {
      const person = ctx.db.select().from(users).where(eq(users.id, userId)).get();
      if (!person) throw new DomainError('not-found', `No person ${userId}.`);
      if (person.erasedAt !== null) throw new DomainError('conflict', `${userId} was erased already.`);
      const owned = and(
        eq(memberships.userId, userId),
        eq(memberships.role, 'owner'),
        isNull(memberships.removedAt),
      );
      for (const { projectId } of ctx.db.select().from(memberships).where(owned).all())
        requireOtherOwner(ctx, { projectId, userId });
      ctx.db.update(users).set({ disabledAt: ctx.now() }).where(eq(users.id, userId)).run();
      ctx.db.update(apiTokens).set({ revokedAt: ctx.now() }).where(eq(apiTokens.userId, userId)).run();
      endSessions(ctx, { userId, reason: 'disabled' });
      const asked = { kind: 'person' as const, subjectId: userId, projectId: null, reason, createdBy: me };
      return { erasureId: beginErasure(ctx, asked) };
    },
    { behavior: 'immediate' },
  );
}
