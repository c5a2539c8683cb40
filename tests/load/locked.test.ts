/** Another process holds the write lock: what reads goes on, what writes waits without holding anybody up, then says so. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { GET as getHealth } from '../../app/api/health/route.ts';
import { GET, POST } from '../../app/api/trpc/[trpc]/route.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { seedProject } from '../../db/testing.ts';
import { appDatabase } from '../../server/auth/app-database.ts';
import { databaseFile } from '../../server/data-folder.ts';
import { addPrompt } from '../../server/tasks/add-prompt.ts';
import { addResponses } from '../../server/tasks/add-responses.ts';
import { createTask } from '../../server/tasks/create.ts';
import type { ClaimedTask } from '../../server/tasks/schemas.ts';
import { createToken } from '../../server/users/create-token.ts';
import { holdLock } from '../support/hold-lock.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'plumbline-locked-'));
const HOST = 'localhost:3000';
let projectId: string;
let headers: Record<string, string>;

beforeAll(() => {
  vi.stubEnv('PLUMBLINE_DATA', folder);
  vi.stubEnv('LOG_LEVEL', 'silent');
  const db = appDatabase();
  const seeded = seedProject(db);
  projectId = seeded.projectId;
  const as = (userId: string) =>
    ({
      db,
      dataFolder: folder,
      now: Date.now,
      actor: { type: 'user', userId, isInstanceOwner: false },
    }) as const;
  const ctx = as(seeded.userIds.researcher);
  for (let i = 0; i < 4; i++) {
    const messages = [{ role: 'user' as const, content: `Question ${i}` }];
    const { promptId } = addPrompt({ ctx, input: { projectId, messages } });
    const responses = ['yes', 'no'].map((content) => ({ content, origin: 'imported' as const }));
    const responseIds = addResponses({ ctx, input: { promptId, responses } });
    createTask({ ctx, input: { projectId, promptId, responseIds } });
  }
  const { token } = createToken({
    ctx: as(seeded.userIds.annotator),
    input: { name: 'test', scopes: ['read', 'write'] },
  });
  headers = { host: HOST, 'content-type': 'application/json', authorization: `Bearer ${token}` };
});
afterAll(() => {
  appDatabase().$client.close();
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

const mutate = (procedure: string, input: object) =>
  POST(
    new Request(`http://${HOST}/api/trpc/${procedure}`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ projectId, ...input }),
    }),
  );
const read = () => GET(new Request(`http://${HOST}/api/trpc/users.me`, { headers }));
const health = () => getHealth(new Request(`http://${HOST}/api/health?need=web,database`));

async function claim(): Promise<ClaimedTask> {
  const answer = await mutate('tasks.claim', { holding: [] });
  expect(answer.status).toBe(200);
  return (await answer.json()).result.data.task;
}

function answerTo(task: ClaimedTask, idempotencyKey: string) {
  const [first, second] = task.responses.map(({ id }) => id);
  return {
    seatId: task.seatId,
    leaseToken: task.leaseToken,
    idempotencyKey,
    ranking: [[first], [second]],
    strength: -1,
    tieKind: 'none',
    notRankable: false,
    flags: {},
    rationale: 'because',
    firstInteractionAt: null,
    activeMs: 1,
    inputKind: 'api',
  };
}

const recorded = (key: string) =>
  appDatabase().select({ id: judgments.id }).from(judgments).where(eq(judgments.idempotencyKey, key)).all();

/** Reads and asks for health until told to stop; the longest that one of them took, ms. */
function keepReading(): { stop: () => Promise<{ longestMs: number; answers: number }> } {
  let isStopped = false;
  let longestMs = 0;
  let answers = 0;
  const loop = async (call: () => Promise<Response>) => {
    while (!isStopped) {
      const start = performance.now();
      const answer = await call();
      longestMs = Math.max(longestMs, performance.now() - start);
      expect(answer.status).toBe(200);
      answers += 1;
      await sleep(20);
    }
  };
  const loops = Promise.all([loop(read), loop(health)]);
  return {
    async stop() {
      isStopped = true;
      await loops;
      return { longestMs, answers };
    },
  };
}

describe('while another process holds the write lock', () => {
  it('reads and health go on, and a judgment is recorded once when it lets go', async () => {
    const task = await claim();
    // the token was last used long ago: reading would note that, and need not
    appDatabase().$client.exec('update api_tokens set last_used_at = 0');
    const { released } = await holdLock(databaseFile(folder), 3000);
    const reading = keepReading();
    const start = performance.now();
    const body = answerTo(task, 'held-judgment-1');
    const [answer, again] = await Promise.all([
      mutate('judgments.record', body),
      mutate('judgments.record', body),
    ]);
    expect(performance.now() - start).toBeGreaterThan(2000);
    const { longestMs, answers } = await reading.stop();
    await released;
    expect([answer.status, again.status]).toEqual([200, 200]);
    expect(recorded('held-judgment-1')).toHaveLength(1);
    expect(longestMs).toBeLessThan(1000);
    expect(answers).toBeGreaterThan(60);
  }, 30_000);

  it('a judgment is answered 503 with Retry-After when it stays locked, and sent again is recorded once', async () => {
    const task = await claim();
    const body = answerTo(task, 'held-judgment-2');
    const { released } = await holdLock(databaseFile(folder), 8000);
    const reading = keepReading();
    const answers = await Promise.all(Array.from({ length: 30 }, () => mutate('judgments.record', body)));
    for (const answer of answers) {
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('2');
      const { error } = await answer.json();
      expect(error.data.domainCode).toBe('unavailable');
      expect(error.message).toMatch(/Nothing was recorded; try again/);
    }
    expect(recorded('held-judgment-2')).toEqual([]);
    expect((await reading.stop()).longestMs).toBeLessThan(1000);
    await released;
    expect((await mutate('judgments.record', body)).status).toBe(200);
    const [judgment, ...more] = recorded('held-judgment-2');
    expect(more).toEqual([]);
    const events = appDatabase()
      .select()
      .from(auditLog)
      .where(eq(auditLog.subject, judgment?.id ?? ''))
      .all();
    expect(events).toHaveLength(1);
  }, 40_000);
});
