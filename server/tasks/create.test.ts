import { eq } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { auditLog } from '../../db/schema/audit-log.ts';
import { seats, taskResponses, tasks } from '../../db/schema/tasks.ts';
import type { Ctx } from '../context.ts';
import { jobDefinitions } from '../jobs/definitions.ts';
import { claimJob } from '../jobs/queue.ts';
import { createCaller } from '../root.ts';
import { handle } from '../worker/handlers/make-tasks.ts';
import type { JobContext } from '../worker/job-context.ts';
import { addPrompt } from './add-prompt.ts';
import { addResponses } from './add-responses.ts';
import { addTask } from './add-task.ts';
import { claimTask } from './claim.ts';
import { createTask } from './create.ts';
import { createTasksFromPrompts } from './create-from-prompts.ts';
import { listTasks } from './list.ts';
import { latestMaking } from './making.ts';
import type { Making } from './schemas.ts';
import { taskStats } from './stats.ts';
import { createLabelingWorld, type LabelingWorld } from './testing.ts';

function addPromptWith(world: LabelingWorld, question: string, numResponses: number) {
  const ctx = world.as(world.userIds.researcher);
  const { projectId } = world;
  const messages = [{ role: 'user' as const, content: question }];
  const { promptId } = addPrompt({ ctx, input: { projectId, messages } });
  const contents = Array.from({ length: numResponses }, (_, i) => `Answer ${i}`);
  const responses = contents.map((content) => ({ content, origin: 'imported' as const }));
  return { ctx, projectId, promptId, responseIds: addResponses({ ctx, input: { promptId, responses } }) };
}

