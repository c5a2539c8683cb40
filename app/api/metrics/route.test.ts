import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { GET as trpc } from '@/app/api/trpc/[trpc]/route.ts';
import { runMetrics, runs } from '@/db/schema/runs.ts';
import { seedProject } from '@/db/testing.ts';
import { appDatabase } from '@/server/auth/app-database.ts';
import { claimJob, enqueueJob } from '@/server/jobs/queue.ts';
import { GET } from './route.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'plumbline-metrics-'));
const TOKEN = 'a-token-of-twenty-chars';

beforeAll(() => {
  vi.stubEnv('PLUMBLINE_DATA', folder);
  vi.stubEnv('LOG_LEVEL', 'silent');
});
afterAll(() => {
  appDatabase().$client.close();
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

const ask = (authorization?: string) =>
  GET(new Request('http://localhost:3000/api/metrics', { headers: authorization ? { authorization } : {} }));

/** Sample name with labels -> value; throws on a line that is none of the text format. */
function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.trim().split('\n')) {
    if (/^# (HELP|TYPE) plumbline_\w+ \S/.test(line)) continue;
    const [, name, value] =
      /^(plumbline_\w+(?:\{\w+="[^"]*"(?:,\w+="[^"]*")*\})?) (NaN|-?[\d.e+-]+)$/.exec(line) ?? [];
    if (!name) throw new Error(`no sample: ${line}`);
    expect(samples.has(name)).toBe(false);
    samples.set(name, Number(value));
  }
  return samples;
}

describe('/api/metrics', () => {
  it('is not there without a token in the environment, and shut for another token', async () => {
    expect((await ask(`Bearer ${TOKEN}`)).status).toBe(404);
    vi.stubEnv('PLUMBLINE_METRICS_TOKEN', TOKEN);
    expect((await ask()).status).toBe(401);
    expect((await ask(`Bearer ${TOKEN}x`)).status).toBe(401);
    expect((await ask(`Bearer ${TOKEN}`)).status).toBe(200);
  });

  it('counts requests, open jobs and their age, training speed, disk and worker', async () => {
    const db = appDatabase();
    const { projectId, userIds } = seedProject(db);
    const now = Date.now();
    const run = {
      projectId,
      recipe: 'sft' as const,
      name: 'x',
      config: {},
      folder: 'runs/x',
      createdBy: userIds.owner,
      createdAt: now,
    };
    db.insert(runs)
      .values({ ...run, id: 'run_1', status: 'running', step: 30, totalSteps: 40 })
      .run();
    for (let step = 1; step <= 30; step++) {
      // 512 tokens in a quarter of a second; slower at first
      db.insert(runMetrics)
        .values({ runId: 'run_1', step, name: 'num_tokens', value: 512 * step })
        .run();
      db.insert(runMetrics)
        .values({ runId: 'run_1', step, name: 'time/wall', value: step < 5 ? 9 : 0.25 })
        .run();
    }
    enqueueJob(
      { db, now: () => now - 90_000 },
      { kind: 'train', payload: { runId: 'run_1' }, runId: 'run_1' },
    );
    claimJob(db, { owner: 'w', kinds: ['train'], leaseMs: 60_000, now });
    enqueueJob({ db, now: () => now - 60_000 }, { kind: 'benchmark', payload: {} });
    for (const name of ['users.me', 'users.me', 'no.such', 'no.other'])
      await trpc(
        new Request(`http://localhost:3000/api/trpc/${name}`, { headers: { host: 'localhost:3000' } }),
      );

    const samples = parse(await (await ask(`Bearer ${TOKEN}`)).text());
    expect(samples.get('plumbline_requests_total{procedure="users.me",status="401"}')).toBe(2);
    expect(samples.get('plumbline_requests_total{procedure="unknown",status="404"}')).toBe(2);
    expect(samples.get('plumbline_request_duration_seconds_count{procedure="other"}')).toBe(4);
    expect(samples.get('plumbline_jobs{kind="train",status="leased"}')).toBe(1);
    expect(samples.get('plumbline_job_oldest_age_seconds{kind="benchmark",status="queued"}')).toBeCloseTo(
      60,
      -1,
    );
    expect(samples.get('plumbline_training_tokens_per_second{run="run_1",recipe="sft"}')).toBeCloseTo(2048);
    expect(samples.get('plumbline_part_ok{part="worker"}')).toBe(0);
    expect(samples.get('plumbline_part_ok{part="database"}')).toBe(1);
    expect(samples.get('plumbline_disk_free_bytes')).toBeGreaterThan(0);
    expect(samples.get('plumbline_database_bytes{file="main"}')).toBeGreaterThan(0);
  });
});
