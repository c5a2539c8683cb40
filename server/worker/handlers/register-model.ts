import type { Ctx } from '../../context.ts';
import { jobDefinitions } from '../../jobs/definitions.ts';
import { finishJob, type Job } from '../../jobs/queue.ts';
import { endRegistration, getRegistration, tellPhase } from '../../models/registration.ts';
import type { JobContext } from '../job-context.ts';
import { registerStaged } from './register-staged.ts';
import { untilStopped } from './until-stopped.ts';

/** Reads the weights of a gathered model, tries it out and registers it as a checkpoint. */
export async function handle(context: JobContext): Promise<void> {
  const { ctx, job, lease, backend } = context;
  const { registrationId } = jobDefinitions['register-model'].payload.parse(job.payload);
  const row = getRegistration(ctx, registrationId);
  await untilStopped(context, row, async (signal) => {
    const tell = (told: Parameters<typeof tellPhase>[2]) => tellPhase(ctx, row.id, told);
    const finish = () => finishJob(ctx.db, lease, ctx.now());
    await registerStaged(ctx, row, { backend, tell, signal, finish });
  });
}

/** The model was refused: its files go, the page shows why. */
export function failed({ ctx, job, error }: { ctx: Ctx; job: Job; error: string }): void {
  const { registrationId } = jobDefinitions['register-model'].payload.parse(job.payload);
  endRegistration(ctx, getRegistration(ctx, registrationId), { status: 'failed', error });
}

/** It will be tried again: until then it waits, and says why where there is a reason. */
export function requeued({ ctx, job, error }: { ctx: Ctx; job: Job; error: string | null }): void {
  const { registrationId } = jobDefinitions['register-model'].payload.parse(job.payload);
  tellPhase(ctx, registrationId, { phase: error === null ? 'waiting' : `waiting to try again: ${error}` });
}
