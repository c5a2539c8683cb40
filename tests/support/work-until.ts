import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import type { Db } from '../../db/client.ts';
import { jobHandlers } from '../../server/worker/job-handlers.ts';
import { work } from '../../server/worker/work.ts';

const PATIENCE_MS = 200_000;

/** Waits until the condition holds. Throws when it does not in time. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited ${PATIENCE_MS / 1000} s for ${what}`);
    await sleep(5);
  }
}

/**
 * The real worker's loop with its real handlers, in this process, until the condition holds; then it stops as on SIGTERM. Throws when the
 * condition does not hold in time.
 */
export async function workFolderUntil(
  { db, dataFolder }: { db: Db; dataFolder: string },
  condition: () => boolean,
  {
    what = 'the worker',
    backend = 'simd',
    heartbeatMs,
  }: { what?: string; backend?: string | null; heartbeatMs?: number } = {},
): Promise<void> {
  const stop = new AbortController();
  const working = work({
    ...{ db, dataFolder, backend, handlers: jobHandlers, signal: stop.signal },
    ...{ owner: 'test', log: pino({ level: 'silent' }), pollMs: 10, heartbeatMs },
  });
  try {
    await until(condition, what);
  } finally {
    stop.abort();
    await working;
  }
}
