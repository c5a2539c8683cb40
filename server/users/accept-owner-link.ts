import { users } from '../../db/schema/users.ts';
import { newId } from '../../lib/new-id.ts';
import { appendAudit } from '../audit/append.ts';
import { hashPassword } from '../auth/password.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { findInvite, spendInvite } from '../projects/internal.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { requireFreeEmail, WORTHLESS_LINK } from './internal.ts';
import type { AcceptOwnerLinkInput } from './schemas.ts';

/** Makes the owner of the installation. Throws `expired` for a link that is not valid. */
export async function acceptOwnerLink({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: AcceptOwnerLinkInput;
}): Promise<{ userId: string }> {
  const { token, name, email, password } = input;
  // before the slow hash, or strangers could keep the processor busy
  if (findInvite(ctx, token, 'owner') === null) throw new DomainError('expired', WORTHLESS_LINK);
  const passwordHash = await hashPassword(password);
  return writeWhenUnlocked(ctx.db, () => {
    const invite = findInvite(ctx, token, 'owner');
    if (invite === null) throw new DomainError('expired', WORTHLESS_LINK);
    requireFreeEmail(ctx, email);
    const now = ctx.now();
    const userId = newId('usr', now);
    ctx.db
      .insert(users)
      .values({ id: userId, name, email, passwordHash, isInstanceOwner: true, createdAt: now })
      .run();
    spendInvite(ctx, invite.id, userId);
    appendAudit(
      { ...ctx, actor: { type: 'user', userId, isInstanceOwner: true } },
      { action: 'users.acceptOwnerLink', subject: userId, projectId: null, payload: { invite: invite.id } },
    );
    return { userId };
  });
}
