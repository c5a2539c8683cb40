/**
 * Two hundred annotators claim and submit at the same time through HTTP while the worker imports a file, and both processes
 * are killed (-9) and started again, twice, in the middle. At the end every seat has exactly one judgment, every
 * acknowledged answer is there as it was sent, and the audit chain is whole.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asc, eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditHash, GENESIS_HASH } from '../../db/audit/append-record.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { imports } from '../../db/schema/imports.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { seats } from '../../db/schema/tasks.ts';
import { ensureBuild } from '../../scripts/ensure-build.ts';
import { LabelClient } from '../../scripts/load/label-client.ts';
import { findFreePort, KillableProcess, waitForHttp } from '../../scripts/load/processes.ts';
import type { Receipt, RecordInput } from '../../server/judgments/schemas.ts';
import type { ClaimedTask } from '../../server/tasks/schemas.ts';
import { createLoadWorld, type LoadWorld } from './load-world.ts';

const NUM_ANNOTATORS = 200;
const NUM_TASKS = 400;
const IMPORT_ROWS = 1500;
const MINUTE = 60_000;
const isThin = process.env.LOAD_TEST_WEB === 'thin';

const dataFolder = mkdtempSync(path.join(tmpdir(), 'plumbline-load-'));
const port = await findFreePort();
const address = `http://127.0.0.1:${port}`;
const env = {
  NODE_ENV: 'production',
  NEXTAUTH_URL: address,
  NEXT_TELEMETRY_DISABLED: '1',
  PLUMBLINE_DATA: dataFolder,
  LOG_LEVEL: 'warn',
};
const webArgs = isThin
  ? ['--import', './scripts/mark-peer.mjs', '--import', 'tsx', 'tests/load/serve-thin.ts', String(port)]
  : [
      '--import',
      './scripts/mark-peer.mjs',
      'node_modules/next/dist/bin/next',
      'start',
      '-p',
      String(port),
      '-H',
      '127.0.0.1',
    ];
const web = new KillableProcess({ name: 'web', args: webArgs, env });
const worker = new KillableProcess({
  name: 'worker',
  args: ['--import', 'tsx', 'server/worker/worker.ts'],
  env,
});
let world: LoadWorld;

type Acknowledged = {
  receipt: Receipt;
  input: Omit<RecordInput, 'projectId'>;
  userId: string;
  taskId: string;
};
const acknowledged: Acknowledged[] = [];
/** who was given which seat: nobody may be given one that somebody else had, since no lease ends in this test */
const givenTo = new Map<string, string>();
const doubleGiven: string[] = [];
const durations: Record<string, number[]> = {};
let numRetries = 0;

beforeAll(async () => {
  if (!isThin) ensureBuild();
  world = await createLoadWorld(dataFolder, {
    numAnnotators: NUM_ANNOTATORS,
    numTasks: NUM_TASKS,
    importRows: IMPORT_ROWS,
  });
  web.start();
  worker.start();
  await waitForHttp(`${address}/api/trpc/users.me`, 2 * MINUTE);
}, 15 * MINUTE);

afterAll(async () => {
  await Promise.all([web.kill(), worker.kill()]);
  world?.db.$client.close();
  rmSync(dataFolder, { recursive: true, force: true });
});

function answer(task: ClaimedTask, key: string): Omit<RecordInput, 'projectId'> {
  const ids = task.responses.map(({ id }) => id);
  const ranking = Math.random() < 0.5 ? ids.map((id) => [id]) : [...ids].reverse().map((id) => [id]);
  const isFirstBetter = ranking[0]?.[0] === ids[0];
  return {
    seatId: task.seatId,
    leaseToken: task.leaseToken,
    idempotencyKey: key,
    ranking,
    strength: ids.length === 2 ? (isFirstBetter ? -1 : 1) : null,
    tieKind: 'none',
    notRankable: false,
    flags: {},
    rationale: `because ${key}`,
    firstInteractionAt: null,
    activeMs: 100,
    inputKind: 'api',
  };
}

