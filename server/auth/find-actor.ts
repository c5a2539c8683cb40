import { createHash } from 'node:crypto';
import { and, eq, isNull } from 'drizzle-orm';
import { apiTokens, users } from '../../db/schema/users.ts';
import type { Actor, Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { storageProblem } from '../storage/storage-problem.ts';

/** What a session token carries beside the person's id: it ends the session when the password changes. */
export function passwordMark(passwordHash: string | null): string {
  return createHash('sha256')
    .update(passwordHash ?? 'none')
    .digest('base64url')
    .slice(0, 16);
}

/** The actor behind a valid session token; anonymous for people who are unknown, disabled or have a new password since. */
export function actorOfSession(
  ctx: Pick<Ctx, 'db'>,
  session: { userId: string; mark: string } | null,
): Actor {
  if (session === null) return { type: 'anonymous' };
  const user = ctx.db.select().from(users).where(eq(users.id, session.userId)).get();
  if (!user || user.disabledAt !== null || passwordMark(user.passwordHash) !== session.mark) {
    return { type: 'anonymous' };
  }
  return { type: 'user', userId: user.id, isInstanceOwner: user.isInstanceOwner };
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
  noteUse(ctx, row.token);
  return {
    type: 'user',
    userId: row.user.id,
    isInstanceOwner: row.user.isInstanceOwner,
    token: { id: row.token.id, scopes: row.token.scopes },
  };
}

/** "Last used" to the minute is enough, and spares a write per request. Reading goes on where nothing can be written just now. */
function noteUse(ctx: Pick<Ctx, 'db' | 'now'>, token: { id: string; lastUsedAt: number | null }): void {
  const now = ctx.now();
  if (token.lastUsedAt !== null && token.lastUsedAt >= now - 60_000) return;
  try {
    ctx.db.update(apiTokens).set({ lastUsedAt: now }).where(eq(apiTokens.id, token.id)).run();
  } catch (error) {
    if (storageProblem(error) === null) throw error;
  }
}
