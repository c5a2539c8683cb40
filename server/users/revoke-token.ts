import { and, eq, isNull } from 'drizzle-orm';
import { apiTokens } from '../../db/schema/users.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requireUser } from '../context.ts';
import { DomainError } from '../errors.ts';

/** Ends one of the signed-in person's own tokens. Throws `not-found` for any other. */
export function revokeToken({ ctx, input }: { ctx: Ctx; input: { tokenId: string } }): void {
  const userId = requireUser(ctx);
  ctx.db.transaction(
    () => {
      const { changes } = ctx.db
        .update(apiTokens)
        .set({ revokedAt: ctx.now() })
        .where(
          and(eq(apiTokens.id, input.tokenId), eq(apiTokens.userId, userId), isNull(apiTokens.revokedAt)),
        )
        .run();
      if (changes !== 1) throw new DomainError('not-found', 'You have no such token.');
      appendAudit(ctx, { action: 'users.revokeToken', subject: input.tokenId, projectId: null, payload: {} });
    },
    { behavior: 'immediate' },
  );
}
