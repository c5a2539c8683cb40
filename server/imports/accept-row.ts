import { count, eq, sql } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { everyColumn, prepared } from '../../db/prepared.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { responses } from '../../db/schema/prompts.ts';
import type { Verdict } from '../../lib/formats/parsed-row.ts';
import { newId } from '../../lib/new-id.ts';
import type { Ctx } from '../context.ts';
import { judgmentDigest } from '../judgments/digest.ts';
import { addPrompt } from '../tasks/add-prompt.ts';
import { addResponses } from '../tasks/add-responses.ts';
import { addTask } from '../tasks/add-task.ts';
import { responseHash } from '../tasks/content-hash.ts';
import type { Import } from './internal.ts';
import type { ReadRow } from './read-rows.ts';

type Row = Extract<ReadRow, { ok: true }>['row'];
/** A judgment that waits for the audit event of its batch. */
export type PendingJudgment = Omit<typeof judgments.$inferSelect, 'eventHash'>;

const findByKey = (db: Db) =>
  db
    .select({ id: judgments.id })
    .from(judgments)
    .where(eq(judgments.idempotencyKey, sql.placeholder('idempotencyKey')))
    .prepare();
const insertJudgment = (db: Db) =>
  db
    .insert(judgments)
    .values(everyColumn(judgments) as never)
    .prepare();

/**
 * Adds what a row holds. A comparison becomes prompt, two responses, a task that nobody is asked, and a judgment; prompts
 * with two or more answers become a task for annotators. `isNew: false` when all of it was here already. Call inside the
 * batch's transaction; it inserts the returned judgment once the event is known.
 */
export function acceptRow(
  ctx: Ctx,
  { row, into, overlap }: { row: Row; into: Import; overlap: number },
): { isNew: boolean; judgment: PendingJudgment | null } {
  return row.kind === 'preference'
    ? acceptComparison(ctx, row, into)
    : { isNew: acceptPrompt(ctx, { row, into, overlap }), judgment: null };
}

function acceptComparison(
  ctx: Ctx,
  row: Extract<Row, { kind: 'preference' }>,
  into: Import,
): { isNew: boolean; judgment: PendingJudgment | null } {
  const { projectId, id: importId } = into;
  const { promptId } = addPrompt({ ctx, input: { projectId, messages: row.prompt, importId } });
  const [chosen, rejected] = addResponses({
    ctx,
    input: {
      promptId,
      responses: [row.chosen, row.rejected].map(({ text }) => ({
        content: text,
        origin: 'imported',
        importId,
      })),
    },
  }) as [string, string];
  // the file's order says who won: places follow the texts' hashes instead
  const places = [
    { id: chosen, key: responseHash(row.chosen.text) },
    { id: rejected, key: responseHash(row.rejected.text) },
  ].sort((a, b) => (a.key < b.key ? -1 : 1));
  const shownOrder = places.map((place) => place.id);
  const { taskId } = addTask({ ctx, input: { projectId, promptId, responseIds: shownOrder, overlap: 0 } });
  // one vote per content and person: the same row in another file, or twice in this one, is the same vote
  const isTie = row.tie !== 'none';
  const said = isTie ? row.tie : chosen;
  const by = row.annotator === null ? '' : `:${row.annotator}`;
  const idempotencyKey = `import:${taskId}:${said}:${row.margin}${by}`;
  const known = prepared(ctx.db, findByKey).get({ idempotencyKey });
  if (known) return { isNew: false, judgment: null };
  const now = ctx.now();
  return {
    isNew: true,
    judgment: {
      id: newId('jdg', now),
      projectId,
      taskId,
      source: 'imported',
      annotatorId: null,
      importId,
      given: null,
      revision: 1,
      ranking: isTie ? [shownOrder] : [[chosen], [rejected]],
      strength: shownStrength(row, shownOrder[0] === chosen),
      margin: row.margin === 0 ? null : row.margin,
      tieKind: row.tie,
      notRankable: false,
      flags: {},
      rationale: row.rationale,
      shownOrder,
      guidelineVersion: 0,
      leasedAt: row.submittedAt ?? now,
      firstInteractionAt: null,
      submittedAt: row.submittedAt ?? now,
      activeMs: 0,
      inputKind: 'api',
      idempotencyKey,
    },
  };
}

/** The signed strength of a judgment as it would have been given: negative where the first shown is the better one. */
function shownStrength({ strength, tie }: Verdict, isChosenFirst: boolean): number | null {
  if (strength === null) return null;
  if (tie !== 'none') return 0;
  // "not at all better" contradicts the order of the two, which is what the row is for
  return strength === 0 ? null : isChosenFirst ? -strength : strength;
}

function acceptPrompt(
  ctx: Ctx,
  { row, into, overlap }: { row: Extract<Row, { kind: 'prompt' }>; into: Import; overlap: number },
): boolean {
  const { projectId, id: importId } = into;
  const { promptId, isNew } = addPrompt({ ctx, input: { projectId, messages: row.prompt, importId } });
  if (row.responses.length === 0) return isNew;
  const numBefore = isNew ? 0 : countResponses(ctx, promptId);
  const responseIds = addResponses({
    ctx,
    input: {
      promptId,
      responses: row.responses.map(({ text }) => ({ content: text, origin: 'imported', importId })),
    },
  });
  const isTaskNew =
    responseIds.length >= 2 && addTask({ ctx, input: { projectId, promptId, responseIds, overlap } }).isNew;
  return isNew || isTaskNew || countResponses(ctx, promptId) > numBefore;
}

function countResponses(ctx: Ctx, promptId: string): number {
  return ctx.db.select({ n: count() }).from(responses).where(eq(responses.promptId, promptId)).get()?.n ?? 0;
}

/** Writes the judgments of a batch with the hash of the event that vouches for them. */
export function insertPending(ctx: Ctx, pending: readonly PendingJudgment[], eventHash: string): void {
  for (const judgment of pending) {
    const row: typeof judgments.$inferSelect = { ...judgment, eventHash };
    prepared(ctx.db, insertJudgment).run(row);
  }
}

/** Digests of the batch's judgments in order of id, as the event carries them. */
export function pendingDigests(pending: readonly PendingJudgment[]): string[] {
  return [...pending].sort((a, b) => (a.id < b.id ? -1 : 1)).map(judgmentDigest);
}
