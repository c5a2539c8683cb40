import { count, eq, sql } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { everyColumn, prepared } from '../../db/prepared.ts';
import { type Given, judgments } from '../../db/schema/judgments.ts';
import { responses } from '../../db/schema/prompts.ts';
import type { ImportRow } from '../../lib/formats/import-formats.ts';
import type { ParsedResponse, Verdict } from '../../lib/formats/parsed-row.ts';
import { newId } from '../../lib/new-id.ts';
import type { Ctx } from '../context.ts';
import { addPrompt, addPromptDetails } from '../tasks/add-prompt.ts';
import { addResponses } from '../tasks/add-responses.ts';
import { addTask } from '../tasks/add-task.ts';
import { responseHash } from '../tasks/content-hash.ts';
import { detailsProblem, MAX_DETAIL_BYTES, MAX_NAME } from '../tasks/row-details.ts';
import type { Import } from './internal.ts';

type Row = ImportRow;
/** A judgment that waits for the audit event of its batch. */
export type PendingJudgment = Omit<typeof judgments.$inferSelect, 'eventHash'>;

/** As for people who type it. */
const MAX_RATIONALE = 10_000;

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
const nameEvent = (db: Db) =>
  db
    .update(judgments)
    .set({ eventHash: sql`${sql.placeholder('eventHash')}` })
    .where(eq(judgments.id, sql.placeholder('id')))
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
  const added = addPrompt({
    ctx,
    input: { projectId, messages: row.prompt, importId, details: row },
  });
  const { promptId } = added;
  const [chosen, rejected] = addResponses({
    ctx,
    input: {
      promptId,
      responses: [row.chosen, row.rejected].map((response) => newResponse(response, importId)),
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
  if (!added.isNew) addPromptDetails(ctx, promptId, row);
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
      given: givenBy(row, { chosen, rejected }),
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
      // a file may name any time, also one to come: what it says is in `given`
      leasedAt: Math.min(row.submittedAt ?? now, now),
      firstInteractionAt: null,
      submittedAt: Math.min(row.submittedAt ?? now, now),
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

/** What the file says of the judgment beyond the answer; null when nothing. Keys without a value are not there. */
function givenBy(
  row: Extract<Row, { kind: 'preference' }>,
  ids: { chosen: string; rejected: string },
): Given | null {
  const authors = (['chosen', 'rejected'] as const).flatMap((side) => {
    const { model, sampling } = row[side];
    if (model === null && sampling === null) return [];
    return [[ids[side], { ...(model !== null && { model }), ...(sampling !== null && { sampling }) }]];
  });
  const given: Given = {
    ...(row.externalId !== null && { externalId: row.externalId }),
    ...(row.annotator !== null && { annotator: row.annotator }),
    ...(row.submittedAt !== null && { submittedAt: row.submittedAt }),
    ...(row.split !== null && { split: row.split }),
    ...(row.tags.length > 0 && { tags: row.tags }),
    ...(Object.keys(row.metadata).length > 0 && { metadata: row.metadata }),
    ...(authors.length > 0 && { responses: Object.fromEntries(authors) as Given['responses'] }),
  };
  return Object.keys(given).length === 0 ? null : given;
}

function newResponse({ text, model, sampling }: ParsedResponse, importId: string) {
  return { content: text, origin: 'imported' as const, importId, model, sampling };
}

function acceptPrompt(
  ctx: Ctx,
  { row, into, overlap }: { row: Extract<Row, { kind: 'prompt' }>; into: Import; overlap: number },
): boolean {
  const { projectId, id: importId } = into;
  const added = addPrompt({
    ctx,
    input: { projectId, messages: row.prompt, importId, details: row },
  });
  const { promptId } = added;
  // a row that says more of a known prompt is not here already
  const isNew = added.isNew || addPromptDetails(ctx, promptId, row);
  if (row.responses.length === 0) return isNew;
  const numBefore = added.isNew ? 0 : countResponses(ctx, promptId);
  const responseIds = addResponses({
    ctx,
    input: {
      promptId,
      responses: row.responses.map((response) => newResponse(response, importId)),
    },
  });
  const isTaskNew =
    responseIds.length >= 2 && addTask({ ctx, input: { projectId, promptId, responseIds, overlap } }).isNew;
  return isNew || isTaskNew || countResponses(ctx, promptId) > numBefore;
}

function countResponses(ctx: Ctx, promptId: string): number {
  return ctx.db.select({ n: count() }).from(responses).where(eq(responses.promptId, promptId)).get()?.n ?? 0;
}

/** Why what comes with a row cannot be kept, in words; null when it can. Texts have the bound of their line. */
export function rowProblem(row: Row): string | null {
  const answers = row.kind === 'preference' ? [row.chosen, row.rejected] : row.responses;
  const names = [...answers.map(({ model }) => model), ...(row.kind === 'preference' ? [row.annotator] : [])];
  if (names.some((name) => (name?.length ?? 0) > MAX_NAME)) {
    return `the name of a model or annotator is longer than ${MAX_NAME} characters`;
  }
  if (answers.some(({ sampling }) => JSON.stringify(sampling).length > MAX_DETAIL_BYTES)) {
    return `sampling settings have more than ${MAX_DETAIL_BYTES} characters`;
  }
  if (row.kind === 'preference' && row.rationale.length > MAX_RATIONALE) {
    return `its rationale is longer than ${MAX_RATIONALE} characters`;
  }
  return detailsProblem(row);
}

/** Writes the judgments of a batch; `namePending` then gives them the hash of the event that vouches for them. */
export function insertPending(ctx: Ctx, pending: readonly PendingJudgment[]): void {
  for (const judgment of pending) {
    const row: typeof judgments.$inferSelect = { ...judgment, eventHash: '' };
    prepared(ctx.db, insertJudgment).run(row);
  }
}

/** Writes the hash of the batch's event into its judgments. */
export function namePending(ctx: Ctx, pending: readonly PendingJudgment[], eventHash: string): void {
  for (const { id } of pending) prepared(ctx.db, nameEvent).run({ id, eventHash });
}
