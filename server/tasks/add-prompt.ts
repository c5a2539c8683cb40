import { and, eq, sql } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { everyColumn, prepared } from '../../db/prepared.ts';
import { type Message, prompts } from '../../db/schema/prompts.ts';
import { splitByRow } from '../../lib/formats/split-by-prompt.ts';
import { newId } from '../../lib/new-id.ts';
import type { Ctx } from '../context.ts';
import { promptHash } from './content-hash.ts';
import { getProjectSettings } from './internal.ts';
import { joinDetails, NO_DETAILS, type PromptDetails, promptDetailsHash } from './row-details.ts';

const findPrompt = (db: Db) =>
  db
    .select({ id: prompts.id })
    .from(prompts)
    .where(
      and(
        eq(prompts.projectId, sql.placeholder('projectId')),
        eq(prompts.contentHash, sql.placeholder('contentHash')),
      ),
    )
    .prepare();
const insertPrompt = (db: Db) =>
  db
    .insert(prompts)
    .values(everyColumn(prompts) as never)
    .prepare();

/**
 * The id of the prompt with these messages, added when it is new. Its split is decided by its content, or the group that
 * its row names, and the project's held-out share at this time, and never changes. Call inside the transaction of the change that needs it, which also
 * writes the audit event.
 */
export function addPrompt({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string; messages: Message[]; importId?: string; details?: PromptDetails };
}): { promptId: string; isNew: boolean } {
  const { projectId, importId = null, details = NO_DETAILS } = input;
  const messages = input.messages.map(({ role, content }) => ({ role, content }));
  const contentHash = promptHash(messages);
  const known = prepared(ctx.db, findPrompt).get({ projectId, contentHash });
  if (known) return { promptId: known.id, isNew: false };
  const now = ctx.now();
  const promptId = newId('prm', now);
  const split = splitByRow(
    { prompt: messages, metadata: details.metadata },
    getProjectSettings(ctx, projectId).heldOutShare,
  );
  const row: typeof prompts.$inferSelect = {
    id: promptId,
    projectId,
    messages,
    contentHash,
    split,
    importId,
    externalId: details.externalId,
    tags: details.tags,
    metadata: details.metadata,
    detailsHash: promptDetailsHash(details),
    createdAt: now,
    erasedAt: null,
  };
  prepared(ctx.db, insertPrompt).run(row);
  return { promptId, isNew: true };
}

/** Adds what another row says of a prompt that is here already. False when it says nothing new. Same transaction as above. */
export function addPromptDetails(ctx: Pick<Ctx, 'db'>, promptId: string, more: PromptDetails): boolean {
  if (promptDetailsHash(more) === null) return false;
  const known = ctx.db.select().from(prompts).where(eq(prompts.id, promptId)).get();
  const joined = known ? joinDetails(known, more) : null;
  if (joined === null) return false;
  ctx.db
    .update(prompts)
    .set({ ...joined, detailsHash: promptDetailsHash(joined) })
    .where(eq(prompts.id, promptId))
    .run();
  return true;
}
