import { createHash } from 'node:crypto';
import { and, eq, isNull } from 'drizzle-orm';
import { apiTokens, sessions, users } from '../../db/schema/users.ts';
import type { Actor, Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { isAlive } from '../sessions/internal.ts';
import { storageProblem } from '../storage/storage-problem.ts';

/** What the cookie of a session says. */
export type SessionClaim = { userId: string; sessionId: string };

/** The actor of a session that lives; anonymous where it has ended or expired, and for people who are unknown or disabled. */
export function actorOfSession(ctx: Pick<Ctx, 'db' | 'now'>, claim: SessionClaim | null): Actor {
  if (claim === null) return { type: 'anonymous' };
  const row = ctx.db
    .select({ session: sessions, isInstanceOwner: users.isInstanceOwner })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(
      and(
        eq(sessions.id, claim.sessionId),
        eq(sessions.userId, claim.userId),
        isAlive(ctx),
        isNull(users.disabledAt),
      ),
    )
    .get();
  if (!row) return { type: 'anonymous' };
  noteUse(ctx, row.session.lastSeenAt, (now) =>
    ctx.db.update(sessions).set({ lastSeenAt: now }).where(eq(sessions.id, row.session.id)).run(),
  );
  const { userId, id: sessionId } = row.session;
  return { type: 'user', userId, isInstanceOwner: row.isInstanceOwner, sessionId };
}

export const API_TOKEN_PREFIX = 'plb_';
export const hashToken = (token: string) => createHash('sha256').update(token).digest('hex');

/** The actor behind `Authorization: Bearer plb_...`. Throws `unauthenticated` for a token that is unknown, revoked or whose owner is disabled. */
export function actorOfToken(ctx: Pick<Ctx, 'db' | 'now'>, token: string): Actor {
  const refused = new DomainError('unauthenticated', 'This API token is unknown or was revoked.');
  if (!token.startsWith(API_TOKEN_PREFIX) || token.length > 100) throw refused;
  const row = ctx.db
    .select({ token: apiTokens, user: users })
    .from(apiTokens)
    .innerJoin(users, eq(users.id, apiTokens.userId))
    .where(
      and(eq(apiTokens.tokenHash, hashToken(token)), isNull(apiTokens.revokedAt), isNull(users.disabledAt)),
    )
    .get();
  if (!row) throw refused;
  noteUse(ctx, row.token.lastUsedAt, (now) =>
    ctx.db.update(apiTokens).set({ lastUsedAt: now }).where(eq(apiTokens.id, row.token.id)).run(),
  );
  return {
    type: 'user',
    userId: row.user.id,
    isInstanceOwner: row.user.isInstanceOwner,
    token: { id: row.token.id, scopes: row.token.scopes },
  };
}

/** "Last used" to the minute is enough, and spares a write per request. Reading goes on where nothing can be written just now. */
function noteUse(ctx: Pick<Ctx, 'now'>, lastAt: number | null, write: (now: number) => void): void {
  const now = ctx.now();
  if (lastAt !== null && lastAt >= now - 60_000) return;
  try {
    write(now);
  } catch (error) {
    if (storageProblem(error) === null) throw error;
  }
}
