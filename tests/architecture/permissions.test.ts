/**
 * Every procedure x every kind of caller, by really calling it with nothing but a project id. Procedures are read from the
 * router, so that a new one is covered the moment it exists.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TRPCError } from '@trpc/server';
import { eq } from 'drizzle-orm';
import { afterAll, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { memberships } from '../../db/schema/projects.ts';
import { users } from '../../db/schema/users.ts';
import { createTestDb, seedProject } from '../../db/testing.ts';
import { newId } from '../../lib/new-id.ts';
import { ROLES, type Role } from '../../lib/roles.ts';
import { actorOfSession } from '../../server/auth/find-actor.ts';
import type { Actor } from '../../server/context.ts';
import { RATE_CLASSES } from '../../server/limits/rate-classes.ts';
import { PERMISSIONS, type Permission, roleMay } from '../../server/permissions.ts';
import { appRouter, createCaller } from '../../server/root.ts';
import { beginSession } from '../../server/sessions/begin.ts';

const CALLERS = [...ROLES, 'stranger', 'removed', 'anonymous', 'disabled', 'instance-owner'] as const;
type Caller = (typeof CALLERS)[number];
type Procedure = {
  _def: { type: 'query' | 'mutation' | 'subscription'; meta?: { access?: string; rate?: string } };
};
type Verdict = 'allowed' | 'UNAUTHORIZED' | 'FORBIDDEN' | 'NOT_FOUND';

const procedures = Object.entries(appRouter._def.procedures as unknown as Record<string, Procedure>);
const dataFolder = mkdtempSync(path.join(tmpdir(), 'plumbline-permissions-'));
afterAll(() => rmSync(dataFolder, { recursive: true, force: true }));

function isPermission(access: string): access is Permission {
  return access in PERMISSIONS;
}

/** What the matrix says should happen. */
function expected(access: string, caller: Caller): Verdict {
  if (access === 'public') return 'allowed';
  if (caller === 'anonymous' || caller === 'disabled') return 'UNAUTHORIZED';
  if (access === 'signed-in' || access === 'session') return 'allowed';
  if (access === 'instance-owner') return caller === 'instance-owner' ? 'allowed' : 'FORBIDDEN';
  if (!isPermission(access)) throw new Error(`unknown access "${access}"`);
  if (caller === 'stranger' || caller === 'removed') return 'NOT_FOUND';
  if (caller === 'instance-owner') return 'allowed';
  return roleMay(caller, access) ? 'allowed' : 'FORBIDDEN';
}

function addUser(db: Db, isInstanceOwner: boolean): string {
  const id = newId('usr');
  db.insert(users)
    .values({ id, email: `${id}@example.org`, name: 'x', isInstanceOwner, createdAt: 0 })
    .run();
  return id;
}

function actorOf(db: Db, caller: Caller, userIds: Record<Role, string>): Actor {
  switch (caller) {
    case 'anonymous':
      return { type: 'anonymous' };
    case 'stranger':
      // owner of another project: the role counts only where it was given
      return { type: 'user', userId: seedProject(db).userIds.owner, isInstanceOwner: false };
    case 'removed': {
      // an owner of the project until a moment ago
      const isOwner = eq(memberships.userId, userIds.owner);
      db.update(memberships).set({ removedAt: 1 }).where(isOwner).run();
      return { type: 'user', userId: userIds.owner, isInstanceOwner: false };
    }
    case 'instance-owner':
      return { type: 'user', userId: addUser(db, true), isInstanceOwner: true };
    case 'disabled': {
      // an owner of the project who still holds a good session token
      db.update(users).set({ disabledAt: 1 }).where(eq(users.id, userIds.owner)).run();
      const input = { userId: userIds.owner, address: 'unknown', userAgent: '' };
      const ctx = { db, dataFolder, now: Date.now };
      const { sessionId } = beginSession({ ctx, input });
      return actorOfSession(ctx, { userId: userIds.owner, sessionId });
    }
    default:
      return { type: 'user', userId: userIds[caller], isInstanceOwner: false };
  }
}

/** Calls the procedure with a project id only: who may do it fails, if at all, by missing input. */
async function call(name: string, db: Db, actor: Actor, projectId: string): Promise<string> {
  const caller = createCaller({ db, actor, dataFolder, now: Date.now });
  const procedure = name
    .split('.')
    .reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], caller);
  try {
    const result = await (procedure as (input: unknown) => Promise<unknown>)({ projectId });
    // a subscription gives an endless iterable: end it
    if (typeof result === 'object' && result !== null && Symbol.asyncIterator in result) {
      await (result as AsyncIterable<unknown>)[Symbol.asyncIterator]().return?.();
    }
    return 'allowed';
  } catch (error) {
    if (!(error instanceof TRPCError)) throw error;
    // past the gate: the input or the state of the data is what was wrong
    return error.code === 'BAD_REQUEST' || error.code === 'CONFLICT' ? 'allowed' : error.code;
  }
}

