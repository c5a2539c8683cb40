import { eq } from 'drizzle-orm';
import { registrations } from '../../../db/schema/models.ts';
import type { Ctx } from '../../context.ts';
import { jobDefinitions } from '../../jobs/definitions.ts';
import { enqueueJob, finishJob, type Job } from '../../jobs/queue.ts';
import { endRegistration, getRegistration, tellPhase } from '../../models/registration.ts';
import type { JobContext } from '../job-context.ts';
import { stageModel } from './register-staged.ts';
import { untilStopped } from './until-stopped.ts';

/** Gathers the files of a model that is being added and checks what is cheap to check; the weights wait for the device. */
export async function handle(context: JobContext): Promise<void> {
  const { ctx, job, lease } = context;
  const { registrationId } = jobDefinitions['stage-model'].payload.parse(job.payload);
  const row = getRegistration(ctx, registrationId);
  await untilStopped(context, row, async (signal) => {
    const tell = (told: Parameters<typeof tellPhase>[2]) => tellPhase(ctx, row.id, told);
    await stageModel(ctx, row, { tell, signal, folder: null });
    ctx.db.transaction(
      () => {
        if (!finishJob(ctx.db, lease, ctx.now())) return;
        ctx.db
          .update(registrations)
          .set({ status: 'queued', phase: 'waiting for its turn on the device', doneBytes: 0, totalBytes: 0 })
          .where(eq(registrations.id, row.id))
          .run();
        enqueueJob(ctx, { kind: 'register-model', payload: { registrationId: row.id } });
      },
      { behavior: 'immediate' },
    );
  });
}

/** The model was refused: its files go, the page shows why. */
export function failed({ ctx, job, error }: { ctx: Ctx; job: Job; error: string }): void {
  const { registrationId } = jobDefinitions['stage-model'].payload.parse(job.payload);
  endRegistration(ctx, getRegistration(ctx, registrationId), { status: 'failed', error });
}

/** It will be tried again: until then it waits, and says why where there is a reason. */
export function requeued({ ctx, job, error }: { ctx: Ctx; job: Job; error: string | null }): void {
  const { registrationId } = jobDefinitions['stage-model'].payload.parse(job.payload);
  tellPhase(ctx, registrationId, { phase: error === null ? 'waiting' : `waiting to try again: ${error}` });
}
