/**
 * npx tsx scripts/load/measure-members.ts [--judgments 100000] [--batches 500,200] [--data <folder>]
 *
 * How long the transactions are in which the list of a large snapshot's judgments is written behind it (server/snapshots/fill.ts), by
 * the rows of one. Makes a data folder of so many judgments, or goes on with the one named, and a snapshot for each size of batch. Prints
 * JSON: milliseconds by the clock and of processor time, and by the clock those of transactions that change one row: what the disk and whoever
 * else runs here make of the shortest there is.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { count, eq } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { jobs } from '../../db/schema/jobs.ts';
import { snapshotJudgments } from '../../db/schema/snapshots.ts';
import { quantile } from '../../lib/statistics/bootstrap.ts';
import { readOptions } from '../../server/cli/options.ts';
import type { Ctx } from '../../server/context.ts';
import { openDataFolder } from '../../server/data-folder.ts';
import { createSnapshot } from '../../server/snapshots/create.ts';
import { fillSnapshot } from '../../server/snapshots/fill.ts';
import { makeDatabase } from './make-database.ts';

const { options } = readOptions(process.argv.slice(2), {
  judgments: { type: 'string', expected: 'how many there are' },
  batches: { type: 'string', expected: 'rows of a transaction, several parted by commas' },
  data: { type: 'string', expected: 'a folder that is kept' },
});
const numJudgments = Number(options.judgments ?? 100_000);
const kept = options.data === undefined ? null : String(options.data);
const folder = kept ?? mkdtempSync(path.join(tmpdir(), 'plumbline-members-'));

try {
  const tell = (line: string) => process.stderr.write(`${line}\n`);
  const { projectId } = await makeDatabase(folder, { numAnnotators: 50, numJudgments, numOpen: 0 }, tell);
  const db = openDataFolder(folder);
  const ctx: Ctx = { db, dataFolder: folder, actor: { type: 'system' }, now: Date.now };
  for (const batch of String(options.batches ?? '500')
    .split(',')
    .map(Number)) {
    const { snapshotId } = await createSnapshot({ ctx, input: { projectId } });
    const watched = watchTransactions(db);
    await fillSnapshot({ ctx, input: { projectId, snapshotId }, options: { batch } });
    watched.stop();
    const jobId = db.select({ id: jobs.id }).from(jobs).limit(1).get()?.id ?? '';
    const oneRow = watchTransactions(db);
    for (let i = 0; i < 1000; i += 1) {
      db.transaction(() => db.update(jobs).set({ progress: i }).where(eq(jobs.id, jobId)).run());
      await nextTurn();
    }
    oneRow.stop();
    const isOfIt = eq(snapshotJudgments.snapshotId, snapshotId);
    const rows = db.select({ rows: count() }).from(snapshotJudgments).where(isOfIt).get()?.rows;
    const { clock, processor } = watched;
    const figures = { clockMs: quantiles(clock), processorMs: quantiles(processor) };
    const beside = { oneRowClockMs: quantiles(oneRow.clock) };
    process.stdout.write(
      `${JSON.stringify({ batch, rows, transactions: clock.length, ...figures, ...beside })}\n`,
    );
  }
  db.$client.close();
} finally {
  if (kept === null) rmSync(folder, { recursive: true, force: true });
}

/** Times every transaction of a connection from its begin to its commit: so long nobody else writes. */
function watchTransactions(db: Db): { clock: number[]; processor: number[]; stop: () => void } {
  const [clock, processor]: [number[], number[]] = [[], []];
  const begin = db.transaction;
  db.transaction = (...of) => {
    const [start, before] = [performance.now(), process.cpuUsage()];
    try {
      return begin.apply(db, of) as never;
    } finally {
      const { user, system } = process.cpuUsage(before);
      clock.push(performance.now() - start);
      processor.push((user + system) / 1000);
    }
  };
  const stop = () => {
    db.transaction = begin;
  };
  return { clock, processor, stop };
}

function quantiles(values: number[]): { median: number; p99: number; longest: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (q: number) => Math.round(10 * quantile(sorted, q)) / 10;
  return { median: at(0.5), p99: at(0.99), longest: at(1) };
}
