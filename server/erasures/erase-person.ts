import { eq } from 'drizzle-orm';
import { apiTokens, users } from '../../db/schema/users.ts';
import { actorName, type Ctx, requireInstanceOwner } from '../context.ts';
import { DomainError } from '../errors.ts';
import { endSessions } from '../sessions/internal.ts';
import { beginErasure } from './internal.ts';
import { requireErasablePerson } from './require-erasable.ts';
import type { ErasePersonInput } from './schemas.ts';

/**
 * Shuts a person out at once and asks for their name, mail, rationales and all that signs in to be erased; the worker does it
 * (carry-out.ts). What they judged stays, under the pseudonym. Throws `conflict` for oneself, for who was erased before, and where a
 * project or the installation would be left without an owner.
 */
export function erasePerson({ ctx, input }: { ctx: Ctx; input: ErasePersonInput }): { erasureId: string } {
  const { userId, reason } = input;
  // whoever may run commands on the data folder has all of it anyway
  const me = ctx.actor.type === 'system' ? actorName(ctx.actor) : requireInstanceOwner(ctx);
  if (userId === me) throw new DomainError('conflict', 'You cannot erase yourself.');
  return ctx.db.transaction(
    () => {
      requireErasablePerson(ctx, userId);
      ctx.db.update(users).set({ disabledAt: ctx.now() }).where(eq(users.id, userId)).run();
      ctx.db.update(apiTokens).set({ revokedAt: ctx.now() }).where(eq(apiTokens.userId, userId)).run();
      endSessions(ctx, { userId, reason: 'disabled' });
      const asked = { kind: 'person' as const, subjectId: userId, projectId: null, reason, createdBy: me };
      return { erasureId: beginErasure(ctx, asked) };
    },
    { behavior: 'immediate' },
  );
}
