import { count, eq, sql } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { everyColumn, prepared } from '../../db/prepared.ts';
import { type Given, judgments } from '../../db/schema/judgments.ts';
import { responses } from '../../db/schema/prompts.ts';
import type { ImportRow } from '../../lib/formats/import-formats.ts';
import type { JudgedRow, ParsedResponse, PromptRow } from '../../lib/formats/parsed-row.ts';
import { newId } from '../../lib/new-id.ts';
import type { Ctx } from '../context.ts';
import { addPrompt, addPromptDetails } from '../tasks/add-prompt.ts';
import { addResponses } from '../tasks/add-responses.ts';
import { addTask } from '../tasks/add-task.ts';
import { responseHash } from '../tasks/content-hash.ts';
import { detailsProblem, MAX_DETAIL_BYTES, MAX_NAME } from '../tasks/row-details.ts';
import type { Import } from './internal.ts';
import { addKnownVote, type KnownVotes, saysAll } from './known-votes.ts';

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
 * Adds what a row holds. A judged one becomes prompt, responses, a task that nobody is asked, and a judgment; prompts with two
 * or more answers become a task for annotators. `isNew: false` when all of it was here already, or is said by a vote of
 * `known`. Call inside the batch's transaction; it inserts the returned judgment once the event is known.
 */
export function acceptRow(
  ctx: Ctx,
  { row, into, overlap, known }: { row: ImportRow; into: Import; overlap: number; known: KnownVotes },
): { isNew: boolean; judgment: PendingJudgment | null } {
  return row.kind === 'judged'
    ? acceptJudged(ctx, { row, into, known })
    : { isNew: acceptPrompt(ctx, { row, into, overlap }), judgment: null };
}

function acceptJudged(
  ctx: Ctx,
  { row, into, known }: { row: JudgedRow; into: Import; known: KnownVotes },
): { isNew: boolean; judgment: PendingJudgment | null } {
  const { projectId, id: importId } = into;
  const details = row.ofPrompt ?? row;
  const added = addPrompt({ ctx, input: { projectId, messages: row.prompt, importId, details } });
  const { promptId } = added;
  const responses = row.responses.map((response) => newResponse(response, importId));
  const ids = addResponses({ ctx, input: { promptId, responses } });
  if (known.votes.get(promptId)?.some((vote) => saysAll(vote, row, ids)))
    return { isNew: false, judgment: null };
  const shownOrder = shownOrderOf(row, ids);
  const { taskId } = addTask({ ctx, input: { projectId, promptId, responseIds: shownOrder, overlap: 0 } });
  const ranking = row.ranking.map((group) => placed(group, ids));
  const idempotencyKey = keyOf(row, { taskId, ranking });
  if (prepared(ctx.db, findByKey).get({ idempotencyKey })) return { isNew: false, judgment: null };
  if (!added.isNew) addPromptDetails(ctx, promptId, details);
  const now = ctx.now();
  const { recorded } = row;
  const flags = Object.entries(row.flags).map(([place, raised]) => [ids[Number(place)], raised]);
  const judgment: PendingJudgment = {
    id: newId('jdg', now),
    projectId,
    taskId,
    source: 'imported',
    annotatorId: null,
    importId,
    given: givenBy(row, ids),
    revision: 1,
    ranking: row.ranking.length === 1 ? [shownOrder] : ranking,
    strength: shownStrength(row, ranking[0]?.[0] === shownOrder[0]),
    margin: row.margin === 0 ? null : row.margin,
    tieKind: row.tie,
    notRankable: row.ranking.length === 0,
    flags: Object.fromEntries(flags),
    rationale: row.rationale,
    shownOrder,
    guidelineVersion: 0,
    // a file may name any time, also one to come: what it says is in `given`
    leasedAt: Math.min(recorded?.leasedAt ?? row.submittedAt ?? now, now),
    firstInteractionAt: recorded?.firstInteractionAt ?? null,
    submittedAt: Math.min(row.submittedAt ?? now, now),
    activeMs: recorded?.activeMs ?? 0,
    inputKind: recorded?.inputKind ?? 'api',
    idempotencyKey,
    erasedAt: null,
  };
  addKnownVote(known, promptId, projectId, judgment);
  return { isNew: true, judgment };
}

