/**
 * npx tsx scripts/load/measure-digests.ts [--judgments 20000] [--rounds 10]
 *
 * What the digests of rows (db/audit) cost a claim and a submit: the same verbs on one database, with the triggers that note
 * written rows and without them, round by round in turn. Prints ms of processor time of each as JSON: time by the clock is mostly the
 * disk's, and on a busy machine somebody else's.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startCapture } from '../../db/audit/capture.ts';
import type { Db } from '../../db/client.ts';
import { newId } from '../../lib/new-id.ts';
import { quantile } from '../../lib/statistics/bootstrap.ts';
import { readOptions } from '../../server/cli/options.ts';
import type { Ctx } from '../../server/context.ts';
import { openDataFolder } from '../../server/data-folder.ts';
import { recordJudgment } from '../../server/judgments/record.ts';
import { claimTask } from '../../server/tasks/claim.ts';
import { makeDatabase } from './make-database.ts';

const PER_ROUND = 200;

const { options } = readOptions(process.argv.slice(2), {
  judgments: { type: 'string', expected: 'how many there are before' },
  rounds: { type: 'string', expected: 'rounds of each' },
});
const [numJudgments, rounds] = [Number(options.judgments ?? 20_000), Number(options.rounds ?? 10)];
const folder = mkdtempSync(path.join(tmpdir(), 'plumbline-digests-'));
try {
  const numOpen = 2 * rounds * PER_ROUND + 1000;
  const world = await makeDatabase(folder, { numAnnotators: 50, numJudgments, numOpen }, () => {});
  const db = openDataFolder(folder);
  const ms: Record<string, number[]> = {};
  for (let round = 0; round < 2 * rounds; round++) {
    const kind = round % 2 === 0 ? 'with' : 'without';
    setTriggers(db, kind === 'with');
    for (let i = 0; i < PER_ROUND; i++) {
      const { userId } = world.annotators[(round * PER_ROUND + i) % world.annotators.length] ?? {};
      const actor = { type: 'user', userId: userId ?? '', isInstanceOwner: false } as const;
      const ctx: Ctx = { db, dataFolder: folder, actor, now: Date.now };
      const { projectId } = world;
      const { task } = timed(`claim ${kind}`, ms, () => claimTask({ ctx, input: { projectId } }));
      if (task === null) throw new Error('no task is left');
      const ids = task.responses.map(({ id }) => id);
      const { seatId, leaseToken } = task;
      const input = {
        ...{ projectId, seatId, leaseToken, idempotencyKey: newId('key'), ranking: ids.map((id) => [id]) },
        ...{ strength: -1, tieKind: 'none' as const, notRankable: false, flags: {}, rationale: 'since' },
        ...{ firstInteractionAt: null, activeMs: 1, inputKind: 'api' as const },
      };
      timed(`submit ${kind}`, ms, () => recordJudgment({ ctx, input }));
    }
  }
  db.$client.close();
  const figures = Object.entries(ms).map(([name, values]) => [name, quantiles(values)]);
  process.stdout.write(`${JSON.stringify(Object.fromEntries(figures))}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function setTriggers(db: Db, wanted: boolean): void {
  const names = db.$client
    .prepare(`select name from temp.sqlite_master where type = 'trigger'`)
    .pluck()
    .all() as string[];
  if (wanted === names.length > 0) return;
  if (wanted) startCapture(db.$client);
  else for (const name of names) db.$client.exec(`drop trigger temp."${name}"`);
}

function timed<Result>(name: string, into: Record<string, number[]>, work: () => Result): Result {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  into[name] ??= [];
  into[name].push((user + system) / 1000);
  return result;
}

function quantiles(values: number[]): { p50: number; p95: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (q: number) => Math.round(1000 * quantile(sorted, q)) / 1000;
  return { p50: at(0.5), p95: at(0.95) };
}