/** Works like the label page: claims, answers, prefetches; about one answer in twenty is sent twice at once. */
async function annotate(person: { userId: string; token: string }, index: number): Promise<void> {
  const client = new LabelClient({
    address,
    token: person.token,
    projectId: world.projectId,
    onTimed: (procedure, ms) => {
      durations[procedure] ??= [];
      durations[procedure].push(ms);
    },
  });
  for (let turn = 0; ; turn++) {
    const { task, progress } = await client.claim([]);
    if (task === null) {
      if (progress.openForMe === 0) break;
      await sleep(50);
      continue;
    }
    const holder = givenTo.get(task.seatId);
    if (holder !== undefined && holder !== person.userId) doubleGiven.push(task.seatId);
    givenTo.set(task.seatId, person.userId);
    await sleep(Math.random() * 100);
    const input = answer(task, `load-${index}-${turn}`);
    const isDoubled = Math.random() < 0.05;
    const [receipt, second] = await Promise.all([
      client.record(input),
      isDoubled ? client.record(input) : undefined,
    ]);
    if (second) expect(second).toEqual(receipt);
    acknowledged.push({ receipt, input, userId: person.userId, taskId: task.taskId });
  }
  numRetries += client.numRetries;
}

/** kill -9 both, in the middle of what they do, and start them again. */
async function crash(): Promise<void> {
  await Promise.all([web.kill(), worker.kill()]);
  await sleep(300);
  web.start();
  worker.start();
}

const quantile = (values: number[], q: number) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))] ?? 0;

describe('two hundred annotators at once', () => {
  it(
    'get every seat judged once, with nothing lost or doubled through kill -9',
    async () => {
      let isDone = false;
      const crashes = (async () => {
        for (const share of [0.25, 0.6]) {
          while (!isDone && acknowledged.length < share * world.numSeats) await sleep(20);
          await crash();
        }
      })();
      await Promise.all(world.annotators.map(annotate)).finally(() => {
        isDone = true;
      });
      await crashes;
      for (const [procedure, values] of Object.entries(durations)) {
        const [p50, p95] = [quantile(values, 0.5), quantile(values, 0.95)];
        console.log(
          `${procedure}: ${values.length} answered, p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms`,
        );
      }
      console.log(`${numRetries} requests were sent again after a lost answer`);

      expect(doubleGiven).toEqual([]);
      expect(numRetries).toBeGreaterThan(0);
      const rows = world.db.select().from(judgments).where(eq(judgments.source, 'simulated')).all();
      expect(rows).toHaveLength(world.numSeats);
      expect(acknowledged).toHaveLength(world.numSeats);
      const byId = new Map(rows.map((row) => [row.id, row]));
      for (const { receipt, input, userId, taskId } of acknowledged) {
        const { ranking, rationale, strength, idempotencyKey } = input;
        expect(byId.get(receipt.judgmentId)).toMatchObject({
          annotatorId: userId,
          taskId,
          ranking,
          rationale,
          strength,
          idempotencyKey,
          revision: 1,
        });
      }
      const pairs = new Set(rows.map((row) => `${row.taskId} ${row.annotatorId}`));
      expect(pairs.size).toBe(world.numSeats);
      const states = world.db.select({ state: seats.state }).from(seats).all();
      expect(states.every(({ state }) => state === 'done')).toBe(true);
    },
    10 * MINUTE,
  );

  it(
    'leave the import of the killed worker with every row once',
    async () => {
      const read = () => world.db.select().from(imports).where(eq(imports.id, world.importId)).get();
      const end = Date.now() + 3 * MINUTE;
      while (read()?.status !== 'done') {
        if (Date.now() > end) throw new Error(`the import did not end; the worker said:\n${worker.output}`);
        await sleep(200);
      }
      expect(read()).toMatchObject({ read: IMPORT_ROWS, accepted: IMPORT_ROWS, duplicates: 0, rejected: {} });
      const rows = world.db.select().from(judgments).where(eq(judgments.importId, world.importId)).all();
      expect(rows).toHaveLength(IMPORT_ROWS);
    },
    4 * MINUTE,
  );

  it('leave one audit event for each judgment, in an unbroken chain', () => {
    const events = world.db.select().from(auditLog).orderBy(asc(auditLog.seq)).all();
    let previousHash = GENESIS_HASH;
    events.forEach((event, i) => {
      const { hash, payload: _payload, ...hashed } = event;
      expect(event.seq).toBe(i + 1);
      expect(event.previousHash).toBe(previousHash);
      expect(auditHash(hashed)).toBe(hash);
      previousHash = hash;
    });
    const recorded = events.filter((event) => event.action === 'judgments.record');
    expect(new Set(recorded.map((event) => event.subject)).size).toBe(world.numSeats);
    expect(recorded).toHaveLength(world.numSeats);
  });
});
