import { statSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { and, count, desc, eq, gt, inArray, min } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { jobs } from '../../db/schema/jobs.ts';
import { runMetrics, runs } from '../../db/schema/runs.ts';
import { programVersion } from '../../db/schema-state.ts';
import type { Ctx } from '../context.ts';
import { databaseFile } from '../data-folder.ts';
import { HEALTH_PARTS, readHealth } from '../health.ts';
import { numAnswered, requestLines } from './request-counts.ts';

const RECENT_STEPS = 20;

type Sample = [labels: string, value: number];

const delay = monitorEventLoopDelay({ resolution: 20 });
delay.enable();

/**
 * Everything there is to watch, in Prometheus' text format. What it costs does not grow with the database: counters of this process,
 * open jobs through an index, the last steps of runs that are training, the sizes of two files.
 */
export async function readMetricsText({
  ctx,
}: {
  ctx: Pick<Ctx, 'db' | 'dataFolder' | 'now'>;
}): Promise<string> {
  const health = await readHealth(ctx.dataFolder);
  const open = openJobs(ctx.db);
  const file = databaseFile(ctx.dataFolder);
  const lines = [
    ...requestLines(),
    ...counter(
      'claims_total',
      'Seats that were asked for and answered, since the pages started.',
      numAnswered('tasks.claim'),
    ),
    ...counter(
      'judgments_recorded_total',
      'Judgments taken, since the pages started.',
      numAnswered('judgments.record'),
    ),
    ...gauge('audit_records', 'Sequence number of the newest audit record.', [['', newestAudit(ctx.db)]]),
    ...gauge(
      'jobs',
      'Jobs that have not ended.',
      open.map(({ kind, status, number }) => [`kind="${kind}",status="${status}"`, number]),
    ),
    ...gauge(
      'job_oldest_age_seconds',
      'Age of the oldest job that has not ended.',
      open.map(({ kind, status, oldest }) => [
        `kind="${kind}",status="${status}"`,
        Math.max(0, ctx.now() - (oldest ?? ctx.now())) / 1000,
      ]),
    ),
    ...gauge(
      'training_tokens_per_second',
      `Tokens trained on per second, over the last ${RECENT_STEPS} steps of each run under way.`,
      trainingSpeeds(ctx.db).map(({ runId, recipe, speed }) => [`run="${runId}",recipe="${recipe}"`, speed]),
    ),
    ...gauge(
      'part_ok',
      'Whether a part is well, as /api/health says.',
      HEALTH_PARTS.map((part) => [`part="${part}"`, Number(health[part].ok)]),
    ),
    ...gauge('worker_heartbeat_age_seconds', 'Time since the worker last said that it lives.', [
      ['', (health.worker.heartbeatAgeMs ?? Number.NaN) / 1000],
    ]),
    ...gauge('disk_free_bytes', 'Free on the disk of the data folder.', [
      ['', health.disk.freeBytes ?? Number.NaN],
    ]),
    ...gauge('database_bytes', 'Size of the database and of its write-ahead log.', [
      ['file="main"', sizeOf(file)],
      ['file="wal"', sizeOf(`${file}-wal`)],
    ]),
    ...gauge('event_loop_delay_seconds', 'Delay of the pages’ event loop since the last reading.', [
      ['quantile="0.5"', delay.percentile(50) / 1e9],
      ['quantile="0.99"', delay.percentile(99) / 1e9],
    ]),
    ...gauge('resident_memory_bytes', 'Memory of the pages’ process.', [['', process.memoryUsage.rss()]]),
    ...gauge('build_info', 'The version that runs.', [[`version="${programVersion()}"`, 1]]),
  ];
  delay.reset();
  return `${lines.join('\n')}\n`;
}

function gauge(name: string, help: string, samples: Sample[]): string[] {
  return [
    `# HELP plumbline_${name} ${help}`,
    `# TYPE plumbline_${name} gauge`,
    ...samples.map(([labels, value]) => `plumbline_${name}${labels === '' ? '' : `{${labels}}`} ${value}`),
  ];
}

function counter(name: string, help: string, value: number): string[] {
  return [
    `# HELP plumbline_${name} ${help}`,
    `# TYPE plumbline_${name} counter`,
    `plumbline_${name} ${value}`,
  ];
}

function newestAudit(db: Db): number {
  return db.select({ seq: auditLog.seq }).from(auditLog).orderBy(desc(auditLog.seq)).limit(1).get()?.seq ?? 0;
}

function openJobs(db: Db) {
  return db
    .select({ kind: jobs.kind, status: jobs.status, number: count(), oldest: min(jobs.createdAt) })
    .from(jobs)
    .where(inArray(jobs.status, ['queued', 'leased', 'paused']))
    .groupBy(jobs.kind, jobs.status)
    .all();
}

/** Runs whose recipe counts its tokens (`num_tokens`), from the second step on. */
function trainingSpeeds(db: Db): { runId: string; recipe: string; speed: number }[] {
  const training = db
    .select({ id: runs.id, recipe: runs.recipe, step: runs.step })
    .from(jobs)
    .innerJoin(runs, eq(runs.id, jobs.runId))
    .where(and(eq(jobs.status, 'leased'), eq(jobs.kind, 'train')))
    .all();
  return training.flatMap(({ id, recipe, step }) => {
    const rows = db
      .select({ step: runMetrics.step, name: runMetrics.name, value: runMetrics.value })
      .from(runMetrics)
      .where(
        and(
          eq(runMetrics.runId, id),
          gt(runMetrics.step, step - RECENT_STEPS),
          inArray(runMetrics.name, ['num_tokens', 'time/wall']),
        ),
      )
      .orderBy(runMetrics.step)
      .all();
    const tokens = rows.filter(({ name, value }) => name === 'num_tokens' && value !== null);
    const [first, last] = [tokens[0], tokens.at(-1)];
    if (!first || !last || first.step === last.step) return [];
    const seconds = rows
      .filter(({ name, step: at }) => name === 'time/wall' && at > first.step && at <= last.step)
      .reduce((sum, { value }) => sum + (value ?? 0), 0);
    const speed = ((last.value ?? 0) - (first.value ?? 0)) / seconds;
    return Number.isFinite(speed) ? [{ runId: id, recipe, speed }] : [];
  });
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
