import { eq } from 'drizzle-orm';
import { users } from '../../db/schema/users.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requireInstanceOwner } from '../context.ts';
import { DomainError } from '../errors.ts';
import { endSessions } from '../sessions/internal.ts';

/** Shuts a person out of the installation (sessions and tokens end at once), or lets them in again. Their work stays. */
export function setDisabled({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { userId: string; isDisabled: boolean };
}): void {
  const me = requireInstanceOwner(ctx);
  if (input.userId === me) throw new DomainError('conflict', 'You cannot disable yourself.');
  ctx.db.transaction(
    () => {
      const { changes } = ctx.db
        .update(users)
        .set({ disabledAt: input.isDisabled ? ctx.now() : null })
        .where(eq(users.id, input.userId))
        .run();
      if (changes !== 1) throw new DomainError('not-found', `No person ${input.userId}.`);
      appendAudit(ctx, {
        action: input.isDisabled ? 'users.disable' : 'users.enable',
        subject: input.userId,
        projectId: null,
        payload: {},
      });
      // or whoever is let in again would find old sessions alive
      if (input.isDisabled) endSessions(ctx, { userId: input.userId, reason: 'disabled' });
    },
    { behavior: 'immediate' },
  );
}
