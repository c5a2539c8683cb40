import { and, eq } from 'drizzle-orm';
import { accounts, users } from '../../db/schema/users.ts';
import { cutText } from '../../lib/cut-text.ts';
import { newId } from '../../lib/new-id.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { findInvite } from '../projects/internal.ts';

type Profile = { email?: unknown; email_verified?: unknown; name?: unknown };

/**
 * The person behind a sign-in through the OpenID Connect provider, or null when nobody may come in that way. Known are people
 * linked before, people whose verified address is here already, and people who hold a valid invitation (they become a
 * user; accepting the invitation is their next step). `needsCode`: they have a second factor, are not in yet, and the log does
 * not say that they are; not where `providerAsksCode`.
 */
export function linkOidcAccount(
  ctx: Pick<Ctx, 'db' | 'now'>,
  input: {
    providerAccountId: string;
    profile: Profile;
    inviteToken: string | null;
    providerAsksCode?: boolean;
  },
): { userId: string; needsCode: boolean } | null {
  const { providerAccountId, profile, inviteToken, providerAsksCode = false } = input;
  const asksCode = (person: { totpSince: number | null }) => person.totpSince !== null && !providerAsksCode;
  return ctx.db.transaction(
    () => {
      const linked = ctx.db
        .select({ id: users.id, disabledAt: users.disabledAt, totpSince: users.totpSince })
        .from(accounts)
        .innerJoin(users, eq(users.id, accounts.userId))
        .where(and(eq(accounts.provider, 'oidc'), eq(accounts.providerAccountId, providerAccountId)))
        .get();
      if (linked) {
        if (linked.disabledAt !== null) return null;
        const needsCode = asksCode(linked);
        if (!needsCode) audit(ctx, linked.id, 'users.signIn');
        return { userId: linked.id, needsCode };
      }
      if (typeof profile.email !== 'string' || profile.email_verified !== true) return null;
      const email = profile.email.trim().toLowerCase();
      const known = ctx.db.select().from(users).where(eq(users.email, email)).get();
      if (known && known.disabledAt !== null) return null;
      if (!known && (inviteToken === null || findInvite(ctx, inviteToken, 'member') === null)) return null;
      const now = ctx.now();
      const userId = known?.id ?? newId('usr', now);
      if (!known) {
        const name = typeof profile.name === 'string' && profile.name.trim() ? profile.name.trim() : email;
        ctx.db
          .insert(users)
          .values({ id: userId, email, name: cutText(name, 100), createdAt: now })
          .run();
        audit(ctx, userId, 'users.create');
      }
      ctx.db.insert(accounts).values({ provider: 'oidc', providerAccountId, userId, createdAt: now }).run();
      audit(ctx, userId, 'users.linkAccount');
      return { userId, needsCode: known !== undefined && asksCode(known) };
    },
    { behavior: 'immediate' },
  );
}

function audit(ctx: Pick<Ctx, 'db' | 'now'>, userId: string, action: string): void {
  appendAudit(
    { ...ctx, actor: { type: 'user', userId, isInstanceOwner: false } },
    { action, subject: userId, projectId: null, payload: { method: 'oidc' } },
  );
}
