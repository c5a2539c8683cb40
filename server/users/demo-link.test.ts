import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CredentialsConfig } from 'next-auth/providers/credentials';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Db } from '../../db/client.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { users } from '../../db/schema/users.ts';
import { createTestDb, seedProject } from '../../db/testing.ts';
import { authOptions } from '../auth/session.ts';
import type { Ctx } from '../context.ts';
import { markDemoFolder } from '../demo-folder.ts';
import { verifyDatabase } from '../verify/verify-data-folder.ts';
import { createDemoLink } from './create-demo-link.ts';
import { takeDemoLink } from './take-demo-link.ts';

const HERE = '127.0.0.1';
const WORTHLESS = { code: 'expired', message: expect.stringContaining('does not work any more') };
let db: Db;
let dataFolder: string;
let now: number;
let annotator: string;
let owner: Ctx;

beforeEach(() => {
  db = createTestDb();
  dataFolder = mkdtempSync(path.join(tmpdir(), 'plumbline-demo-link-'));
  now = 1_700_000_000_000;
  const { userIds } = seedProject(db);
  annotator = userIds.annotator;
  const actor = { type: 'user', userId: userIds.owner, isInstanceOwner: true } as const;
  owner = { db, actor, dataFolder, now: () => now };
});
afterEach(() => {
  rmSync(dataFolder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

const make = () => createDemoLink({ ctx: owner, input: { userId: annotator } }).token;
const take = (token: string, address = HERE) => takeDemoLink({ ctx: owner, input: { token, address } });

describe('links of the demo', () => {
  it('sign in once, and the log says by what', async () => {
    markDemoFolder(dataFolder);
    const token = make();
    expect(await take(token)).toEqual({ userId: annotator });
    await expect(take(token)).rejects.toMatchObject(WORTHLESS);
    const signIns = db
      .select()
      .from(auditLog)
      .all()
      .filter(({ action }) => action === 'users.signIn');
    expect(signIns).toMatchObject([
      { subject: annotator, payload: expect.stringContaining('"method":"demo link"') },
    ]);
    expect(JSON.stringify(db.select().from(auditLog).all())).not.toContain(token);
    expect((await verifyDatabase(db)).broken).toBeNull();
  });

  it('are not made, and not taken, in a folder that is not the demo’s', async () => {
    expect(make).toThrow(/not one/);
    markDemoFolder(dataFolder);
    const token = make();
    rmSync(path.join(dataFolder, 'demo-folder.txt'));
    await expect(take(token)).rejects.toMatchObject(WORTHLESS);
  });

  it('open nothing to another machine, nor to one that nobody vouches for', async () => {
    markDemoFolder(dataFolder);
    const token = make();
    for (const address of ['192.0.2.7', '::2', 'unknown', '']) {
      await expect(take(token, address)).rejects.toMatchObject(WORTHLESS);
    }
    expect(await take(token, '::1')).toEqual({ userId: annotator });
  });

  it('end after a day, and with the person', async () => {
    markDemoFolder(dataFolder);
    const [late, disabled] = [make(), make()];
    db.update(users).set({ disabledAt: now }).run();
    await expect(take(disabled)).rejects.toMatchObject(WORTHLESS);
    db.update(users).set({ disabledAt: null }).run();
    now += 86_400_001;
    await expect(take(late)).rejects.toMatchObject(WORTHLESS);
  });

  it('are offered to next-auth by the demo alone', () => {
    vi.stubEnv('PLUMBLINE_DATA', dataFolder);
    const names = () => authOptions().providers.map(({ id }) => id);
    expect(names()).toEqual(['credentials']);
    markDemoFolder(dataFolder);
    expect(names()).toEqual(['credentials', 'demo']);
    expect((authOptions().providers[1] as CredentialsConfig).credentials).toEqual({ token: {} });
  });
});
