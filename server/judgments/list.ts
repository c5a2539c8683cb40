import type { Db } from '../../db/client.ts';
import { prepared } from '../../db/prepared.ts';
import { AFTER_ALL_IDS } from '../../lib/new-id.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { personLabels } from '../projects/person-labels.ts';
import { placingOf } from './placing-of.ts';
import type { JudgmentSummary, ListJudgmentsInput } from './schemas.ts';

type Row = Omit<JudgmentSummary, 'placing' | 'notRankable' | 'hasRationale' | 'isLatest' | 'person'> & {
  annotatorId: string | null;
  given: string | null;
  ranking: string;
  shownOrder: string;
  notRankable: number;
  hasRationale: number;
  isLatest: number;
};

const select = (where: string) => (db: Db) =>
  db.$client.prepare(
    `SELECT j.id AS judgmentId, j.task_id AS taskId, j.revision, j.source, j.submitted_at AS submittedAt,
       substr(json_extract(p.messages, '$[#-1].content'), 1, 160) AS promptExcerpt,
       j.annotator_id AS annotatorId, json_extract(j.given, '$.annotator') AS given,
       j.ranking, j.shown_order AS shownOrder, j.strength, j.tie_kind AS tieKind,
       j.not_rankable AS notRankable, j.rationale <> '' AS hasRationale,
       j.annotator_id IS NULL OR NOT EXISTS (SELECT 1 FROM judgments later WHERE later.task_id = j.task_id
         AND later.annotator_id = j.annotator_id AND later.revision > j.revision) AS isLatest
     FROM judgments j JOIN tasks t ON t.id = j.task_id JOIN prompts p ON p.id = t.prompt_id
     WHERE ${where} AND j.id < @before ORDER BY j.id DESC LIMIT @limit`,
  );
// one index range each: judgments_project, judgments_annotator
const ofProject = select('j.project_id = @projectId');
const ofPerson = select('j.annotator_id = @userId AND +j.project_id = @projectId');

/** Judgments of a project or of one person in it, all revisions, newest first. People by name for owners only. */
export function listJudgments({ ctx, input }: { ctx: Ctx; input: ListJudgmentsInput }): {
  items: JudgmentSummary[];
  nextCursor: string | null;
} {
  const { projectId, userId, cursor, limit } = input;
  const seesNames = requirePermission(ctx, projectId, 'judgments.read') === 'owner';
  const scope = { projectId, before: cursor ?? AFTER_ALL_IDS, limit: limit + 1 };
  const rows = (
    userId ? prepared(ctx.db, ofPerson).all({ ...scope, userId }) : prepared(ctx.db, ofProject).all(scope)
  ) as Row[];
  const userIds = rows.flatMap(({ annotatorId }) => annotatorId ?? []);
  const labels = personLabels(ctx, projectId, { seesNames, userIds });
  const items = rows.slice(0, limit).map(({ annotatorId, given, ranking, shownOrder, ...row }) => ({
    ...row,
    person:
      annotatorId === null
        ? { userId: null, label: given ?? 'imported' }
        : { userId: annotatorId, label: labels.get(annotatorId) ?? '?' },
    placing: placingOf(JSON.parse(ranking) as string[][], JSON.parse(shownOrder) as string[]),
    notRankable: row.notRankable === 1,
    hasRationale: row.hasRationale === 1,
    isLatest: row.isLatest === 1,
  }));
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.judgmentId ?? null) : null };
}
