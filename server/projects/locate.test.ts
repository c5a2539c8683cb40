import { beforeEach, describe, expect, it } from 'vitest';
import { seats } from '../../db/schema/tasks.ts';
import { seedProject } from '../../db/testing.ts';
import { createCaller } from '../root.ts';
import { createLabelingWorld } from '../tasks/testing.ts';

let world: ReturnType<typeof createLabelingWorld>;
beforeEach(() => {
  world = createLabelingWorld();
});

const callAs = (role: 'auditor' | 'annotator') => createCaller(world.as(world.userIds[role]));
const pathOf = async (id: string, role: 'auditor' | 'annotator' = 'auditor') =>
  (await callAs(role).projects.locate({ projectId: world.projectId, id })).path;

describe('locate', () => {
  it('leads from the id of a task, its prompt, its responses and seats to their pages', async () => {
    const { projectId, userIds, db } = world;
    const { taskId } = world.addTask();
    const { prompt, responses } = await callAs('auditor').tasks.get({ projectId, taskId });
    expect(await pathOf(taskId)).toBe(`/data/tasks/${taskId}`);
    expect(await pathOf(prompt.promptId)).toBe(`/data/prompts/${prompt.promptId}`);
    const responseId = responses[1]?.responseId ?? '';
    expect(await pathOf(responseId)).toBe(`/data/prompts/${prompt.promptId}#${responseId}`);
    const seatId = db.select().from(seats).get()?.id ?? '';
    expect(await pathOf(seatId)).toBe(`/data/tasks/${taskId}#${seatId}`);
    expect(await pathOf(userIds.annotator)).toBe(`/members/${userIds.annotator}`);
    expect(await pathOf(projectId)).toBe('');
  });

  it('knows nothing of other projects, of other letters and of what is no id', async () => {
    const other = seedProject(world.db);
    for (const id of [
      other.projectId,
      other.userIds.owner,
      'jdg_none',
      'zzz_1',
      'constructor',
      '__proto__',
      '%',
    ])
      await expect(pathOf(id), id).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('tells annotators the same whether there is such a thing or not', async () => {
    for (const id of [world.userIds.owner, 'usr_none'])
      await expect(pathOf(id, 'annotator')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