/** The order in which the file's judge saw the responses; else, since a file's order says who won, that of their hashes. */
function shownOrderOf({ responses, recorded }: JudgedRow, ids: readonly string[]): string[] {
  if (recorded !== null) return placed(recorded.shownOrder, ids);
  return responses
    .map(({ text }, place) => ({ id: ids[place] ?? '', key: responseHash(text) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ id }) => id);
}

function placed(places: readonly number[], ids: readonly string[]): string[] {
  return places.map((place) => ids[place] ?? '');
}

/**
 * One vote per content and person: the same row in another file, or twice in this one, is the same vote. Labels of one answer
 * by one person at several times come from several comparisons, and are several.
 */
function keyOf(row: JudgedRow, { taskId, ranking }: { taskId: string; ranking: string[][] }): string {
  const isPair = row.responses.length === 2 && ranking.length === 2;
  const order = ranking.map((group) => group.toSorted().join('=')).join('>');
  const said = row.tie !== 'none' ? row.tie : isPair ? ranking[0]?.[0] : order || 'not-rankable';
  const by = row.annotator === null ? '' : `:${row.annotator}`;
  const at = row.responses.length === 1 && row.submittedAt !== null ? `@${row.submittedAt}` : '';
  // somebody who thinks again of how much better it is says something new
  const much = row.strength === null ? '' : `~${row.strength}`;
  // what a correction replaced is no vote: it may well say the same as the correction
  const replaced = row.isSuperseded ? `:superseded@${row.submittedAt}` : '';
  return `import:${taskId}:${said}${much}:${row.margin}${by}${at}${replaced}`;
}

/** The signed strength of a judgment as it would have been given: negative where the first shown is the better one. */
function shownStrength({ strength, tie, responses }: JudgedRow, isBestFirst: boolean): number | null {
  if (strength === null || responses.length !== 2) return null;
  if (tie !== 'none') return 0;
  // "not at all better" contradicts the order of the two, which is what the row is for
  return strength === 0 ? null : isBestFirst ? -strength : strength;
}

/** What the file says of the judgment beyond the answer; null when nothing. Keys without a value are not there. */
function givenBy(row: JudgedRow, ids: readonly string[]): Given | null {
  const authors = row.responses.flatMap(({ model, sampling }, place) => {
    if (model === null && sampling === null) return [];
    return [[ids[place], { ...(model !== null && { model }), ...(sampling !== null && { sampling }) }]];
  });
  const given: Given = {
    ...(row.externalId !== null && { externalId: row.externalId }),
    ...(row.annotator !== null && { annotator: row.annotator }),
    ...(row.submittedAt !== null && { submittedAt: row.submittedAt }),
    ...(row.split !== null && { split: row.split }),
    ...(row.tags.length > 0 && { tags: row.tags }),
    ...(Object.keys(row.metadata).length > 0 && { metadata: row.metadata }),
    ...(row.isSuperseded && { superseded: true as const }),
    ...(authors.length > 0 && { responses: Object.fromEntries(authors) as Given['responses'] }),
  };
  return Object.keys(given).length === 0 ? null : given;
}

function newResponse({ text, model, sampling }: ParsedResponse, importId: string) {
  return { content: text, origin: 'imported' as const, importId, model, sampling };
}

function acceptPrompt(
  ctx: Ctx,
  { row, into, overlap }: { row: PromptRow; into: Import; overlap: number },
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
export function rowProblem(row: ImportRow): string | null {
  const { responses: answers } = row;
  const names = [...answers.map(({ model }) => model), ...(row.kind === 'judged' ? [row.annotator] : [])];
  if (names.some((name) => (name?.length ?? 0) > MAX_NAME)) {
    return `the name of a model or annotator is longer than ${MAX_NAME} characters`;
  }
  if (answers.some(({ sampling }) => JSON.stringify(sampling).length > MAX_DETAIL_BYTES)) {
    return `sampling settings have more than ${MAX_DETAIL_BYTES} characters`;
  }
  if (row.kind === 'judged' && row.rationale.length > MAX_RATIONALE) {
    return `its rationale is longer than ${MAX_RATIONALE} characters`;
  }
  const ofPrompt = row.kind === 'judged' && row.ofPrompt !== null ? detailsProblem(row.ofPrompt) : null;
  return ofPrompt ?? detailsProblem(row);
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
