import { and, eq } from 'drizzle-orm';
import { memberships, projects } from '../../db/schema/projects.ts';
import { users } from '../../db/schema/users.ts';
import { newId } from '../../lib/new-id.ts';
import { appendAudit } from '../audit/append.ts';
import { hashPassword } from '../auth/password.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { findInvite, nextPseudonym, spendInvite } from '../projects/internal.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { requireFreeEmail, WORTHLESS_LINK } from './internal.ts';
import type { AcceptInviteInput } from './schemas.ts';

/**
 * Uses an invitation up: the signed-in person, or the new one described in `person`, becomes a member with the invitation's
 * role. Throws `expired` for a link that is not valid, `conflict` when the person is a member already or the address is
 * in use (the link stays good), `invalid` when nobody is signed in and no person is given.
 */
export async function acceptInvite({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: AcceptInviteInput;
}): Promise<{ userId: string; slug: string }> {
  const { token, person } = input;
  if (findInvite(ctx, token, 'member') === null) throw new DomainError('expired', WORTHLESS_LINK);
  const passwordHash = ctx.actor.type !== 'user' && person ? await hashPassword(person.password) : null;
  return writeWhenUnlocked(ctx.db, () => {
    const invite = findInvite(ctx, token, 'member');
    if (!invite?.projectId || !invite.role) throw new DomainError('expired', WORTHLESS_LINK);
    const { projectId, role } = invite;
    const now = ctx.now();
    let userId: string;
    if (ctx.actor.type === 'user') {
      userId = ctx.actor.userId;
    } else {
      if (!person)
        throw new DomainError('invalid', 'Give name, e-mail address and password, or sign in first.');
      requireFreeEmail(ctx, person.email);
      userId = newId('usr', now);
      const { name, email } = person;
      ctx.db.insert(users).values({ id: userId, name, email, passwordHash, createdAt: now }).run();
    }
    const isMember = and(eq(memberships.projectId, projectId), eq(memberships.userId, userId));
    const before = ctx.db.select().from(memberships).where(isMember).get();
    if (before && before.removedAt === null) {
      throw new DomainError('conflict', 'You are a member of this project already.');
    }
    // who comes back is who they were: their judgments go by the pseudonym
    const pseudonym = before?.pseudonym ?? nextPseudonym(ctx, projectId);
    if (before) ctx.db.update(memberships).set({ role, removedAt: null }).where(isMember).run();
    else ctx.db.insert(memberships).values({ projectId, userId, role, pseudonym, createdAt: now }).run();
    spendInvite(ctx, invite.id, userId);
    appendAudit(
      { ...ctx, actor: { type: 'user', userId, isInstanceOwner: false } },
      {
        action: 'users.acceptInvite',
        subject: userId,
        projectId,
        payload: { invite: invite.id, role, pseudonym },
      },
    );
    const project = ctx.db
      .select({ slug: projects.slug })
      .from(projects)
      .where(eq(projects.id, projectId))
      .get();
    return { userId, slug: project?.slug ?? '' };
  });
}
