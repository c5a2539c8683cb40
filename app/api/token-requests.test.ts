/** Every route beside tRPC, called with a good session and a bad token: the token decides alone, so nobody acts. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encode } from 'next-auth/jwt';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { users } from '@/db/schema/users.ts';
import { appDatabase } from '@/server/auth/app-database.ts';
import { sessionSecret } from '@/server/auth/secret.ts';
import { SESSION_COOKIE } from '@/server/auth/session.ts';
import { beginSession } from '@/server/sessions/begin.ts';

type Handler = (request: Request, context: { params: Promise<Record<string, string>> }) => Promise<Response>;

const folder = mkdtempSync(path.join(tmpdir(), 'plumbline-token-requests-'));
const HOST = 'localhost:3000';
/** open to anybody, shut by a token of its own that stands for nobody, and next-auth's own, which knows no tokens */
const WITHOUT_ACTOR = [
  'app/api/health/route.ts',
  'app/api/help/[picture]/route.ts',
  'app/api/metrics/route.ts',
  'app/api/auth/[...nextauth]/route.ts',
];
const routes = (readdirSync('app/api', { recursive: true }) as string[])
  .map((file) => `app/api/${file}`)
  .filter((file) => file.endsWith('/route.ts') && !WITHOUT_ACTOR.includes(file));
let cookie: string;

beforeAll(async () => {
  vi.stubEnv('PLUMBLINE_DATA', folder);
  vi.stubEnv('LOG_LEVEL', 'silent');
  appDatabase()
    .insert(users)
    .values({ id: 'usr_owner', name: 'O', isInstanceOwner: true, createdAt: 0 })
    .run();
  const input = { userId: 'usr_owner', address: 'unknown', userAgent: '' };
  const ctx = { db: appDatabase(), dataFolder: folder, now: Date.now };
  const token = { sub: 'usr_owner', session: beginSession({ ctx, input }).sessionId };
  cookie = `${SESSION_COOKIE}=${await encode({ token, secret: sessionSecret(folder) })}`;
});
afterAll(() => {
  appDatabase().$client.close();
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

test('there are such routes', () => expect(routes.length).toBeGreaterThan(5));

test.each(routes)('%s', async (file) => {
  const handlers = (await import(path.resolve(file))) as Partial<Record<'GET' | 'POST', Handler>>;
  const params = Promise.resolve({
    trpc: 'users.me',
    importId: 'x',
    exportId: 'x',
    checkpointId: 'x',
    registrationId: 'x',
    file: ['x'] as never,
  });
  for (const method of ['GET', 'POST'] as const) {
    const ask = (headers: Record<string, string>) =>
      handlers[method]?.(
        new Request(`http://${HOST}/api/trpc/users.me?project=prj_x`, {
          method,
          headers: { host: HOST, cookie, 'content-type': 'application/json', ...headers },
          ...(method === 'POST' ? { body: '{}' } : {}),
        }),
        { params },
      );
    for (const authorization of ['Bearer a b', 'Bearer', 'bearer plb_x']) {
      expect((await ask({ authorization }))?.status ?? 401).toBe(401);
    }
    // with the cookie alone it is somebody, who finds nothing of this name
    expect((await ask({ origin: `http://${HOST}` }))?.status).not.toBe(401);
    if (method === 'POST' && handlers.POST) expect((await ask({}))?.status).toBe(403);
  }
});
