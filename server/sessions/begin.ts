import { sessions } from '../../db/schema/users.ts';
import { newId } from '../../lib/new-id.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { describeUserAgent } from './describe-user-agent.ts';
import { addressHash } from './internal.ts';

export const SESSION_DAYS = 30;

/** Writes down that somebody has signed in; the id goes into their cookie. */
export function beginSession({
  ctx,
  input,
}: {
  ctx: Pick<Ctx, 'db' | 'dataFolder' | 'now'>;
  input: { userId: string; address: string; userAgent: string };
}): { sessionId: string } {
  const { userId, address, userAgent } = input;
  const now = ctx.now();
  const id = newId('ses', now);
  const row = {
    id,
    userId,
    createdAt: now,
    lastSeenAt: now,
    expiresAt: now + SESSION_DAYS * 86_400_000,
    userAgent: describeUserAgent(userAgent),
    addressHash: addressHash(ctx, userId, address),
  };
  const as = { ...ctx, actor: { type: 'user', userId, isInstanceOwner: false } as const };
  ctx.db.transaction(
    () => {
      ctx.db.insert(sessions).values(row).run();
      appendAudit(as, {
        action: 'users.beginSession',
        subject: userId,
        projectId: null,
        payload: { session: id },
      });
    },
    { behavior: 'immediate' },
  );
  return { sessionId: id };
}
