import { randomBytes } from 'node:crypto';
import { apiTokens } from '../../db/schema/users.ts';
import { newId } from '../../lib/new-id.ts';
import { appendAudit } from '../audit/append.ts';
import { API_TOKEN_PREFIX, hashToken } from '../auth/find-actor.ts';
import { type Ctx, requireUser } from '../context.ts';
import type { CreateTokenInput } from './schemas.ts';

/** An API token that acts as the signed-in person within its scopes. The token is in the answer and nowhere else. */
export function createToken({ ctx, input }: { ctx: Ctx; input: CreateTokenInput }): {
  id: string;
  token: string;
} {
  const userId = requireUser(ctx);
  const now = ctx.now();
  const id = newId('tok', now);
  const token = `${API_TOKEN_PREFIX}${randomBytes(32).toString('base64url')}`;
  const scopes = [...new Set(input.scopes)].sort();
  ctx.db.transaction(
    () => {
      ctx.db
        .insert(apiTokens)
        .values({ id, userId, name: input.name, tokenHash: hashToken(token), scopes, createdAt: now })
        .run();
      appendAudit(ctx, { action: 'users.createToken', subject: id, projectId: null, payload: { scopes } });
    },
    { behavior: 'immediate' },
  );
  return { id, token };
}
