import { eq } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { users } from '../../db/schema/users.ts';
import { createTestDb, seedProject } from '../../db/testing.ts';
import type { Ctx } from '../context.ts';
import { createOwnerLink } from '../users/create-owner-link.ts';
import { ensureProject } from './ensure.ts';

function systemCtx(): Ctx {
  return {
    db: createTestDb(),
    actor: { type: 'system' },
    dataFolder: '/nowhere',
    now: () => 1_700_000_000_000,
  };
}

test('makes a project once; its owner cannot sign in and does not take the place of the installation owner', () => {
  const ctx = systemCtx();
  const first = ensureProject({ ctx, input: { slug: 'helpful' } });
  expect(first.isNew).toBe(true);
  expect(ensureProject({ ctx, input: { slug: 'helpful' } })).toEqual({
    projectId: first.projectId,
    isNew: false,
  });
  ensureProject({ ctx, input: { slug: 'harmless' } });
  const people = ctx.db.select().from(users).all();
  expect(people).toHaveLength(1);
  expect(people[0]).toMatchObject({ email: null, passwordHash: null, isInstanceOwner: false });
  expect(createOwnerLink({ ctx })).not.toBeNull();
});

test('a person of the same name is not taken for it', () => {
  const ctx = systemCtx();
  const { userIds } = seedProject(ctx.db);
  ctx.db.update(users).set({ name: 'Command line' }).where(eq(users.id, userIds.annotator)).run();
  const before = ctx.db.select().from(users).all().length;
  ensureProject({ ctx, input: { slug: 'helpful' } });
  expect(ctx.db.select().from(users).all()).toHaveLength(before + 1);
});

test('refuses bad slugs and anybody but the system', () => {
  const ctx = systemCtx();
  expect(() => ensureProject({ ctx, input: { slug: 'Not A Slug' } })).toThrow(/hyphens/);
  const person: Ctx = { ...ctx, actor: { type: 'user', userId: 'usr_1', isInstanceOwner: true } };
  expect(() => ensureProject({ ctx: person, input: { slug: 'helpful' } })).toThrow(/command line/);
});
