/** What the worker makes of large snapshots and exports, by its real loop, beside the same made at once. */
import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { asc, eq } from 'drizzle-orm';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { jobs } from '../../db/schema/jobs.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { memberships } from '../../db/schema/projects.ts';
import { snapshotExports, snapshotJudgments, snapshots } from '../../db/schema/snapshots.ts';
import { EXPORT_FORMATS } from '../../lib/export-formats.ts';
import { makeDatabase } from '../../scripts/load/make-database.ts';
import type { Ctx } from '../context.ts';
import { openDataFolder } from '../data-folder.ts';
import { DomainError } from '../errors.ts';
import type { JobKind } from '../jobs/definitions.ts';
import { requestCancel } from '../jobs/queue.ts';
import { reviseJudgment } from '../judgments/revise.ts';
import { createCaller } from '../root.ts';
import { askForLists } from '../snapshots/ask-for-lists.ts';
import { createSnapshot } from '../snapshots/create.ts';
import { fillSnapshot } from '../snapshots/fill.ts';
import { getSnapshotInProject } from '../snapshots/internal.ts';
import { listMaking, type Making } from '../snapshots/making.ts';
import { requestExport, requestSnapshot } from '../snapshots/request.ts';
import { writeExport } from '../snapshots/write-export.ts';
import { verifyDataFolder } from '../verify/verify-data-folder.ts';
import { withdrawJudgments } from '../withdrawals/withdraw.ts';
import type { JobContext, JobHandlers } from './job-context.ts';
import { jobHandlers } from './job-handlers.ts';
import { work } from './work.ts';

/** More than are written in the transaction that registers a snapshot, so that a job writes the list of them. */
const NUM = 1500;
/** One that was corrected and its correction, which says that it cannot be ranked, are set aside. */
const KEPT = NUM - 1;
const TOTAL = NUM + 1;
/** A small project is a large one here. */
const options = { whileWaiting: 1000 };

const root = mkdtempSync(path.join(tmpdir(), 'plumbline-large-'));
const template = path.join(root, 'template');
let projectId: string;
let serial = 0;
let dataFolder: string;
let db: Db;
let ctx: Ctx;

