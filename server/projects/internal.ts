import { createHash, randomBytes } from 'node:crypto';
import { and, eq, gt, isNull, ne } from 'drizzle-orm';
import { invites, memberships } from '../../db/schema/projects.ts';
import { users } from '../../db/schema/users.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';

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

/** The row of somebody who is a member now: those of removed members stay, for their pseudonyms. */
export function isMemberOf({ projectId, userId }: { projectId: string; userId: string }) {
  return and(
    eq(memberships.projectId, projectId),
    eq(memberships.userId, userId),
    isNull(memberships.removedAt),
  );
}

/** Uses a one-time link up. */
export function spendInvite(ctx: Pick<Ctx, 'db' | 'now'>, inviteId: string, userId: string): void {
  ctx.db
    .update(invites)
    .set({ acceptedAt: ctx.now(), acceptedBy: userId })
    .where(eq(invites.id, inviteId))
    .run();
}

/** Throws `conflict` when nobody but this person owns the project (disabled and removed owners cannot act). */
export function requireOtherOwner(
  ctx: Pick<Ctx, 'db'>,
  { projectId, userId }: { projectId: string; userId: string },
): void {
  const other = ctx.db
    .select({ userId: memberships.userId })
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(
      and(
        isNull(users.disabledAt),
        isNull(memberships.removedAt),
        eq(memberships.projectId, projectId),
        eq(memberships.role, 'owner'),
        ne(memberships.userId, userId),
      ),
    )
    .get();
  if (other) return;
  throw new DomainError('conflict', 'The project needs an owner: give the role to somebody else first.');
}

/** A1, A2 ...: the next free pseudonym of a project. Never given twice, because rows of members stay when they are removed. */
export function nextPseudonym(ctx: Pick<Ctx, 'db'>, projectId: string): string {
  const taken = ctx.db
    .select({ pseudonym: memberships.pseudonym })
    .from(memberships)
    .where(eq(memberships.projectId, projectId))
    .all();
  const numbers = taken.map(({ pseudonym }) => Number(/^A(\d+)$/.exec(pseudonym)?.[1] ?? 0));
  return `A${Math.max(0, ...numbers) + 1}`;
}
