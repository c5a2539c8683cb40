import { invites } from '../../db/schema/projects.ts';
import { newId } from '../../lib/new-id.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requireInstanceOwner } from '../context.ts';
import { isDemoFolder } from '../demo-folder.ts';
import { DomainError } from '../errors.ts';
import { createLinkToken } from '../projects/internal.ts';
import { getPerson } from './internal.ts';

const HOURS_24 = 24 * 3_600_000;

/**
 * A one-time token for `/demo/<token>`, which signs a visitor of the demo in as one of its people, valid for a day. It is in the
 * answer and nowhere else. Throws `conflict` in a data folder that is not the demo's.
 */
export function createDemoLink({ ctx, input }: { ctx: Ctx; input: { userId: string } }): { token: string } {
  const createdBy = requireInstanceOwner(ctx);
  if (!isDemoFolder(ctx.dataFolder)) {
    throw new DomainError(
      'conflict',
      'Only the demo signs people in by a link: this data folder is not one.',
    );
  }
  const { userId } = input;
  const now = ctx.now();
  const id = newId('inv', now);
  const expiresAt = now + HOURS_24;
  const { token, tokenHash } = createLinkToken();
  ctx.db.transaction(
    () => {
      getPerson(ctx, userId);
      ctx.db
        .insert(invites)
        .values({ id, kind: 'demo', tokenHash, userId, createdBy, createdAt: now, expiresAt })
        .run();
      const payload = { link: id, expiresAt };
      appendAudit(ctx, { action: 'users.createDemoLink', subject: userId, projectId: null, payload });
    },
    { behavior: 'immediate' },
  );
  return { token };
}