const numWrites = (db: Db) => db.$client.prepare('select total_changes()').pluck().get() as number;

describe('the permission matrix', () => {
  it('knows every procedure: each has one access of the closed set', () => {
    const known = ['public', 'signed-in', 'session', 'instance-owner', ...Object.keys(PERMISSIONS)];
    const without = procedures.filter(([, { _def }]) => !known.includes(_def.meta?.access ?? ''));
    expect(without.map(([name]) => name)).toEqual([]);
    expect(procedures.length).toBeGreaterThan(20);
  });

  it('has a rate class for every procedure; streams, labelling and what tries secrets have their own', () => {
    const rateOf = ([, { _def }]: (typeof procedures)[number]) => _def.meta?.rate ?? '';
    expect(
      procedures.filter((one) => !Object.hasOwn(RATE_CLASSES, rateOf(one))).map(([name]) => name),
    ).toEqual([]);
    for (const one of procedures) {
      const [name, { _def }] = one;
      if (_def.type === 'subscription') expect(rateOf(one), name).toBe('stream');
      if (_def.type === 'mutation') expect(rateOf(one), name).not.toBe('read');
      if (_def.meta?.access === 'public') expect(rateOf(one), name).toBe('guess');
      if (_def.meta?.access === 'tasks.label') expect(rateOf(one), name).toBe('label');
    }
  });

  it('answers 429 in words beyond it', async () => {
    const db = createTestDb();
    const { projectId, userIds } = seedProject(db);
    const actor: Actor = { type: 'user', userId: userIds.researcher, isInstanceOwner: false };
    const caller = createCaller({ db, actor, dataFolder, now: Date.now });
    const ask = () =>
      caller.snapshots.create({ projectId, query: 1 } as never).catch((error: TRPCError) => error);
    for (let i = 0; i < RATE_CLASSES.snapshot.burst; i++)
      expect(await ask()).toMatchObject({ code: 'BAD_REQUEST' });
    expect(await ask()).toMatchObject({
      code: 'TOO_MANY_REQUESTS',
      message: expect.stringMatching(/Try again in \d+ s/),
    });
    expect(await caller.projects.list()).toHaveLength(1);
    db.$client.close();
  });

  it('lets few things be done by people who are not signed in', () => {
    const open = procedures.filter(([, { _def }]) => _def.meta?.access === 'public').map(([name]) => name);
    expect(open.sort()).toEqual([
      'users.acceptInvite',
      'users.acceptOwnerLink',
      'users.invite',
      'users.resetLink',
      'users.resetPassword',
    ]);
  });

  it('lets auditors change nothing: the only mutations they may call recompute hashes, or freeze and write what is there', () => {
    const mutations = procedures.filter(([, { _def }]) => {
      const access = _def.meta?.access ?? '';
      return _def.type === 'mutation' && isPermission(access) && roleMay('auditor', access);
    });
    const harmless = [
      'audit.verify',
      'snapshots.create',
      'snapshots.check',
      'snapshots.checkExport',
      'snapshots.export',
    ];
    expect(mutations.map(([name]) => name).filter((name) => !harmless.includes(name))).toEqual([]);
  });

  describe.each(procedures)('%s', (name, { _def }) => {
    it.each(CALLERS)('by %s', async (caller) => {
      const db = createTestDb();
      const { projectId, userIds } = seedProject(db);
      const actor = actorOf(db, caller, userIds);
      const before = numWrites(db);
      const verdict = expected(_def.meta?.access ?? '', caller);
      expect(await call(name, db, actor, projectId)).toBe(verdict);
      if (verdict !== 'allowed') expect(numWrites(db)).toBe(before);
      db.$client.close();
    });

    it('by an API token of the owner: only within its scopes', async () => {
      const db = createTestDb();
      const { projectId, userIds } = seedProject(db);
      const withScopes = (scopes: string[]): Actor => ({
        type: 'user',
        userId: userIds.owner,
        isInstanceOwner: true,
        token: { id: 'tok_1', scopes },
      });
      const access = _def.meta?.access ?? '';
      const isPersonal = access === 'session' || access === 'instance-owner';
      const other = _def.type === 'mutation' ? 'read' : 'write';
      expect(await call(name, db, withScopes([other]), projectId)).toBe('FORBIDDEN');
      expect(await call(name, db, withScopes(['read', 'write']), projectId)).toBe(
        isPersonal ? 'FORBIDDEN' : 'allowed',
      );
      db.$client.close();
    });
  });
});
