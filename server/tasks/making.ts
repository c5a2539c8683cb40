import { z } from 'zod';
import type { Db } from '../../db/client.ts';
import { prepared } from '../../db/prepared.ts';
import type { Ctx } from '../context.ts';
import type { Making } from './schemas.ts';

/** How far a job that makes tasks is, as its row keeps it. */
export const makingProgress = z.object({
  /** prompts looked at, and how many there were when it began */
  done: z.int(),
  total: z.int(),
  /** the last of them: it goes on behind */
  after: z.string(),
  created: z.int(),
  existing: z.int(),
  tooFewResponses: z.int(),
});
export type MakingProgress = z.output<typeof makingProgress>;

const latest = (db: Db) =>
  db.$client.prepare(
    `SELECT id, status, progress, error FROM jobs
     WHERE kind = 'make-tasks' AND json_extract(payload, '$.projectId') = ? ORDER BY id DESC LIMIT 1`,
  );

/** The job that last made tasks of a project's prompts, or makes them now. null before the first. */
export function latestMaking(db: Db, projectId: string): Making | null {
  const row = prepared(db, latest).get(projectId) as
    | { id: string; status: string; progress: string | null; error: string | null }
    | undefined;
  if (!row) return null;
  const progress = row.progress === null ? null : makingProgress.parse(JSON.parse(row.progress));
  const { done = 0, total = 0, created = 0, existing = 0, tooFewResponses = 0 } = progress ?? {};
  const isOpen = row.status === 'queued' || row.status === 'leased';
  const isDone = row.status === 'done';
  return {
    ...{ jobId: row.id, isOpen, isDone, done, total, created, existing, tooFewResponses },
    error: isOpen || isDone ? null : (row.error ?? 'Cancelled.'),
  };
}

/** The same for pages. */
export function readMaking({ ctx, input }: { ctx: Ctx; input: { projectId: string } }): Making | null {
  return latestMaking(ctx.db, input.projectId);
}
