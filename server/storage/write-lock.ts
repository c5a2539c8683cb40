/**
 * Waiting for the write lock without blocking the process. better-sqlite3 waits synchronously, so a process that answers people
 * gives its connection a busy timeout of next to nothing (app-database.ts), and what finds the lock taken waits here, in turns of
 * the event loop. One watcher looks for all that wait; when the lock is free they go on in the order in which they came.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../../db/client.ts';
import { DomainError } from '../errors.ts';
import { storageProblem } from './storage-problem.ts';

const LOOK_MS = 10;
/** shorter than the patience of the label page, which sends its answer again */
export const LOCK_PATIENCE_MS = 5000;

const watchers = new WeakMap<Db, Promise<void>>();

export function isLocked(error: unknown): boolean {
  return storageProblem(error)?.kind === 'locked';
}

/** Resolves at once unless somebody has lately found the lock taken; then when it is free. Throws `unavailable` at `deadline`. */
export async function afterOtherWriters(db: Db, deadline: number): Promise<void> {
  if (watchers.has(db)) await untilUnlocked(db, deadline);
}

/** Resolves when no other process holds the write lock. Throws `unavailable` when one still does at `deadline` (performance.now). */
export async function untilUnlocked(db: Db, deadline: number): Promise<void> {
  let watcher = watchers.get(db);
  if (watcher === undefined) {
    watcher = watch(db).finally(() => watchers.delete(db));
    watchers.set(db, watcher);
  }
  const late = new AbortController();
  const timeout = sleep(Math.max(0, deadline - performance.now()), 'late' as const, {
    signal: late.signal,
  }).catch(() => 'over' as const);
  const outcome = await Promise.race([watcher, timeout]);
  late.abort();
  if (outcome === 'late') throw stayedLocked();
}

/**
 * Does work that writes (one transaction, or nothing at all: it is begun anew while the lock is taken) as soon as the lock is
 * free. For verbs that are asynchronous; the transport does it for those that are not. Throws `unavailable` when it stays locked.
 */
export async function whenUnlocked<Result>(
  db: Db,
  work: () => Result extends Promise<unknown> ? never : Result,
  { patienceMs = LOCK_PATIENCE_MS } = {},
): Promise<Result> {
  const deadline = performance.now() + patienceMs;
  await afterOtherWriters(db, deadline);
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!isLocked(error)) throw error;
    }
    await untilUnlocked(db, deadline);
  }
}

/** One transaction of an asynchronous verb, begun when the write lock is free. Throws `unavailable` when it stays locked. */
export function writeWhenUnlocked<Result>(
  db: Db,
  work: () => Result extends Promise<unknown> ? never : Result,
): Promise<Result> {
  return whenUnlocked(db, (() => db.transaction(work, { behavior: 'immediate' })) as typeof work);
}

function stayedLocked(): DomainError {
  return new DomainError(
    'unavailable',
    'Another process has been writing to the database for several seconds. Nothing was recorded; try again in a moment.',
  );
}

async function watch(db: Db): Promise<void> {
  while (isTaken(db)) await sleep(LOOK_MS);
}

function isTaken(db: Db): boolean {
  // closed while somebody waited: they find out by themselves
  if (!db.$client.open) return false;
  try {
    db.$client.exec('begin immediate');
    db.$client.exec('rollback');
    return false;
  } catch (error) {
    if (isLocked(error)) return true;
    // a full or read-only disk is no lock: whoever waits tries, and gets that error
    return false;
  }
}
