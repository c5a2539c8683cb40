import { and, desc, eq } from 'drizzle-orm';
import { sessions } from '../../db/schema/users.ts';
import { type Ctx, requireUser } from '../context.ts';
import { isAlive } from './internal.ts';

export type ListedSession = {
  id: string;
  device: string;
  createdAt: number;
  lastSeenAt: number;
  /** the one that asks */
  isThis: boolean;
};

/** Where the signed-in person is signed in, last seen first. */
export function listSessions({ ctx }: { ctx: Ctx }): ListedSession[] {
  const userId = requireUser(ctx);
  const mine = ctx.actor.type === 'user' ? ctx.actor.sessionId : undefined;
  return ctx.db
    .select()
    .from(sessions)
    .where(and(eq(sessions.userId, userId), isAlive(ctx)))
    .orderBy(desc(sessions.lastSeenAt), desc(sessions.id))
    .limit(100)
    .all()
    .map(({ id, userAgent, createdAt, lastSeenAt }) => ({
      id,
      device: userAgent,
      createdAt,
      lastSeenAt,
      isThis: id === mine,
    }));
}
