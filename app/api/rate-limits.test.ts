/** Every route under app/api, called when its caller has used up every class of requests: each answers 429 and does nothing. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encode } from 'next-auth/jwt';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { users } from '@/db/schema/users.ts';
import { appDatabase } from '@/server/auth/app-database.ts';
import { sessionSecret } from '@/server/auth/secret.ts';
import { SESSION_COOKIE } from '@/server/auth/session.ts';
import type { Actor } from '@/server/context.ts';
import { RATE_CLASSES, type RateClass } from '@/server/limits/rate-classes.ts';
import { takeToken } from '@/server/limits/take-token.ts';
import { beginSession } from '@/server/sessions/begin.ts';

type Handler = (
  request: Request,
  context: { params: Promise<Record<string, string | string[]>> },
) => Promise<Response>;

const folder = mkdtempSync(path.join(tmpdir(), 'plumbline-rate-limits-'));
const HOST = 'localhost:3000';
const routes = (readdirSync('app/api', { recursive: true }) as string[])
  .map((file) => `app/api/${file}`)
  .filter((file) => file.endsWith('/route.ts'));
let cookie: string;

beforeAll(async () => {
  vi.stubEnv('PLUMBLINE_DATA', folder);
  vi.stubEnv('PLUMBLINE_METRICS_TOKEN', 'a long token for figures');
  vi.stubEnv('LOG_LEVEL', 'silent');
  const userId = 'usr_owner';
  appDatabase().insert(users).values({ id: userId, name: 'O', isInstanceOwner: true, createdAt: 0 }).run();
  const ctx = { db: appDatabase(), dataFolder: folder, now: Date.now };
  const { sessionId } = beginSession({ ctx, input: { userId, address: 'unknown', userAgent: '' } });
  const token = { sub: userId, session: sessionId };
  cookie = `${SESSION_COOKIE}=${await encode({ token, secret: sessionSecret(folder) })}`;
  const actors: Actor[] = [{ type: 'anonymous' }, { type: 'user', userId, isInstanceOwner: true }];
  // time stands still: nothing fills again while the test runs
  vi.useFakeTimers({ toFake: ['Date'] });
  const now = Date.now();
  for (const actor of actors)
    for (const rate of Object.keys(RATE_CLASSES) as RateClass[])
      expect(() => {
        for (let i = 0; i <= RATE_CLASSES[rate].burst; i++)
          takeToken({ actor, address: 'unknown' }, rate, now);
      }).toThrow('Too many requests');
});
afterAll(() => {
  vi.useRealTimers();
  appDatabase().$client.close();
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

test.each(routes)('%s', async (file) => {
  const handlers = (await import(path.resolve(file))) as Partial<Record<'GET' | 'POST', Handler>>;
  const named = Object.fromEntries(
    ['trpc', 'importId', 'exportId', 'checkpointId', 'registrationId', 'judgmentId', 'runId'].map((name) => [
      name,
      name === 'trpc' ? 'users.me' : 'x',
    ]),
  );
  const params = Promise.resolve({ ...named, nextauth: ['csrf'], file: ['x'] });
  const methods = (['GET', 'POST'] as const).filter((method) => handlers[method]);
  expect(methods.length).toBeGreaterThan(0);
  for (const method of methods) {
    const url = `http://${HOST}/api/${file.includes('trpc') ? 'trpc/users.me' : 'x'}?project=prj_x&name=x&format=csv`;
    const request = new Request(url, {
      method,
      headers: { cookie, host: HOST, origin: `http://${HOST}`, 'content-type': 'application/json' },
      ...(method === 'POST' ? { body: '{}' } : {}),
    });
    const answer = await handlers[method]?.(request, { params });
    // users.me is a query: tRPC refuses to have it posted before it is counted
    if (file.includes('trpc') && method === 'POST') expect(answer?.status).toBe(405);
    else expect(answer?.status, `${method} ${file}`).toBe(429);
  }
});
