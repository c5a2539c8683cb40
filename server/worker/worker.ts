/**
 * The worker process: `npm run worker`. Claims jobs from the database, runs recipes, fires schedules. May be killed at any
 * moment: jobs go back to the queue when their lease ends, and a run goes on from its last checkpoint. SIGTERM or Ctrl-C ends
 * the step under way, writes a checkpoint and leaves; a second one leaves at once.
 */
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { and, eq, inArray } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { jobs } from '../../db/schema/jobs.ts';
import { newId } from '../../lib/new-id.ts';
import { sendHeads } from '../audit/send-heads.ts';
import { fireDueBackup } from '../backup/fire-due.ts';
import { openDataFolder } from '../data-folder.ts';
import { readEnv } from '../env.ts';
import { enqueueJob } from '../jobs/queue.ts';
import { log } from '../log.ts';
import { forgetAsks } from '../models/asked.ts';
import { checkpointFolder } from '../models/internal.ts';
import { BUNDLED_MODEL_FOLDER } from '../models/register-bundled.ts';
import { fireDueDeletions } from '../projects/fire-due-deletions.ts';
import { BENCHMARK_FILE } from '../runs/estimate.ts';
import { fireDueSchedules } from '../schedules/fire-due.ts';
import { askForLists } from '../snapshots/ask-for-lists.ts';
import { startHeartbeat } from './heartbeat.ts';
import { jobHandlers } from './job-handlers.ts';
import { work } from './work.ts';

async function main(): Promise<void> {
  const env = readEnv();
  const db = openDataFolder(env.PLUMBLINE_DATA);
  const logger = log();
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping.signal.aborted) process.exit(1);
      logger.info({ signal }, 'worker stopping: the step under way ends, then a checkpoint is written');
      stopping.abort();
    });
  }
  const stopHeartbeat = startHeartbeat(env.PLUMBLINE_DATA, (error) =>
    logger.warn({ err: error }, 'no heartbeat can be written: health will say that the worker is silent'),
  );
  try {
    askForBenchmark(db, env.PLUMBLINE_DATA);
  } catch (error) {
    // the figures are a convenience; the next start asks again
    logger.warn({ err: error }, 'the benchmark could not be asked for');
  }
  try {
    askForLists({ db, now: Date.now });
  } catch (error) {
    logger.warn({ err: error }, 'lists of snapshots could not be asked for; the next start asks again');
  }
  const owner = `${hostname()}:${process.pid}:${newId('w')}`;
  logger.info({ owner, dataFolder: env.PLUMBLINE_DATA }, 'worker ready');
  const webhook = env.PLUMBLINE_HEADS_WEBHOOK;
  const sending =
    webhook &&
    sendHeads({
      ...{ db, dataFolder: env.PLUMBLINE_DATA, url: webhook, signal: stopping.signal, log: logger },
    });
  await work({
    db,
    dataFolder: env.PLUMBLINE_DATA,
    backend: env.PLUMBLINE_BACKEND ?? null,
    handlers: jobHandlers,
    signal: stopping.signal,
    owner,
    log: logger,
    onTick: (ctx) => {
      fireDueBackup(ctx);
      fireDueSchedules(ctx);
      fireDueDeletions(ctx);
      forgetAsks(ctx);
    },
  });
  await sending;
  stopHeartbeat();
  db.$client.close();
  logger.info('worker stopped');
}

/** Once per data folder: without the figures the page that starts runs says that nothing was measured yet. */
function askForBenchmark(db: Db, dataFolder: string): void {
  if (existsSync(path.join(dataFolder, BENCHMARK_FILE))) return;
  if (!existsSync(path.join(checkpointFolder(dataFolder, BUNDLED_MODEL_FOLDER), 'manifest.json'))) return;
  const waiting = db
    .select({ id: jobs.id })
    .from(jobs)
    .where(and(eq(jobs.kind, 'benchmark'), inArray(jobs.status, ['queued', 'leased', 'failed'])))
    .get();
  if (!waiting) enqueueJob({ db, now: Date.now }, { kind: 'benchmark', payload: {} });
}

main().catch((error: unknown) => {
  log().fatal({ err: error }, 'worker failed');
  // at once: what else still runs must not keep half a worker alive, the supervisor starts a whole one
  process.exit(1);
});
