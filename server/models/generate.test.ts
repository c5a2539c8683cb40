import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditLog } from '../../db/schema/audit-log.ts';
import { jobs } from '../../db/schema/jobs.ts';
import { checkpoints } from '../../db/schema/models.ts';
import { responses } from '../../db/schema/prompts.ts';
import { taskResponses } from '../../db/schema/tasks.ts';
import { newId } from '../../lib/new-id.ts';
import { createTrainingWorld, type TrainingWorld } from '../../tests/support/training-world.ts';
import { workFolderUntil } from '../../tests/support/work-until.ts';
import { jobDefinitions } from '../jobs/definitions.ts';
import { generateResponses } from './generate.ts';
import { currentCheckpointId } from './internal.ts';
import { checkpointLineage } from './lineage.ts';
import { promoteCheckpoint } from './promote.ts';

let world: TrainingWorld;
beforeAll(async () => {
  world = await createTrainingWorld();
  world.judge(6);
}, 120_000);
afterAll(() => world.close());

const input = () => ({
  projectId: world.projectId,
  checkpointIds: [world.model.id],
  numPrompts: 3,
  responsesPerPrompt: 2,
  temperature: 1,
  maxNewTokens: 6,
  seed: 5,
  createTasks: true,
});

async function finish(jobId: string): Promise<void> {
  const statusOf = () => world.db.select().from(jobs).where(eq(jobs.id, jobId)).get();
  await workFolderUntil(world, () => ['done', 'failed'].includes(statusOf()?.status ?? ''));
  expect(statusOf()).toMatchObject({ status: 'done', error: null });
}
const written = () =>
  world.db.select().from(responses).where(eq(responses.checkpointId, world.model.id)).all();

describe('promoting', () => {
  it('makes an older checkpoint the current one again, once, with an audit record', () => {
    const { db, ctx, projectId, model } = world;
    const { id: _id, ...copy } = model;
    const newer = db
      .insert(checkpoints)
      .values({ ...copy, id: newId('ckp') })
      .returning()
      .get();
    expect(currentCheckpointId(db, model.modelId)).toBe(newer.id);
    for (let i = 0; i < 2; i++) promoteCheckpoint({ ctx, input: { projectId, checkpointId: model.id } });
    expect(currentCheckpointId(db, model.modelId)).toBe(model.id);
    const records = db.select().from(auditLog).where(eq(auditLog.action, 'models.promote')).all();
    expect(records.map((record) => JSON.parse(record.payload))).toMatchObject([
      { modelId: model.modelId, previousId: newer.id },
    ]);
    db.delete(checkpoints).where(eq(checkpoints.id, newer.id)).run();
  });
});

describe('generating responses', { timeout: 120_000 }, () => {
  it('writes them with checkpoint, settings and seed, makes tasks of them, and draws the same again', async () => {
    const { jobId, numPrompts } = generateResponses({ ctx: world.ctx, input: input() });
    expect(numPrompts).toBe(3);
    await finish(jobId);
    const first = written();
    expect(first.length).toBeGreaterThan(3);
    expect(new Set(first.map((row) => row.promptId)).size).toBe(3);
    for (const row of first) {
      expect(row).toMatchObject({ origin: 'generated', sampling: { temperature: 1, maxNewTokens: 6 } });
    }
    const inTasks = first.filter((row) =>
      world.db.select().from(taskResponses).where(eq(taskResponses.responseId, row.id)).get(),
    );
    expect(inTasks.length).toBeGreaterThanOrEqual(2);
    expect(
      checkpointLineage({
        ctx: world.ctx,
        input: { projectId: world.projectId, checkpointId: world.model.id },
      }).numResponses,
    ).toBe(first.length);

    // attempts count from the last new response on
    const attempts = () => world.db.select().from(jobs).where(eq(jobs.id, jobId)).get();
    const maxAttempts = 1 + jobDefinitions.generate.maxAttempts;
    expect(attempts()).toMatchObject({ attempts: 1, maxAttempts });

    // the same job again, as after a crash at its end, adds nothing, which is no progress
    world.db.update(jobs).set({ status: 'queued', leaseOwner: null }).where(eq(jobs.id, jobId)).run();
    await finish(jobId);
    expect(written().map((row) => row.id)).toEqual(first.map((row) => row.id));
    expect(attempts()).toMatchObject({ attempts: 2, maxAttempts });
  });

  it('passes over prompts that are answered, and says so when none is left', async () => {
    const { numPrompts } = generateResponses({ ctx: world.ctx, input: { ...input(), numPrompts: 100 } });
    expect(numPrompts).toBe(3);
    world.db.update(jobs).set({ status: 'cancelled' }).where(eq(jobs.status, 'queued')).run();
  });

  it('refuses tasks of single responses', () => {
    expect(() => generateResponses({ ctx: world.ctx, input: { ...input(), responsesPerPrompt: 1 } })).toThrow(
      /A task needs two responses or more/,
    );
  });
});
