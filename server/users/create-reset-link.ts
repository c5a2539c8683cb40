import { and, eq, isNull } from 'drizzle-orm';
import { invites } from '../../db/schema/projects.ts';
import { newId } from '../../lib/new-id.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requireInstanceOwner } from '../context.ts';
import { DomainError } from '../errors.ts';
import { createLinkToken } from '../projects/internal.ts';
import { getPerson } from './internal.ts';
import type { CreateResetLinkInput } from './schemas.ts';

const HOURS_24 = 24 * 3_600_000;

/**
 * A one-time token for `/reset/<token>`, by which somebody else sets a new password, valid for a day; earlier ones stop working.
 * It is in the answer and nowhere else. Throws `conflict` for simulated and disabled people.
 */
export function createResetLink({ ctx, input }: { ctx: Ctx; input: CreateResetLinkInput }): {
  token: string;
  expiresAt: number;
} {
  const createdBy = requireInstanceOwner(ctx);
  const { userId, endsSecondFactor } = input;
  const now = ctx.now();
  const id = newId('inv', now);
  const expiresAt = now + HOURS_24;
  const { token, tokenHash } = createLinkToken();
  ctx.db.transaction(
    () => {
      const person = getPerson(ctx, userId);
      if (person.isSimulated || person.disabledAt !== null) {
        throw new DomainError(
          'conflict',
          'Simulated and disabled people do not sign in: enable the person first.',
        );
      }
      ctx.db
        .update(invites)
        .set({ revokedAt: now })
        .where(
          and(
            eq(invites.kind, 'reset'),
            eq(invites.userId, userId),
            isNull(invites.acceptedAt),
            isNull(invites.revokedAt),
          ),
        )
        .run();
      ctx.db
        .insert(invites)
        .values({
          id,
          kind: 'reset',
          tokenHash,
          userId,
          endsSecondFactor,
          createdBy,
          createdAt: now,
          expiresAt,
        })
        .run();
      const payload = { link: id, endsSecondFactor, expiresAt };
      appendAudit(ctx, { action: 'users.createResetLink', subject: userId, projectId: null, payload });
    },
    { behavior: 'immediate' },
  );
  return { token, expiresAt };
}
