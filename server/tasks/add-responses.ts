import { and, eq, sql } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { everyColumn, prepared } from '../../db/prepared.ts';
import { responses, type Sampling } from '../../db/schema/prompts.ts';
import { newId } from '../../lib/new-id.ts';
import type { Ctx } from '../context.ts';
import { responseHash } from './content-hash.ts';
import { responseDetailsHash } from './row-details.ts';

export type NewResponse =
  | {
      content: string;
      origin: 'imported';
      importId?: string;
      model?: string | null;
      sampling?: Sampling | null;
    }
  | {
      content: string;
      origin: 'generated';
      checkpointId: string;
      sampling: { temperature: number; maxNewTokens: number; seed: number };
    };

const findResponse = (db: Db) =>
  db
    .select({ id: responses.id })
    .from(responses)
    .where(
      and(
        eq(responses.promptId, sql.placeholder('promptId')),
        eq(responses.contentHash, sql.placeholder('contentHash')),
      ),
    )
    .prepare();
const insertResponse = (db: Db) =>
  db
    .insert(responses)
    .values(everyColumn(responses) as never)
    .prepare();

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
    const known = prepared(ctx.db, findResponse).get({ promptId: input.promptId, contentHash });
    if (known) return known.id;
    const id = newId('rsp', now);
    const { model = null, sampling = null } = response.origin === 'imported' ? response : {};
    const row: typeof responses.$inferSelect = {
      checkpointId: null,
      importId: null,
      ...response,
      model,
      sampling: response.sampling ?? null,
      detailsHash: responseDetailsHash({ model, sampling }),
      id,
      promptId: input.promptId,
      contentHash,
      createdAt: now,
      erasedAt: null,
    };
    prepared(ctx.db, insertResponse).run(row);
    return id;
  });
}
