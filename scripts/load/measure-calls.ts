/**
 * npx tsx scripts/load/measure-calls.ts [--judgments 100000] [--data <folder>]
 *
 * What calls cost with so many judgments, in processor time: by the clock a busy machine's neighbours count too. Each call of the pages nine
 * times, with its rights, as the owner (claims as an annotator), the median in ms; and once each the previews, a snapshot, the list of its
 * judgments and two exports, in seconds and MB of memory above what there was before. Makes a data folder, or goes on with the one named.
 * Prints a line of JSON for each. Linux only: memory is read from /proc.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import { judgments } from '../../db/schema/judgments.ts';
import { users } from '../../db/schema/users.ts';
import type { SnapshotQueryInput } from '../../lib/snapshot-query.ts';
import { quantile } from '../../lib/statistics/bootstrap.ts';
import { readOptions } from '../../server/cli/options.ts';
import type { Ctx } from '../../server/context.ts';
import { openDataFolder } from '../../server/data-folder.ts';
import { createCaller } from '../../server/root.ts';
import { createSnapshot } from '../../server/snapshots/create.ts';
import { exportSnapshot } from '../../server/snapshots/export.ts';
import { fillSnapshot } from '../../server/snapshots/fill.ts';
import { makeDatabase } from './make-database.ts';
import { peakOf } from './measure-export.ts';

type PreviewInput = Partial<SnapshotQueryInput> & { projectId: string; cursor?: string };

const TIMES = 9;
const MB = 2 ** 20;

const { options } = readOptions(process.argv.slice(2), {
  judgments: { type: 'string', expected: 'how many there are' },
  data: { type: 'string', expected: 'a folder that is kept' },
});
const numJudgments = Number(options.judgments ?? 100_000);
const kept = options.data === undefined ? null : String(options.data);
const folder = kept ?? mkdtempSync(path.join(tmpdir(), 'plumbline-calls-'));
const print = (line: Record<string, unknown>) => process.stdout.write(`${JSON.stringify(line)}\n`);

try {
  const tell = (line: string) => process.stderr.write(`${line}\n`);
  const made = await makeDatabase(folder, { numAnnotators: 200, numJudgments, numOpen: 1000 }, tell);
  const db = openDataFolder(folder);
  const { projectId } = made;
  const as = (userId: string, isInstanceOwner = false): Ctx => {
    return { db, dataFolder: folder, actor: { type: 'user', userId, isInstanceOwner }, now: Date.now };
  };
  const owner = as(db.select().from(users).where(eq(users.isInstanceOwner, true)).get()?.id ?? '', true);
  const annotatorId = made.annotators[0]?.userId ?? '';
  const judgmentId = db.select({ id: judgments.id }).from(judgments).limit(1).get()?.id ?? '';
  const [pages, annotator] = [createCaller(owner), createCaller(as(annotatorId))];
  const ofProject = { projectId };
  const calls: Record<string, () => Promise<unknown>> = {
    'tasks.claim': () => annotator.tasks.claim(ofProject),
    'tasks.progress': () => annotator.tasks.progress(ofProject),
    'judgments.mine': () => annotator.judgments.mine(ofProject),
    'projects.overview': () => pages.projects.overview(ofProject),
    'prompts.list': () => pages.prompts.list(ofProject),
    'prompts.list, a word that nobody says': () => pages.prompts.list({ projectId, search: 'zyzzyva' }),
    'tasks.list': () => pages.tasks.list(ofProject),
    'tasks.stats': () => pages.tasks.stats(ofProject),
    'judgments.list': () => pages.judgments.list(ofProject),
    'judgments.get': () => pages.judgments.get({ projectId, judgmentId }),
    'judgments.person': () => pages.judgments.person({ projectId, userId: annotatorId }),
    'audit.list': () => pages.audit.list(ofProject),
    'audit.list, one id': () => pages.audit.list({ projectId, search: judgmentId }),
    'audit.list, an action that nobody did': () => pages.audit.list({ projectId, action: 'models.add' }),
    'schedules.list': () => pages.schedules.list(ofProject),
  };
  for (const [call, run] of Object.entries(calls)) {
    const ms: number[] = [];
    for (let time = 0; time < TIMES; time++) ms.push(await processorMs(run));
    print({
      call,
      ms: round(
        quantile(
          ms.toSorted((a, b) => a - b),
          0.5,
        ),
        10,
      ),
    });
  }

  const preview = (query: Partial<SnapshotQueryInput>) => async () => {
    for (let asked: PreviewInput = { projectId, ...query }; ; ) {
      const { cursor, until } = await pages.snapshots.preview(asked);
      if (cursor === null) return;
      asked = { ...asked, cursor, until };
    }
  };
  let snapshotId = '';
  const works: Record<string, () => Promise<unknown>> = {
    'preview of all': preview({}),
    'preview by strength and time': preview({ strength: { min: 1 }, activeMs: { min: 1 } }),
    'preview by agreement': preview({ agreement: { min: 0.5 } }),
    snapshot: async () => {
      snapshotId = (await createSnapshot({ ctx: owner, input: ofProject })).snapshotId;
    },
    'list of its judgments': () => fillSnapshot({ ctx: owner, input: { projectId, snapshotId } }),
    'export raw': () => exportSnapshot({ ctx: owner, input: { projectId, snapshotId, format: 'raw' } }),
    'export trl': () => exportSnapshot({ ctx: owner, input: { projectId, snapshotId, format: 'trl' } }),
  };
  for (const [work, run] of Object.entries(works)) {
    // makes the peak what is held now
    writeFileSync('/proc/self/clear_refs', '5');
    const before = process.memoryUsage.rss() / MB;
    const seconds = round((await processorMs(run)) / 1000, 10);
    print({ work, seconds, rssMb: Math.round(peakOf(process.pid) - before) });
  }
  db.$client.close();
} finally {
  if (kept === null) rmSync(folder, { recursive: true, force: true });
}

async function processorMs(run: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function round(value: number, parts: number): number {
  return Math.round(value * parts) / parts;
}
