import { and, eq } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { runEvents } from '../../db/schema/runs.ts';
import type { Phase, TrainEvent } from '../../trainer/events.ts';
import type { Run } from './internal.ts';

/** One row of a run's events that is overwritten, and goes with the next step: what the run is at between its steps. */
export const PROGRESS_EVENT = 'progress';

type Progress = Pick<Extract<TrainEvent, { type: 'progress' }>, 'phase' | 'done' | 'total' | 'seconds'>;

const ofRun = (runId: string) => and(eq(runEvents.runId, runId), eq(runEvents.type, PROGRESS_EVENT));

export function setRunProgress(ctx: { db: Db; now: () => number }, runId: string, payload: Progress): void {
  const at = ctx.now();
  const { changes } = ctx.db.update(runEvents).set({ at, payload }).where(ofRun(runId)).run();
  if (changes === 0) ctx.db.insert(runEvents).values({ runId, at, type: PROGRESS_EVENT, payload }).run();
}

export function clearRunProgress({ db }: { db: Db }, runId: string): void {
  db.delete(runEvents).where(ofRun(runId)).run();
}

/** What a running run is at that is not a step, with the seconds that it still takes; null while it steps, waits or has ended. */
export function phaseOf(
  db: Db,
  run: Run,
): { phase: Phase; done: number; total: number; remainingSeconds: number } | null {
  if (run.status !== 'running') return null;
  const row = db.select({ payload: runEvents.payload }).from(runEvents).where(ofRun(run.id)).get();
  if (!row) return null;
  const { phase, done, total, seconds } = row.payload as Progress;
  return { phase, done, total, remainingSeconds: (seconds / done) * (total - done) };
}
