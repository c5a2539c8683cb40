import { beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { createTestDb, seedProject } from '../../db/testing.ts';
import type { Ctx } from '../context.ts';
import { createCaller } from '../root.ts';
import { addPrompt } from '../tasks/add-prompt.ts';
import { addResponses } from '../tasks/add-responses.ts';

let db: Db;
let projectId: string;
let researcher: Ctx;
let annotator: Ctx;
const ids: string[] = [];

beforeEach(() => {
  db = createTestDb();
  const seeded = seedProject(db);
  projectId = seeded.projectId;
  const ctx = (userId: string): Ctx => ({
    db,
    dataFolder: '/nowhere',
    now: Date.now,
    actor: { type: 'user', userId, isInstanceOwner: false },
  });
  researcher = ctx(seeded.userIds.researcher);
  annotator = ctx(seeded.userIds.annotator);
  ids.length = 0;
  for (const content of ['Boil 100% of the eggs', 'Name a_b', 'What is Überraschung?', 'plain']) {
    const { promptId } = addPrompt({
      ctx: researcher,
      input: { projectId, messages: [{ role: 'user', content }] },
    });
    ids.push(promptId);
  }
});

const list = (input: object) => createCaller(researcher).prompts.list({ projectId, ...input });

describe('prompts', () => {
  it('are listed newest first, a page at a time, each once', async () => {
    const first = await list({ limit: 3 });
    const second = await list({ limit: 3, cursor: first.nextCursor });
    expect([...first.items, ...second.items].map((item) => item.promptId).sort()).toEqual([...ids].sort());
    expect(first.items).toHaveLength(3);
    expect(second.nextCursor).toBeNull();
  });

  it('are found by any part of a message, and % and _ mean themselves', async () => {
    const found = async (search: string) => (await list({ search })).items.map((item) => item.excerpt);
    expect(await found('EGGS')).toEqual(['Boil 100% of the eggs']);
    expect(await found('100%')).toEqual(['Boil 100% of the eggs']);
    expect(await found('a_b')).toEqual(['Name a_b']);
    expect(await found('0_ of')).toEqual([]);
    expect(await found("'; DROP TABLE prompts; --")).toEqual([]);
  });

  it('are found in every turn, and show the place', async () => {
    addPrompt({
      // the newest, also where all are made within a millisecond
      ctx: { ...researcher, now: () => Date.now() + 1000 },
      input: {
        projectId,
        messages: [
          { role: 'user', content: `${'before '.repeat(40)}the Needle in it${' after'.repeat(60)}` },
          { role: 'assistant', content: 'Where?' },
          { role: 'user', content: 'Never mind.' },
        ],
      },
    });
    const { items } = await list({ search: 'needle' });
    expect(items).toMatchObject([{ foundInTurn: 1, numMessages: 3 }]);
    expect(items[0]?.excerpt).toMatch(/^….*before the Needle in it after/);
    expect(items[0]?.excerpt.length).toBeLessThanOrEqual(241);
    // not cut where it begins with the place, and the last message where nothing is searched
    expect((await list({ search: 'never' })).items).toMatchObject([
      { excerpt: 'Never mind.', foundInTurn: 3 },
    ]);
    expect((await list({ limit: 1 })).items).toMatchObject([{ excerpt: 'Never mind.', foundInTurn: null }]);
  });

  it('show their responses with origin, inside their project only', async () => {
    const promptId = ids[0] as string;
    addResponses({
      ctx: researcher,
      input: { promptId, responses: [{ content: 'ten minutes', origin: 'imported' }] },
    });
    const detail = await createCaller(researcher).prompts.get({ projectId, promptId });
    expect(detail.responses.map((row) => [row.content, row.origin])).toEqual([['ten minutes', 'imported']]);
    const other = seedProject(db);
    const stranger: Ctx = {
      ...researcher,
      actor: { type: 'user', userId: other.userIds.owner, isInstanceOwner: false },
    };
    await expect(
      createCaller(stranger).prompts.get({ projectId: other.projectId, promptId }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(createCaller(annotator).prompts.list({ projectId })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
  });
});
