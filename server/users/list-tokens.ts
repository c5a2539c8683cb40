import { and, desc, eq, isNull } from 'drizzle-orm';
import { apiTokens } from '../../db/schema/users.ts';
import { type Ctx, requireUser } from '../context.ts';

export type ListedToken = {
  id: string;
  name: string;
  scopes: string[];
  createdAt: number;
  lastUsedAt: number | null;
};

/** The signed-in person's working tokens, the newest first. */
export function listTokens({ ctx }: { ctx: Ctx }): ListedToken[] {
  return ctx.db
    .select({
      id: apiTokens.id,
      name: apiTokens.name,
      scopes: apiTokens.scopes,
      createdAt: apiTokens.createdAt,
      lastUsedAt: apiTokens.lastUsedAt,
    })
    .from(apiTokens)
    .where(and(eq(apiTokens.userId, requireUser(ctx)), isNull(apiTokens.revokedAt)))
    .orderBy(desc(apiTokens.id))
    .all();
}
