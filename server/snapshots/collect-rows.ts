import { createHash } from 'node:crypto';
import { eq, inArray } from 'drizzle-orm';
import { judgments } from '../../db/schema/judgments.ts';
import { memberships } from '../../db/schema/projects.ts';
import { prompts, responses } from '../../db/schema/prompts.ts';
import { taskResponses, tasks } from '../../db/schema/tasks.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import type { Ctx } from '../context.ts';
import type { RawRow } from './raw-row.ts';

const PAGE = 200;
/** by the number of responses */
const MODES: Record<number, RawRow['mode']> = { 1: 'single', 2: 'pair' };
const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');

/** The raw rows of judgments, in the order of the ids given, a page at a time. */
export function* collectRows(
  ctx: Ctx,
  projectId: string,
  judgmentIds: readonly string[],
): Generator<RawRow[]> {
  const read = rowReader(ctx, projectId);
  for (let from = 0; from < judgmentIds.length; from += PAGE)
    yield read(judgmentIds.slice(from, from + PAGE));
}

/** Reads the raw rows of one page of judgments, in the order of the ids given. */
export function rowReader(ctx: Ctx, projectId: string): (ids: readonly string[]) => RawRow[] {
  const pseudonyms = pseudonymsOf(ctx, projectId);
  return (ids) => (ids.length === 0 ? [] : readPage(ctx, { projectId, ids, pseudonyms }));
}

function readPage(
  ctx: Ctx,
  page: { projectId: string; ids: readonly string[]; pseudonyms: Map<string, string> },
): RawRow[] {
  const found = ctx.db
    .select({ judgment: judgments, prompt: prompts, kind: tasks.kind })
    .from(judgments)
    .innerJoin(tasks, eq(tasks.id, judgments.taskId))
    .innerJoin(prompts, eq(prompts.id, tasks.promptId))
    .where(inArray(judgments.id, [...page.ids]))
    .all();
  const byId = new Map(found.map((row) => [row.judgment.id, row]));
  const taskIds = [...new Set(found.map((row) => row.judgment.taskId))];
  const answers = ctx.db
    .select({ taskId: taskResponses.taskId, response: responses })
    .from(taskResponses)
    .innerJoin(responses, eq(responses.id, taskResponses.responseId))
    .where(inArray(taskResponses.taskId, taskIds))
    .orderBy(taskResponses.taskId, taskResponses.position)
    .all();
  const byTask = new Map<string, (typeof answers)[number][]>();
  for (const answer of answers) {
    const known = byTask.get(answer.taskId);
    if (known) known.push(answer);
    else byTask.set(answer.taskId, [answer]);
  }
  return page.ids.map((id) => {
    const row = byId.get(id);
    if (!row) throw new Error(`judgment ${id} is selected but not in the table`);
    const { judgment, prompt, kind } = row;
    return {
      judgment_id: id,
      comparison_id: judgment.taskId,
      prompt_id: prompt.id,
      prompt: prompt.messages,
      prompt_external_id: prompt.externalId,
      prompt_tags: prompt.tags,
      prompt_metadata: prompt.metadata,
      split: prompt.split,
      responses: (byTask.get(judgment.taskId) ?? []).map(({ response }) => {
        // the judgment's own row knows better than the first row that had this text
        const given = judgment.given?.responses?.[response.id];
        const sampling = given?.sampling ?? response.sampling;
        return {
          response_id: response.id,
          text: response.content,
          origin: response.origin,
          model: response.checkpointId ?? given?.model ?? response.model,
          params_hash: sampling === null ? null : sha256(canonicalJson(sampling)),
          sampling,
          sha256: response.contentHash,
        };
      }),
      shown_order: judgment.shownOrder,
      mode: MODES[judgment.shownOrder.length] ?? 'rank',
      choice: pairChoice(judgment.ranking),
      ranking: judgment.ranking,
      strength: judgment.strength,
      margin: judgment.margin,
      tie_kind: judgment.tieKind,
      not_rankable: judgment.notRankable,
      flags: judgment.flags,
      rationale: judgment.rationale,
      source: judgment.source,
      annotator_pseudonym:
        judgment.annotatorId === null
          ? (judgment.given?.annotator ?? null)
          : pseudonymFor(page, judgment.annotatorId),
      import_id: judgment.importId,
      given: judgment.given,
      guideline_version: judgment.guidelineVersion,
      lease_at: judgment.leasedAt,
      first_interaction_at: judgment.firstInteractionAt,
      submitted_at: judgment.submittedAt,
      active_ms: judgment.activeMs,
      input_kind: judgment.inputKind,
      is_gold: kind === 'gold',
      revision: judgment.revision,
      event_hash: judgment.eventHash,
    };
  });
}

function pairChoice(ranking: string[][]): string | null {
  const [better, worse] = ranking;
  return ranking.length === 2 && better?.length === 1 && worse?.length === 1 ? (better[0] ?? null) : null;
}

export function pseudonymsOf(ctx: Pick<Ctx, 'db'>, projectId: string): Map<string, string> {
  const rows = ctx.db.select().from(memberships).where(eq(memberships.projectId, projectId)).all();
  return new Map(rows.map((row) => [row.userId, row.pseudonym]));
}

/** People who judged without being (or staying) members get a stable name of their own in this project. */
export function pseudonymFor(
  { projectId, pseudonyms }: { projectId: string; pseudonyms: Map<string, string> },
  userId: string,
): string {
  return pseudonyms.get(userId) ?? `X${sha256(`${projectId}:${userId}`).slice(0, 8)}`;
}
