import { sessions } from '../../db/schema/users.ts';
import { newId } from '../../lib/new-id.ts';
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
  ctx.db
    .insert(sessions)
    .values({
      id,
      userId,
      createdAt: now,
      lastSeenAt: now,
      expiresAt: now + SESSION_DAYS * 86_400_000,
      userAgent: describeUserAgent(userAgent),
      addressHash: addressHash(ctx, userId, address),
    })
    .run();
  return { sessionId: id };
}