describe('createTask', () => {
  it('makes one seat for each annotator wanted, and the same question only once', () => {
    const world = createLabelingWorld();
    const { ctx, projectId, promptId, responseIds } = addPromptWith(world, 'Q', 3);
    const first = createTask({ ctx, input: { projectId, promptId, responseIds, overlap: 3 } });
    expect(first.isNew).toBe(true);
    const turned = [...responseIds].reverse();
    expect(createTask({ ctx, input: { projectId, promptId, responseIds: turned } })).toEqual({
      taskId: first.taskId,
      isNew: false,
    });
    expect(world.db.select().from(seats).all()).toHaveLength(3);
    expect(world.db.select().from(taskResponses).all()).toHaveLength(3);
    const events = world.db.select().from(auditLog).where(eq(auditLog.action, 'tasks.create')).all();
    expect(events).toHaveLength(1);
  });

  it('opens an imported comparison, which nobody was asked, to annotators once', async () => {
    const world = createLabelingWorld();
    const { ctx, projectId, promptId, responseIds } = addPromptWith(world, 'Q', 2);
    const imported = addTask({ ctx, input: { projectId, promptId, responseIds, overlap: 0 } });
    const annotator = world.as(world.userIds.annotator);
    expect(claimTask({ ctx: annotator, input: { projectId } }).task).toBeNull();

    expect((await makeAll({ ctx, input: { projectId, overlap: 2 } })).created).toBe(1);
    expect(world.db.select().from(seats).all()).toHaveLength(2);
    expect(claimTask({ ctx: annotator, input: { projectId } }).task?.taskId).toBe(imported.taskId);
    world.advance(1);
    expect((await makeAll({ ctx, input: { projectId, overlap: 2 } })).existing).toBe(1);
    expect(world.db.select().from(seats).all()).toHaveLength(2);
  });

  it('refuses responses of another prompt, the same one twice, and prompts of another project', () => {
    const world = createLabelingWorld();
    const { ctx, projectId, promptId, responseIds } = addPromptWith(world, 'Q', 2);
    const other = addPromptWith(world, 'Other', 2);
    const [a, b] = responseIds as [string, string];
    const make = (input: Partial<Parameters<typeof createTask>[0]['input']>) => () =>
      createTask({ ctx, input: { projectId, promptId, responseIds, ...input } });
    const stranger = other.responseIds[0] as string;
    expect(make({ responseIds: [a, stranger] })).toThrow(`${stranger} is no response to prompt ${promptId}`);
    expect(make({ responseIds: [a, b, a] })).toThrow(/named twice/);
    const elsewhere = createLabelingWorld(world.db);
    expect(make({ projectId: elsewhere.projectId })).toThrow(/No prompt/);
    expect(world.db.select().from(tasks).all()).toEqual([]);
  });

  it('wants two to nine responses and the right to ask', async () => {
    const world = createLabelingWorld();
    const { projectId, promptId, responseIds } = addPromptWith(world, 'Q', 10);
    const researcher = createCaller(world.as(world.userIds.researcher));
    for (const num of [1, 10]) {
      const input = { projectId, promptId, responseIds: responseIds.slice(0, num) };
      await expect(researcher.tasks.create(input)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    }
    const annotator = createCaller(world.as(world.userIds.annotator));
    const input = { projectId, promptId, responseIds: responseIds.slice(0, 2) };
    await expect(annotator.tasks.create(input)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

/** Asked for, and done as the worker does it. */
async function makeAll(
  asked: Parameters<typeof createTasksFromPrompts>[0],
  stopReason: JobContext['stopReason'] = noReason,
) {
  createTasksFromPrompts(asked);
  return workOff(asked, stopReason);
}

async function workOff({ ctx }: { ctx: Ctx }, stopReason: JobContext['stopReason'] = noReason) {
  const claimed = claimJob(ctx.db, { owner: 'w', kinds: ['make-tasks'], leaseMs: 60_000, now: Date.now() });
  if (!claimed) throw new Error('no job waits');
  const jobCtx: Ctx = { ...ctx, actor: { type: 'job', jobId: claimed.job.id } };
  const lost = new AbortController().signal;
  await handle({ ...claimed, ctx: jobCtx, backend: null, stopReason, lost });
  const { projectId } = jobDefinitions['make-tasks'].payload.parse(claimed.job.payload);
  return latestMaking(ctx.db, projectId) as Making;
}

const noReason = () => null;

describe('createTasksFromPrompts', () => {
  it('goes on where it was stopped, and makes nothing twice', async () => {
    const world = createLabelingWorld();
    const { ctx, projectId } = addPromptWith(world, 'first', 2);
    for (let number = 1; number < 100; number++) addPromptWith(world, `prompt ${number}`, 2);
    let asked = 0;
    const afterOneBatch = () => (asked++ === 0 ? null : ('shutdown' as const));
    const stopped = await makeAll({ ctx, input: { projectId } }, afterOneBatch);
    expect(stopped).toMatchObject({ isOpen: true, done: 40, total: 100, created: 40 });
    expect(() => createTasksFromPrompts({ ctx, input: { projectId } })).toThrow(/being made already/);
    const done = await workOff({ ctx });
    expect(done).toMatchObject({ isOpen: false, isDone: true, done: 100, created: 100, existing: 0 });
    expect(world.db.select().from(tasks).all()).toHaveLength(100);
  });

  it('asks all responses of a prompt together, or in pairs, and counts what it leaves', async () => {
    const world = createLabelingWorld();
    const { ctx, projectId } = addPromptWith(world, 'three', 3);
    addPromptWith(world, 'two', 2);
    addPromptWith(world, 'one', 1);
    addPromptWith(world, 'none', 0);
    expect(await makeAll({ ctx, input: { projectId } })).toMatchObject({
      created: 2,
      existing: 0,
      tooFewResponses: 2,
    });
    // the pair of prompt "two" is asked already
    world.advance(1);
    expect(await makeAll({ ctx, input: { projectId, arrange: 'pairs', overlap: 2 } })).toMatchObject({
      created: 3,
      existing: 1,
      tooFewResponses: 2,
    });
  });

  it('takes nine of more responses, and only the prompts that are named', async () => {
    const world = createLabelingWorld();
    const { ctx, projectId, promptId } = addPromptWith(world, 'many', 12);
    addPromptWith(world, 'two', 2);
    expect((await makeAll({ ctx, input: { projectId, promptIds: [promptId] } })).created).toBe(1);
    expect(world.db.select().from(taskResponses).all()).toHaveLength(9);
    expect(() => createTasksFromPrompts({ ctx, input: { projectId, promptIds: ['prm_none'] } })).toThrow(
      /No prompt prm_none/,
    );
  });
});

describe('taskStats and listTasks', () => {
  it('count what there is; an ended lease counts as open', () => {
    const world = createLabelingWorld();
    world.addTask({ overlap: 2 });
    world.advance(1);
    const { taskId } = world.addTask({ numResponses: 3 });
    const { projectId } = world;
    const ctx = world.as(world.userIds.annotator);
    claimTask({ ctx, input: { projectId } });
    const stats = () => taskStats({ ctx, input: { projectId } });
    expect(stats()).toMatchObject({ tasks: 2, responses: 5, seats: { open: 2, leased: 1, done: 0 } });
    const held = listTasks({ ctx, input: { projectId, limit: 5 } }).items.at(-1)?.seats;
    expect(held).toEqual({ open: 1, held: 1, judged: 0 });
    world.advance(60 * 60_000);
    expect(stats().seats).toEqual({ open: 3, leased: 0, done: 0 });
    const seats = () => listTasks({ ctx, input: { projectId, limit: 5 } }).items.map((task) => task.seats);
    const none = { open: 0, held: 0, judged: 0 };
    expect(seats()).toEqual([
      { ...none, open: 1 },
      { ...none, open: 2 },
    ]);
    const page = listTasks({ ctx, input: { projectId, limit: 1 } });
    expect(page.items).toMatchObject([
      { taskId, numResponses: 3, promptExcerpt: 'Question 2', numJudgments: 0 },
    ]);
    expect(listTasks({ ctx, input: { projectId, limit: 5, cursor: page.nextCursor } }).items).toHaveLength(1);
  });
});
