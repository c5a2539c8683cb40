import { and, eq } from 'drizzle-orm';
import { responses } from '../../db/schema/prompts.ts';
import { newId } from '../../lib/new-id.ts';
import type { Ctx } from '../context.ts';
import { responseHash } from './content-hash.ts';

export type NewResponse =
  | { content: string; origin: 'imported'; importId?: string }
  | {
      content: string;
      origin: 'generated';
      checkpointId: string;
      sampling: { temperature: number; maxNewTokens: number; seed: number };
    };

/**
 * Ids of responses to a prompt, in the order given; a text that the prompt has already keeps its first row and origin.
 * Call inside the transaction of the change that needs them, which also writes the audit event.
 */
export function addResponses({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { promptId: string; responses: NewResponse[] };
}): string[] {
  const now = ctx.now();
  return input.responses.map((response) => {
    const contentHash = responseHash(response.content);
    const known = ctx.db
      .select({ id: responses.id })
      .from(responses)
      .where(and(eq(responses.promptId, input.promptId), eq(responses.contentHash, contentHash)))
      .get();
    if (known) return known.id;
    const id = newId('rsp', now);
    ctx.db
      .insert(responses)
      .values({ id, promptId: input.promptId, contentHash, createdAt: now, ...response })
      .run();
    return id;
  });
}
