/**
 * A backup made by the command line while fifty annotators claim and submit through HTTP: restored, it has every judgment that was
 * acknowledged before it began and every one up to the audit record that it names as its head, and verify finds it whole.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { asc, eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { auditLog } from '../../db/schema/audit-log.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { LabelClient } from '../../scripts/load/label-client.ts';
import { findFreePort, KillableProcess, waitForHttp } from '../../scripts/load/processes.ts';
import { openDataFolder } from '../../server/data-folder.ts';
import { verifyDataFolder } from '../../server/verify/verify-data-folder.ts';
import { createLoadWorld, type LoadWorld } from './load-world.ts';

const NUM_ANNOTATORS = 50;
const NUM_TASKS = 400;
const scratch = mkdtempSync(path.join(tmpdir(), 'plumbline-backup-load-'));
const dataFolder = path.join(scratch, 'data');
const port = await findFreePort();
const address = `http://127.0.0.1:${port}`;
const web = new KillableProcess({
  name: 'web',
  args: ['--import', 'tsx', 'tests/load/serve-thin.ts', String(port)],
  env: { PLUMBLINE_DATA: dataFolder, NEXTAUTH_URL: address, LOG_LEVEL: 'warn' },
});
let world: LoadWorld;

beforeAll(async () => {
  world = await createLoadWorld(dataFolder, {
    numAnnotators: NUM_ANNOTATORS,
    numTasks: NUM_TASKS,
    importRows: 10,
  });
  web.start();
  await waitForHttp(`${address}/api/trpc/users.me`, 60_000);
}, 120_000);
afterAll(async () => {
  await web.kill();
  world?.db.$client.close();
  rmSync(scratch, { recursive: true, force: true });
});

const acknowledged: string[] = [];

async function annotate(person: { token: string }, index: number): Promise<void> {
  const client = new LabelClient({
    address,
    token: person.token,
    projectId: world.projectId,
    onTimed: () => {},
  });
  for (let turn = 0; ; turn++) {
    const { task, progress } = await client.claim([]);
    if (task === null) {
      if (progress.openForMe === 0) return;
      await sleep(50);
      continue;
    }
    const ids = task.responses.map(({ id }) => id);
    const receipt = await client.record({
      seatId: task.seatId,
      leaseToken: task.leaseToken,
      idempotencyKey: `backup-${index}-${turn}`,
      ranking: ids.map((id) => [id]),
      strength: ids.length === 2 ? -1 : null,
      tieKind: 'none',
      notRankable: false,
      flags: {},
      rationale: '',
      firstInteractionAt: null,
      activeMs: 100,
      inputKind: 'api',
    });
    acknowledged.push(receipt.judgmentId);
    await sleep(Math.random() * 100);
  }
}

async function command(name: string, args: string[]): Promise<Record<string, unknown>> {
  const tsx = ['--import', 'tsx', `server/cli/${name}.ts`, ...args, '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, tsx);
  return JSON.parse(stdout) as Record<string, unknown>;
}

it('a backup made while fifty annotators judge loses nothing that was acknowledged before its head', async () => {
  const work = Promise.all(world.annotators.map(annotate));
  while (acknowledged.length < 0.2 * world.numSeats) await sleep(10);
  const out = path.join(scratch, 'backup');
  const before = [...acknowledged];
  const { head } = (await command('backup', ['--out', out, '--data', dataFolder])) as {
    head: { seq: number };
  };
  const during = acknowledged.length - before.length;
  await work;
  // the annotators were not held up by it
  expect(during).toBeGreaterThan(10);
  expect(acknowledged).toHaveLength(world.numSeats);

  const restored = path.join(scratch, 'restored');
  await command('restore', ['--from', out, '--data', restored]);
  const db = openDataFolder(restored);
  const kept = new Set(
    db
      .select({ id: judgments.id })
      .from(judgments)
      .all()
      .map(({ id }) => id),
  );
  const report = await verifyDataFolder(db, restored);
  db.$client.close();
  expect(report.broken).toBeNull();
  expect(report.records).toBe(head.seq);
  expect(before.filter((id) => !kept.has(id))).toEqual([]);
  const recorded = world.db
    .select({ seq: auditLog.seq, id: auditLog.subject })
    .from(auditLog)
    .where(eq(auditLog.action, 'judgments.record'))
    .orderBy(asc(auditLog.seq))
    .all();
  const upToHead = recorded.filter(({ seq }) => seq <= head.seq).map(({ id }) => id);
  expect(upToHead.length).toBeGreaterThanOrEqual(before.length);
  expect(new Set(upToHead)).toEqual(kept);
  expect(await command('verify', [out])).toMatchObject({ ok: true, kind: 'backup', records: head.seq });
}, 180_000);
