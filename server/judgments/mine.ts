import type { Db } from '../../db/client.ts';
import { prepared } from '../../db/prepared.ts';
import { AFTER_ALL_IDS } from '../../lib/new-id.ts';
import { type Ctx, requireUser } from '../context.ts';
import { placingOf } from './placing-of.ts';
import type { MineInput, OwnJudgment } from './schemas.ts';

type Row = Omit<OwnJudgment, 'placing' | 'notRankable' | 'hasRationale'> & {
  ranking: string;
  shownOrder: string;
  notRankable: number;
  hasRationale: number;
};

// judgments_annotator, newest first
const newest = (db: Db) =>
  db.$client.prepare(
    `SELECT j.id AS judgmentId, j.task_id AS taskId, j.revision, j.submitted_at AS submittedAt,
         substr(json_extract(p.messages, '$[#-1].content'), 1, 160) AS promptExcerpt,
         j.ranking, j.shown_order AS shownOrder, j.strength, j.tie_kind AS tieKind,
         j.not_rankable AS notRankable, j.rationale <> '' AS hasRationale
       FROM judgments j JOIN tasks t ON t.id = j.task_id JOIN prompts p ON p.id = t.prompt_id
       WHERE j.annotator_id = @userId AND +j.project_id = @projectId AND j.id < @before
         AND NOT EXISTS (SELECT 1 FROM judgments later WHERE later.task_id = j.task_id
           AND later.annotator_id = j.annotator_id AND later.revision > j.revision)
       ORDER BY j.id DESC LIMIT @limit`,
  );

/** The signed-in person's own judgments, latest revisions, newest first. */
export function listOwnJudgments({ ctx, input }: { ctx: Ctx; input: MineInput }): {
  items: OwnJudgment[];
  nextCursor: string | null;
} {
  const userId = requireUser(ctx);
  const { projectId, cursor, limit } = input;
  const scope = { userId, projectId, before: cursor ?? AFTER_ALL_IDS, limit: limit + 1 };
  const rows = prepared(ctx.db, newest).all(scope) as Row[];
  const items = rows.slice(0, limit).map(({ ranking, shownOrder, ...row }) => ({
    ...row,
    placing: placingOf(JSON.parse(ranking) as string[][], JSON.parse(shownOrder) as string[]),
    notRankable: row.notRankable === 1,
    hasRationale: row.hasRationale === 1,
  }));
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.judgmentId ?? null) : null };
}
