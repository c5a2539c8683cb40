import { and, eq, sql } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { everyColumn, prepared } from '../../db/prepared.ts';
import { type Message, prompts } from '../../db/schema/prompts.ts';
import { splitByPrompt } from '../../lib/formats/split-by-prompt.ts';
import { newId } from '../../lib/new-id.ts';
import type { Ctx } from '../context.ts';
import { promptHash } from './content-hash.ts';
import { getProjectSettings } from './internal.ts';

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
 * The id of the prompt with these messages, added when it is new. Its split is decided by its content and the project's
 * held-out share at this time, and never changes. Call inside the transaction of the change that needs it, which also
 * writes the audit event.
 */
export function addPrompt({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string; messages: Message[]; importId?: string };
}): { promptId: string; isNew: boolean } {
  const { projectId, importId = null } = input;
  const messages = input.messages.map(({ role, content }) => ({ role, content }));
  const contentHash = promptHash(messages);
  const known = prepared(ctx.db, findPrompt).get({ projectId, contentHash });
  if (known) return { promptId: known.id, isNew: false };
  const now = ctx.now();
  const promptId = newId('prm', now);
  const split = splitByPrompt(messages, getProjectSettings(ctx, projectId).heldOutShare);
  const row: typeof prompts.$inferSelect = {
    id: promptId,
    projectId,
    messages,
    contentHash,
    split,
    importId,
    externalId: null,
    tags: [],
    metadata: {},
    detailsHash: null,
    createdAt: now,
  };
  prepared(ctx.db, insertPrompt).run(row);
  return { promptId, isNew: true };
}
