import { and, eq, gt, isNull, type SQL } from 'drizzle-orm';
import { apiTokens, type SESSION_ENDS, sessions, users } from '../../db/schema/users.ts';
import { appendAudit } from '../audit/append.ts';
import { addressGroup, UNKNOWN_ADDRESS } from '../auth/client-address.ts';
import { keyedHash } from '../auth/derived-key.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';

export type SessionEnd = (typeof SESSION_ENDS)[number];

/** Sessions that have neither ended nor expired. */
export function isAlive(ctx: Pick<Ctx, 'now'>): SQL {
  return and(isNull(sessions.endedAt), gt(sessions.expiresAt, ctx.now())) as SQL;
}

/** What is kept of an address; empty for one that nobody vouches for, which then is nobody's. */
export function addressHash(ctx: Pick<Ctx, 'dataFolder'>, userId: string, address: string): string {
  return address === UNKNOWN_ADDRESS ? '' : keyedHash(ctx, 'addresses', `${userId} ${addressGroup(address)}`);
}

/** True when this person has signed in from this address before. */
export function isKnownAddress(
  ctx: Pick<Ctx, 'db' | 'dataFolder'>,
  userId: string,
  address: string,
): boolean {
  const hash = addressHash(ctx, userId, address);
  if (hash === '') return false;
  const isFromThere = and(eq(sessions.userId, userId), eq(sessions.addressHash, hash));
  return ctx.db.select({ id: sessions.id }).from(sessions).where(isFromThere).get() !== undefined;
}

/**
 * Ends a person's living sessions, those that `which` says, with one audit event if there are any. Call inside the
 * transaction of the change that ends them. Returns how many.
 */
export function endSessions(
  ctx: Pick<Ctx, 'db' | 'actor' | 'now'>,
  { userId, reason, which }: { userId: string; reason: SessionEnd; which?: SQL | undefined },
): number {
  const ended = ctx.db
    .update(sessions)
    .set({ endedAt: ctx.now(), endReason: reason })
    .where(and(eq(sessions.userId, userId), isAlive(ctx), which))
    .returning({ id: sessions.id })
    .all();
  if (ended.length === 0) return 0;
  const payload = { reason, sessions: ended.map(({ id }) => id).sort() };
  appendAudit(ctx, { action: 'users.endSessions', subject: userId, projectId: null, payload });
  return ended.length;
}

/**
 * Asked again and again by what goes on after its request was let in (streams): throws `unauthenticated` once the session has
 * ended, the token was revoked, or the person was disabled.
 */
export function requireStillIn(ctx: Pick<Ctx, 'db' | 'actor' | 'now'>): void {
  const { actor } = ctx;
  if (actor.type !== 'user') return;
  const { userId, sessionId, token } = actor;
  const person = ctx.db
    .select({ disabledAt: users.disabledAt })
    .from(users)
    .where(eq(users.id, userId))
    .get();
  const isSessionOver = () =>
    !ctx.db
      .select({ id: sessions.id })
      .from(sessions)
      .where(and(eq(sessions.id, sessionId ?? ''), isAlive(ctx)))
      .get();
  const isTokenRevoked = () =>
    !ctx.db
      .select({ id: apiTokens.id })
      .from(apiTokens)
      .where(and(eq(apiTokens.id, token?.id ?? ''), isNull(apiTokens.revokedAt)))
      .get();
  if (
    (person && person.disabledAt !== null) ||
    (sessionId !== undefined && isSessionOver()) ||
    (token !== undefined && isTokenRevoked())
  ) {
    throw new DomainError('unauthenticated', 'You are signed out. Please sign in again.');
  }
}
