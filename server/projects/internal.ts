import { createHash, randomBytes } from 'node:crypto';
import { and, eq, gt, isNull } from 'drizzle-orm';
import { invites, memberships } from '../../db/schema/projects.ts';
import type { Ctx } from '../context.ts';

export type Invite = typeof invites.$inferSelect;

const hash = (token: string) => createHash('sha256').update(token).digest('hex');

/** A new secret for a link, and what is kept of it. */
export function createLinkToken(): { token: string; tokenHash: string } {
  const token = randomBytes(24).toString('base64url');
  return { token, tokenHash: hash(token) };
}

/** The invitation behind a link, or null when it is unknown, used, revoked or expired: the page cannot tell which. */
export function findInvite(ctx: Pick<Ctx, 'db' | 'now'>, token: string, kind: Invite['kind']): Invite | null {
  return (
    ctx.db
      .select()
      .from(invites)
      .where(
        and(
          eq(invites.tokenHash, hash(token)),
          eq(invites.kind, kind),
          isNull(invites.acceptedAt),
          isNull(invites.revokedAt),
          gt(invites.expiresAt, ctx.now()),
        ),
      )
      .get() ?? null
  );
}

/** A1, A2 ...: the next free pseudonym of a project. Never given twice, because members are never removed from the table. */
export function nextPseudonym(ctx: Pick<Ctx, 'db'>, projectId: string): string {
  const taken = ctx.db
    .select({ pseudonym: memberships.pseudonym })
    .from(memberships)
    .where(eq(memberships.projectId, projectId))
    .all();
  const numbers = taken.map(({ pseudonym }) => Number(/^A(\d+)$/.exec(pseudonym)?.[1] ?? 0));
  return `A${Math.max(0, ...numbers) + 1}`;
}
