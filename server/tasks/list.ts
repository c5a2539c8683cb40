import type { Db } from '../../db/client.ts';
import { prepared } from '../../db/prepared.ts';
import { AFTER_ALL_IDS } from '../../lib/new-id.ts';
import type { Ctx } from '../context.ts';
import type { ListTasksInput } from './schemas.ts';
import { type SeatCounts, seatCounts } from './seat-counts.ts';

export type TaskSummary = {
  taskId: string;
  kind: string;
  overlap: number;
  priority: number;
  createdAt: number;
  split: 'train' | 'heldout';
  /** the last message of the prompt, cut */
  promptExcerpt: string;
  numResponses: number;
  /** people who have judged it, imported judgments counted too */
  numJudgments: number;
  /** none where the answers were imported with the task */
  seats: SeatCounts;
};

const newest = (db: Db) =>
  db.$client.prepare(
    `SELECT t.id AS taskId, t.kind, t.overlap, t.priority, t.created_at AS createdAt, p.split,
         substr(json_extract(p.messages, '$[#-1].content'), 1, 200) AS promptExcerpt,
         (SELECT count(*) FROM task_responses r WHERE r.task_id = t.id) AS numResponses,
         (SELECT count(*) FROM judgments j WHERE j.task_id = t.id AND j.revision = 1) AS numJudgments
       FROM tasks t JOIN prompts p ON p.id = t.prompt_id
       WHERE t.project_id = @projectId AND t.id < @before
       ORDER BY t.id DESC LIMIT @limit`,
  );

/** Tasks of a project, newest first. */
export function listTasks({ ctx, input }: { ctx: Ctx; input: ListTasksInput }): {
  items: TaskSummary[];
  nextCursor: string | null;
} {
  const { projectId, cursor, limit } = input;
  const rows = prepared(ctx.db, newest).all({
    projectId,
    before: cursor ?? AFTER_ALL_IDS,
    limit: limit + 1,
  }) as Omit<TaskSummary, 'seats'>[];
  const found = rows.slice(0, limit);
  const seats = seatCounts(
    ctx,
    found.map(({ taskId }) => taskId),
  );
  const items = found.map((task) => ({ ...task, seats: seats.get(task.taskId) as SeatCounts }));
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.taskId ?? null) : null };
}
