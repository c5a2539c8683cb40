import { eq } from 'drizzle-orm';
import { sessions } from '../../db/schema/users.ts';
import { type Ctx, requireUser } from '../context.ts';
import { DomainError } from '../errors.ts';
import { endSessions } from './internal.ts';

/** Ends one of the signed-in person's own sessions, or all of them. Throws `not-found` for any other, and one that has ended. */
export function endOwnSessions({ ctx, input }: { ctx: Ctx; input: { sessionId: string | 'all' } }): {
  ended: number;
} {
  const userId = requireUser(ctx);
  const { sessionId } = input;
  const isAll = sessionId === 'all';
  return ctx.db.transaction(
    () => {
      const ended = endSessions(ctx, {
        userId,
        reason: isAll ? 'everywhere' : 'ended',
        which: isAll ? undefined : eq(sessions.id, sessionId),
      });
      if (ended === 0 && !isAll) throw new DomainError('not-found', 'You have no such session.');
      return { ended };
    },
    { behavior: 'immediate' },
  );
}