beforeAll(async () => {
  const size = { numAnnotators: 5, numJudgments: NUM, numOpen: 0 };
  ({ projectId } = await makeDatabase(template, size, () => {}));
  const made = openDataFolder(template);
  const first = made.select().from(judgments).orderBy(asc(judgments.id)).get();
  if (!first?.annotatorId) throw new Error('nobody judged');
  const userId = first.annotatorId;
  reviseJudgment({
    ctx: {
      ...{ db: made, dataFolder: template, now: Date.now },
      actor: { type: 'user', userId, isInstanceOwner: false },
    },
    input: {
      ...{ projectId, judgmentId: first.id, idempotencyKey: 'a revision of the first', ranking: [] },
      ...{ strength: null, tieKind: 'none', notRankable: true, flags: {}, rationale: '' },
      ...{ firstInteractionAt: null, activeMs: 1, inputKind: 'keyboard' },
    },
  });
  made.$client.pragma('wal_checkpoint(TRUNCATE)');
  made.$client.close();
}, 120_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

beforeEach(() => {
  serial += 1;
  dataFolder = path.join(root, `data-${serial}`);
  cpSync(template, dataFolder, { recursive: true });
  db = openDataFolder(dataFolder);
  ctx = as('researcher');
});
afterEach(() => db.$client.close());

function as(role: 'owner' | 'researcher'): Ctx {
  const userId = db.select().from(memberships).where(eq(memberships.role, role)).get()?.userId ?? '';
  return { db, dataFolder, actor: { type: 'user', userId, isInstanceOwner: false }, now: Date.now };
}

/** The real loop, until a condition holds; it is stopped then as by SIGTERM. */
async function workUntil(
  condition: () => boolean,
  {
    handlers = jobHandlers,
    stop = new AbortController(),
  }: { handlers?: JobHandlers; stop?: AbortController } = {},
): Promise<void> {
  const working = work({
    ...{ db, dataFolder, backend: null, handlers, signal: stop.signal, owner: 'test' },
    ...{ log: pino({ level: 'silent' }), pollMs: 10, heartbeatMs: 1, tickMs: 50 },
  });
  const deadline = Date.now() + 60_000;
  while (!condition() && !stop.signal.aborted && Date.now() < deadline) await sleep(5);
  stop.abort();
  await working;
  expect(condition()).toBe(true);
}

/** The handlers, with something done each time when a job of a kind asks whether it should stop: between pages, that is. */
function asking(kind: JobKind, onAsk: (times: number) => void): JobHandlers {
  let times = 0;
  return {
    ...jobHandlers,
    [kind]: async () => {
      const handler = await jobHandlers[kind]();
      const handle = (context: JobContext) =>
        handler.handle({
          ...context,
          stopReason: () => {
            times += 1;
            onAsk(times);
            return context.stopReason();
          },
        });
      return { ...handler, handle };
    },
  };
}

/** A worker in a process of its own that is killed when a job asks for the n-th time. */
async function killWorker(kind: JobKind, nth: number): Promise<void> {
  const args = ['--import', 'tsx', 'tests/support/dying-worker.ts', dataFolder, kind, String(nth)];
  const died = await promisify(execFile)(process.execPath, args, { timeout: 60_000 }).catch(
    (error: { signal: string; stderr: string }) => error,
  );
  expect(died, died.stderr).toMatchObject({ signal: 'SIGKILL' });
}

const jobOf = (jobId: string | null) =>
  db
    .select()
    .from(jobs)
    .where(eq(jobs.id, jobId ?? ''))
    .get();
const isEnded = (jobId: string | null) =>
  ['done', 'failed', 'cancelled'].includes(jobOf(jobId)?.status ?? '');
const isIdle = () => listMaking({ ctx, input: { projectId } }).every(({ status }) => status === 'failed');
const newest = () => {
  const rows = db.select().from(snapshots).orderBy(asc(snapshots.number)).all();
  return rows.at(-1);
};
const membersOf = (snapshotId: string | undefined) =>
  db
    .select({ id: snapshotJudgments.judgmentId })
    .from(snapshotJudgments)
    .where(eq(snapshotJudgments.snapshotId, snapshotId ?? ''))
    .orderBy(asc(snapshotJudgments.judgmentId))
    .all()
    .map(({ id }) => id);
const folders = (kind: 'snapshots' | 'exports') =>
  existsSync(path.join(dataFolder, kind)) ? readdirSync(path.join(dataFolder, kind)).sort() : [];
const findings = async () => (await verifyDataFolder(db, dataFolder)).findings;

async function queueSnapshot(until?: number): Promise<string> {
  const { jobId } = await requestSnapshot({ ctx, input: { projectId, ...(until && { until }) }, options });
  if (jobId === null) throw new Error('expected a job');
  return jobId;
}

async function makeAtOnce(until?: number): Promise<string> {
  const { snapshotId } = await createSnapshot({ ctx, input: { projectId, ...(until && { until }) } });
  await fillSnapshot({ ctx, input: { projectId, snapshotId } });
  return snapshotId;
}

async function queueExport(snapshotId: string, format: (typeof EXPORT_FORMATS)[number]): Promise<string> {
  const { jobId } = await requestExport({ ctx, input: { projectId, snapshotId, format }, options });
  if (jobId === null) throw new Error('expected a job');
  return jobId;
}

it('a queued snapshot has the counts, members and bytes of one made at once, and says how far it is', async () => {
  const until = Date.now();
  const direct = getSnapshotInProject(ctx, { projectId, snapshotId: await makeAtOnce(until) });
  expect(direct.counts).toMatchObject({ kept: KEPT, dropped: { superseded: 1, 'not-rankable': 1 } });

  const page = createCaller(ctx).snapshots;
  const jobId = await queueSnapshot(until);
  const waiting = { jobId, kind: 'snapshot', status: 'queued', progress: null, error: null };
  expect(await page.making({ projectId })).toMatchObject([waiting]);
  const seen: Making[] = [];
  const handlers = asking('snapshot', () => {
    seen.push(...listMaking({ ctx, input: { projectId } }));
  });
  await workUntil(() => isEnded(jobId) && isIdle(), { handlers });
  expect(seen[0]).toMatchObject({ ...waiting, status: 'leased', progress: { done: 200, total: TOTAL } });
  expect(await page.making({ projectId })).toEqual([]);

  const queued = newest();
  expect(queued).toMatchObject({ number: 2, counts: direct.counts, query: direct.query, status: 'whole' });
  expect(queued?.createdBy).toBe(direct.createdBy);
  expect(membersOf(queued?.id)).toEqual(membersOf(direct.id));
  expect(membersOf(queued?.id)).toHaveLength(KEPT);
  const [left, right] = [direct.folder, queued?.folder ?? ''].map((name) => path.join(dataFolder, name)) as [
    string,
    string,
  ];
  const names = ['left-out.jsonl', 'manifest.json', 'raw.jsonl', 'rows.sha256'];
  expect([readdirSync(left).sort(), readdirSync(right).sort()]).toEqual([names, names]);
  for (const name of names.filter((file) => file !== 'manifest.json'))
    expect(readFileSync(path.join(left, name)).equals(readFileSync(path.join(right, name)))).toBe(true);
  const [ofLeft, ofRight] = [left, right].map((folder) => {
    const text = readFileSync(path.join(folder, 'manifest.json'), 'utf8');
    // what says which of them it is, and when
    const { snapshot_id, created_at, audit_head, signed_head, self_sha256, ...rest } = JSON.parse(text);
    return rest;
  });
  expect(ofRight).toEqual(ofLeft);
  expect(await findings()).toEqual([]);
}, 60_000);

it('a snapshot that nothing fits fails for good, and the page says why', async () => {
  const until = Date.UTC(2000, 0, 1);
  const jobId = await queueSnapshot(until);
  await workUntil(() => isEnded(jobId));
  expect(listMaking({ ctx, input: { projectId } })).toMatchObject([
    { jobId, status: 'failed', error: `The query keeps no judgment; left out: ${TOTAL} after-until.` },
  ]);
  const later: Ctx = { ...ctx, now: () => Date.now() + 25 * 3_600_000 };
  expect(listMaking({ ctx: later, input: { projectId } })).toEqual([]);
  expect(folders('snapshots')).toEqual([]);
});

it('a worker killed half-way leaves a folder that the next attempt clears away; it begins anew', async () => {
  const jobId = await queueSnapshot();
  await killWorker('snapshot', 3);
  expect(folders('snapshots')).toEqual([expect.stringMatching(/^snp_\w+\.partial-\d+-[0-9a-f]+$/)]);
  expect([newest(), jobOf(jobId)?.status]).toEqual([undefined, 'leased']);
  await workUntil(() => isEnded(jobId) && isIdle());
  expect(jobOf(jobId)).toMatchObject({ status: 'done', attempts: 2 });
  expect(folders('snapshots')).toEqual([newest()?.id]);
  expect(membersOf(newest()?.id)).toHaveLength(KEPT);
  expect(db.select().from(snapshots).all()).toHaveLength(1);
  expect(await findings()).toEqual([]);
}, 90_000);

it('a worker that is stopped half-way leaves nothing, and the job waits from its beginning', async () => {
  const jobId = await queueSnapshot();
  const stop = new AbortController();
  const handlers = asking('snapshot', (times) => {
    if (times === 3) stop.abort();
  });
  await workUntil(() => jobOf(jobId)?.status === 'queued', { handlers, stop });
  expect([folders('snapshots'), newest()]).toEqual([[], undefined]);
  expect(listMaking({ ctx, input: { projectId } })).toMatchObject([
    { jobId, status: 'queued', progress: null },
  ]);
  await workUntil(() => isEnded(jobId) && isIdle());
  expect(jobOf(jobId)).toMatchObject({ status: 'done', attempts: 1 });
  expect(folders('snapshots')).toEqual([newest()?.id]);
}, 60_000);

it('a list goes on where its worker was killed, as often as it comes further', async () => {
  const { snapshotId } = await createSnapshot({ ctx, input: { projectId } });
  const isThere = () => membersOf(snapshotId).length;
  expect([newest()?.status, isThere()]).toEqual(['filling', 0]);
  const found: number[] = [];
  for (let kill = 1; kill <= 3; kill += 1) {
    await killWorker('fill-snapshot', 1);
    found.push(isThere());
    // what it holds back so that the next one need not wait for the lease
    db.update(jobs).set({ leaseExpiresAt: 0 }).where(eq(jobs.kind, 'fill-snapshot')).run();
  }
  const batch = found[0] ?? 0;
  expect(batch).toBeGreaterThan(0);
  expect(found).toEqual([batch, 2 * batch, 3 * batch]);
  expect(listMaking({ ctx, input: { projectId } })).toMatchObject([
    { kind: 'fill-snapshot', snapshotId, progress: { total: KEPT } },
  ]);
  await workUntil(isIdle);
  expect(newest()?.status).toBe('whole');
  const { folder } = getSnapshotInProject(ctx, { projectId, snapshotId });
  const rows = readFileSync(path.join(dataFolder, folder, 'raw.jsonl'), 'utf8')
    .trimEnd()
    .split('\n');
  expect(membersOf(snapshotId)).toEqual(rows.map((row) => JSON.parse(row).judgment_id));
  const told = db.select().from(auditLog).where(eq(auditLog.action, 'snapshots.fill')).all();
  expect(told.map(({ payload }) => JSON.stringify(payload))).toEqual([expect.stringContaining(String(KEPT))]);
  expect(await findings()).toEqual([]);
}, 120_000);

it('a list that nobody writes any more is asked for at the next start, once; nobody is withdrawn meanwhile', async () => {
  const { snapshotId } = await createSnapshot({ ctx, input: { projectId } });
  db.update(jobs).set({ status: 'failed', finishedAt: Date.now() }).run();
  const userId = db.select().from(judgments).get()?.annotatorId ?? '';
  const withdraw = () =>
    withdrawJudgments({ ctx: as('owner'), input: { projectId, userId, reason: 'asked for', refit: true } });
  expect(withdraw).toThrow('The list of judgments of snapshot 1 is still being written');
  askForLists(ctx);
  askForLists(ctx);
  expect(db.select().from(jobs).where(eq(jobs.status, 'queued')).all()).toHaveLength(1);
  await workUntil(() => newest()?.status === 'whole');
  expect(membersOf(snapshotId)).toHaveLength(KEPT);
  askForLists(ctx);
  expect(db.select().from(jobs).where(eq(jobs.status, 'queued')).all()).toEqual([]);
  expect(withdraw()).toMatchObject({ executionId: null });
  expect(await findings()).toEqual([]);
}, 60_000);

it('a list is not written out of a file that has lost rows', async () => {
  const { snapshotId } = await createSnapshot({ ctx, input: { projectId } });
  const { folder } = getSnapshotInProject(ctx, { projectId, snapshotId });
  const file = path.join(dataFolder, folder, 'raw.jsonl');
  const lines = readFileSync(file, 'utf8').split('\n');
  writeFileSync(file, lines.slice(1).join('\n'));
  const input = { projectId, snapshotId };
  await expect(fillSnapshot({ ctx, input })).rejects.toThrow(
    `has ${KEPT - 1} judgments; ${KEPT} were counted`,
  );
  expect(newest()?.status).toBe('filling');
}, 60_000);

it('a queued export has the bytes of one made at once, in every format; its progress only grows', async () => {
  const snapshotId = await makeAtOnce();
  const snapshot = getSnapshotInProject(ctx, { projectId, snapshotId });
  for (const format of EXPORT_FORMATS) {
    const folder = path.join(root, `direct-${format}`);
    const done: number[] = [];
    await writeExport(ctx, snapshot, { format, folder, onProgress: (at) => done.push(at) });
    expect(done.length).toBeGreaterThan(1);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(done.at(-1)).toBeLessThanOrEqual(KEPT);
    const jobId = await queueExport(snapshotId, format);
    const seen: Making[] = [];
    const handlers = asking('export', () => {
      seen.push(...listMaking({ ctx, input: { projectId } }));
    });
    await workUntil(() => isEnded(jobId), { handlers });
    expect(jobOf(jobId)).toMatchObject({ status: 'done', error: null });
    expect(seen[0]).toMatchObject({ jobId, kind: 'export', format, snapshotId, status: 'leased' });
    expect(seen[0]?.progress).toMatchObject({ total: KEPT });
    const row = db.select().from(snapshotExports).where(eq(snapshotExports.format, format)).get();
    const made = path.join(dataFolder, row?.folder ?? '');
    const names = readdirSync(folder).sort();
    expect(readdirSync(made).sort()).toEqual(names);
    for (const name of names)
      expect(readFileSync(path.join(made, name)).equals(readFileSync(path.join(folder, name)))).toBe(true);
    expect(row?.createdBy).toBe(snapshot.createdBy);
  }
  expect(folders('exports')).toHaveLength(EXPORT_FORMATS.length);
  expect(await findings()).toEqual([]);
}, 120_000);

it('a worker killed in an export leaves a folder that the next attempt clears away', async () => {
  const snapshotId = await makeAtOnce();
  const jobId = await queueExport(snapshotId, 'csv');
  await killWorker('export', 9);
  expect(folders('exports')).toEqual([expect.stringMatching(/^exp_\w+\.partial-\d+-[0-9a-f]+$/)]);
  await workUntil(() => isEnded(jobId));
  const made = db.select().from(snapshotExports).all();
  expect(made).toHaveLength(1);
  expect(folders('exports')).toEqual([made[0]?.id]);
  const told = db.select().from(auditLog).where(eq(auditLog.action, 'snapshots.export')).all();
  expect(told).toHaveLength(1);
  expect(await findings()).toEqual([]);
}, 90_000);

it('an export of what is erased while it is written does not stay', async () => {
  const snapshotId = await makeAtOnce();
  const jobId = await queueExport(snapshotId, 'raw');
  const handlers = asking('export', () => {
    db.transaction(() => {
      db.update(snapshots).set({ erasedAt: Date.now() }).where(eq(snapshots.id, snapshotId)).run();
    });
  });
  await workUntil(() => isEnded(jobId), { handlers });
  expect(jobOf(jobId)).toMatchObject({ status: 'failed', error: expect.stringContaining('was erased on') });
  expect([folders('exports'), db.select().from(snapshotExports).all()]).toEqual([[], []]);
}, 60_000);

it('cancelled, a job that waits is not begun, and one under way breaks off and leaves nothing', async () => {
  const waiting = await queueSnapshot();
  expect(requestCancel(ctx, waiting)).toBe('cancelled');
  const running = await queueSnapshot();
  const handlers = asking('snapshot', (times) => {
    if (times === 1) expect(requestCancel(ctx, running)).toBe('leased');
  });
  await workUntil(() => isEnded(running), { handlers });
  expect([jobOf(waiting)?.status, jobOf(running)?.status]).toEqual(['cancelled', 'cancelled']);
  expect([folders('snapshots'), newest()]).toEqual([[], undefined]);

  const snapshotId = await makeAtOnce();
  const exporting = await queueExport(snapshotId, 'trl');
  const cancelling = asking('export', (times) => {
    if (times === 1) requestCancel(ctx, exporting);
  });
  await workUntil(() => isEnded(exporting), { handlers: cancelling });
  expect(jobOf(exporting)?.status).toBe('cancelled');
  expect([folders('exports'), db.select().from(snapshotExports).all()]).toEqual([[], []]);
  expect(listMaking({ ctx, input: { projectId } })).toEqual([]);
  expect(await findings()).toEqual([]);
}, 60_000);

it('a database that stays locked costs a job no attempt', async () => {
  const jobId = await queueSnapshot();
  let times = 0;
  const handlers: JobHandlers = {
    ...jobHandlers,
    snapshot: async () => ({
      ...(await jobHandlers.snapshot()),
      handle: async (context) => {
        times += 1;
        // as storage/write-lock.ts does after five seconds
        if (times === 1) throw new DomainError('unavailable', 'Another process has been writing.');
        await (await jobHandlers.snapshot()).handle(context);
      },
    }),
  };
  await workUntil(() => isEnded(jobId), { handlers });
  expect(jobOf(jobId)).toMatchObject({ status: 'done', attempts: 1 });
}, 60_000);

it('folders that dead processes left are cleared away, those of living ones are not', async () => {
  const place = path.join(dataFolder, 'snapshots');
  const dead = 2 ** 22 + 1;
  const names = {
    ofTheDead: `snp_a.partial-${dead}-00ff`,
    ofAnEarlierVersion: `snp_b.partial-${dead}`,
    // in a container the next worker has the number of the one before it
    ofMyNumber: `snp_c.partial-${process.pid}-00ff`,
    ofSomebody: `snp_d.partial-${process.ppid}-00ff`,
    ofSomebodySilent: `snp_e.partial-${process.ppid}-00ff`,
    whole: 'snp_f',
    wholeAndOld: 'snp_g',
    notOurs: 'notes',
  };
  for (const name of Object.values(names)) {
    mkdirSync(path.join(place, name), { recursive: true });
    writeFileSync(path.join(place, name, 'raw.jsonl'), '{}\n');
  }
  const before = Date.now() / 1000 - 2 * 3600;
  for (const name of [names.ofSomebodySilent, names.wholeAndOld, names.notOurs])
    for (const file of ['raw.jsonl', '.']) utimesSync(path.join(place, name, file), before, before);
  const snapshotId = await makeAtOnce();
  expect(folders('snapshots')).toEqual([names.notOurs, names.ofSomebody, names.whole, snapshotId].sort());
}, 60_000);
