import { setTimeout as sleep } from 'node:timers/promises';
import { desc, eq } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { runEvents, runMetrics, runSamples, runs } from '../../db/schema/runs.ts';

/** One look at a run every so often, shared by everybody who follows it. */
export type RunWatch = {
  /** rises whenever the run has logged something or is in another state */
  version: () => number;
  /** resolves after the next look, whatever it saw */
  nextLook: () => Promise<void>;
  /** whoever follows no more says so; the last one ends the looking */
  leave: () => void;
};

type Shared = { followers: number; version: number; look: Promise<void> };

const watches = new WeakMap<Db, Map<string, Shared>>();

/** Joins the watch of a run, or begins it. The trainer is another process, so that news can only be looked for. */
export function watchRun(db: Db, { runId, pollMs }: { runId: string; pollMs: number }): RunWatch {
  const all = watches.get(db) ?? new Map<string, Shared>();
  watches.set(db, all);
  const name = `${runId} ${pollMs}`;
  let shared = all.get(name);
  if (shared === undefined) {
    shared = { followers: 0, version: 0, look: Promise.resolve() };
    all.set(name, shared);
    keepLooking(db, { runId, pollMs, shared, onEnd: () => all.delete(name) });
  }
  const mine = shared;
  mine.followers += 1;
  let isIn = true;
  return {
    version: () => mine.version,
    nextLook: () => mine.look,
    leave: () => {
      if (isIn) mine.followers -= 1;
      isIn = false;
    },
  };
}

function keepLooking(
  db: Db,
  { runId, pollMs, shared, onEnd }: { runId: string; pollMs: number; shared: Shared; onEnd: () => void },
): void {
  let seen = stateOf(db, runId);
  const lookAgain = (): Promise<void> =>
    sleep(pollMs).then(() => {
      if (shared.followers === 0 || !db.$client.open) return onEnd();
      try {
        const state = stateOf(db, runId);
        if (state !== seen) shared.version += 1;
        seen = state;
      } catch {
        // the followers read for themselves now, and tell what is wrong
        shared.version += 1;
      }
      shared.look = lookAgain();
    });
  shared.look = lookAgain();
}

/** What differs when there is news: the newest ids and the run's own row. Reads four rows. */
function stateOf(db: Db, runId: string): string {
  const newest = [runMetrics, runSamples, runEvents].map(
    (table) =>
      db
        .select({ id: table.id })
        .from(table)
        .where(eq(table.runId, runId))
        .orderBy(desc(table.id))
        .limit(1)
        .get()?.id,
  );
  return JSON.stringify([newest, db.select().from(runs).where(eq(runs.id, runId)).get()]);
}
