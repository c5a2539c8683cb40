import { and, asc, eq, gt, gte, ne } from 'drizzle-orm';
import { runEvents, runMetrics, runSamples } from '../../db/schema/runs.ts';
import type { Ctx } from '../context.ts';
import { requireStillIn } from '../sessions/internal.ts';
import { getRunFor } from './internal.ts';
import { PROGRESS_EVENT, phaseOf } from './progress.ts';
import { remainingSeconds } from './remaining.ts';
import { isFinished } from './schemas.ts';
import { watchRun } from './watch-run.ts';

/** How far a follower has read: last ids of the three tables. Spelled `metric.sample.event` as the id of an SSE message. */
type Cursor = { metric: number; sample: number; event: number };

const MAX_ROWS = 5000;

function parseCursor(text: string | null | undefined): Cursor {
  const [metric = 0, sample = 0, event = 0] = (text ?? '').split('.').map((part) => {
    const id = Number(part);
    return Number.isSafeInteger(id) && id >= 0 ? id : 0;
  });
  return { metric, sample, event };
}

/** Rows after a cursor, read in one transaction, and the state of the run at that moment. */
export function readUpdates(
  ctx: Ctx,
  { runId, lastEventId }: { runId: string; lastEventId?: string | null },
) {
  // asked again each time: who is removed stops seeing at once
  const run = getRunFor(ctx, runId, 'runs.read');
  const cursor = parseCursor(lastEventId);
  return ctx.db.transaction(() => {
    const metrics = ctx.db
      .select({ id: runMetrics.id, step: runMetrics.step, name: runMetrics.name, value: runMetrics.value })
      .from(runMetrics)
      .where(and(eq(runMetrics.runId, run.id), gt(runMetrics.id, cursor.metric), gte(runMetrics.step, 0)))
      .orderBy(asc(runMetrics.id))
      .limit(MAX_ROWS)
      .all();
    const samples = ctx.db
      .select({ id: runSamples.id, step: runSamples.step })
      .from(runSamples)
      .where(and(eq(runSamples.runId, run.id), gt(runSamples.id, cursor.sample), gte(runSamples.step, 0)))
      .orderBy(asc(runSamples.id))
      .limit(MAX_ROWS)
      .all();
    const events = ctx.db
      .select({ id: runEvents.id, at: runEvents.at, type: runEvents.type, payload: runEvents.payload })
      .from(runEvents)
      .where(
        and(eq(runEvents.runId, run.id), gt(runEvents.id, cursor.event), ne(runEvents.type, PROGRESS_EVENT)),
      )
      .orderBy(asc(runEvents.id))
      .limit(MAX_ROWS)
      .all();
    const current = getRunFor(ctx, runId, 'runs.read');
    const id = [
      metrics.at(-1)?.id ?? cursor.metric,
      samples.at(-1)?.id ?? cursor.sample,
      events.at(-1)?.id ?? cursor.event,
    ].join('.');
    return {
      id,
      metrics,
      sampleSteps: [...new Set(samples.map((row) => row.step))],
      events,
      run: {
        status: current.status,
        step: current.step,
        totalSteps: current.totalSteps,
        backend: current.backend,
        device: current.device,
        error: current.error,
        phase: phaseOf(ctx.db, current),
        remainingSeconds: remainingSeconds(ctx.db, current),
      },
      isComplete: isFinished(current.status) && metrics.length < MAX_ROWS && events.length < MAX_ROWS,
    };
  });
}

export type RunUpdates = ReturnType<typeof readUpdates>;

/**
 * Everything a run logs after `lastEventId`, as it comes, then ends with the run. News is looked for once for all followers of a
 * run; after a lost connection the client's last id replays exactly what it has not seen. Throws `unauthenticated` or
 * `not-found` as soon as the follower is signed out, disabled or removed.
 */
export async function* followRun(
  ctx: Ctx,
  {
    runId,
    lastEventId,
    signal,
    pollMs = 500,
  }: { runId: string; lastEventId?: string | null; signal: AbortSignal | undefined; pollMs?: number },
): AsyncGenerator<RunUpdates> {
  // before the watch: what nobody may see is not looked at
  getRunFor(ctx, runId, 'runs.read');
  const watch = watchRun(ctx.db, { runId, pollMs });
  const aborted = new Promise<void>((resolve) =>
    signal?.addEventListener('abort', () => resolve(), { once: true }),
  );
  let cursor = lastEventId;
  let lastState = '';
  let version = -1;
  try {
    while (!signal?.aborted) {
      const look = watch.nextLook();
      requireStillIn(ctx);
      if (version === watch.version()) {
        getRunFor(ctx, runId, 'runs.read');
        await Promise.race([look, aborted]);
        continue;
      }
      // before it is read: what comes meanwhile is news again
      version = watch.version();
      const updates = readUpdates(ctx, { runId, lastEventId: cursor });
      const state = JSON.stringify(updates.run);
      const hasNews = updates.id !== cursor || state !== lastState;
      cursor = updates.id;
      lastState = state;
      if (hasNews) yield updates;
      if (updates.isComplete) return;
      if (updates.metrics.length >= MAX_ROWS || updates.events.length >= MAX_ROWS) version = -1;
    }
  } finally {
    watch.leave();
  }
}
