import type { Db } from '../../db/client.ts';
import { countsOf } from '../../db/counts.ts';
import { prepared } from '../../db/prepared.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import type { JobPayload } from '../jobs/definitions.ts';
import { addTask } from './add-task.ts';
import type { MakingProgress } from './making.ts';

const MAX_PLACES = 9;
/** Rows and digests of so many tasks are written in some 30 ms: whoever judges meanwhile does not notice. */
const TASKS_PER_BATCH = 40;
const PROMPTS_PER_BATCH = 200;

const nextPrompts = (db: Db) =>
  db.$client
    .prepare(
      `SELECT id FROM prompts WHERE project_id = ? AND id > ? AND erased_at IS NULL ORDER BY id LIMIT ${PROMPTS_PER_BATCH}`,
    )
    .pluck();
const responsesOf = (db: Db) =>
  db.$client
    .prepare('SELECT id FROM responses WHERE prompt_id = ? AND erased_at IS NULL ORDER BY id')
    .pluck();

/** Where a job that makes tasks begins. */
export function beginMaking(
  ctx: Pick<Ctx, 'db'>,
  { projectId, promptIds }: JobPayload<'make-tasks'>,
): MakingProgress {
  const all = Object.values(countsOf(ctx.db, projectId, 'prompts')).reduce((sum, n) => sum + n, 0);
  const total = promptIds?.length ?? all;
  return { done: 0, total, after: '', created: 0, existing: 0, tooFewResponses: 0 };
}

/**
 * Makes the tasks of the next prompts in one short transaction, which `keep` writes the progress in. Prompts with fewer than two
 * responses are counted and left; questions asked already are counted and left. With more than nine responses and 'together',
 * the oldest nine are taken. Returns null when no prompt is left.
 */
export function makeTasks(
  ctx: Ctx,
  payload: JobPayload<'make-tasks'>,
  before: MakingProgress,
  keep: (after: MakingProgress) => void,
): MakingProgress | null {
  const { projectId, arrange, overlap, priority } = payload;
  const promptIds =
    payload.promptIds === null
      ? (prepared(ctx.db, nextPrompts).all(projectId, before.after) as string[])
      : payload.promptIds.slice(before.done, before.done + PROMPTS_PER_BATCH);
  if (promptIds.length === 0) return null;
  return ctx.db.transaction(
    () => {
      const made = { ...before };
      let numTasks = 0;
      for (const promptId of promptIds) {
        if (numTasks >= TASKS_PER_BATCH) break;
        const responseIds = prepared(ctx.db, responsesOf).all(promptId) as string[];
        made.done += 1;
        made.after = promptId;
        if (responseIds.length < 2) {
          made.tooFewResponses += 1;
          continue;
        }
        const groups = arrange === 'pairs' ? pairsOf(responseIds) : [responseIds.slice(0, MAX_PLACES)];
        for (const group of groups) {
          const task = { projectId, promptId, responseIds: group, overlap, priority };
          made[addTask({ ctx, input: task }).isNew ? 'created' : 'existing'] += 1;
          numTasks += 1;
        }
      }
      keep(made);
      if (made.created > before.created) {
        appendAudit(ctx, {
          action: 'tasks.create-from-prompts',
          subject: projectId,
          projectId,
          payload: {
            ...{ arrange, overlap, requestedBy: payload.requestedBy },
            ...{ created: made.created - before.created, existing: made.existing - before.existing },
          },
        });
      }
      return made;
    },
    { behavior: 'immediate' },
  );
}

function pairsOf(ids: string[]): string[][] {
  return ids.flatMap((left, i) => ids.slice(i + 1).map((right) => [left, right]));
}
