import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { count, eq } from 'drizzle-orm';
import { jobs } from '../../db/schema/jobs.ts';
import { prompts, responses } from '../../db/schema/prompts.ts';
import { runs } from '../../db/schema/runs.ts';
import { startProgressBar } from '../../server/cli/progress-bar.ts';
import type { Ctx } from '../../server/context.ts';

const POLL_MS = 250;

/** Shows how far the writing of responses is; returns when its job is done. Throws with the job's error. */
export async function followJob(
  { db }: Ctx,
  target: { jobId: string; projectId: string; worker: ChildProcess; totalResponses: number },
): Promise<void> {
  const bar = startProgressBar('Responses    ', target.totalResponses);
  try {
    for (;;) {
      const job = db.select().from(jobs).where(eq(jobs.id, target.jobId)).get();
      const written = db
        .select({ total: count() })
        .from(responses)
        .innerJoin(prompts, eq(prompts.id, responses.promptId))
        .where(eq(prompts.projectId, target.projectId))
        .get();
      bar.update(written?.total ?? 0, `${written?.total ?? 0} distinct responses`);
      if (job?.status === 'done') return;
      if (job?.status === 'failed' || job?.status === 'cancelled')
        throw new Error(`Generation ${job.status}: ${job.error}`);
      requireWorker(target.worker);
      await sleep(POLL_MS);
    }
  } finally {
    bar.stop();
  }
}

/** Shows how far a run is; returns its row when it has succeeded. Throws with the run's error. */
export async function followRun(
  { db }: Ctx,
  target: { runId: string; label: string; worker: ChildProcess },
): Promise<typeof runs.$inferSelect> {
  const bar = startProgressBar(target.label, 1);
  try {
    for (;;) {
      const run = db.select().from(runs).where(eq(runs.id, target.runId)).get();
      if (!run) throw new Error(`Run ${target.runId} is gone.`);
      if (run.totalSteps !== null) bar.setTotal(run.totalSteps);
      bar.update(run.step, `step ${run.step} of ${run.totalSteps ?? '?'}`);
      if (run.status === 'succeeded') return run;
      if (run.status === 'failed' || run.status === 'cancelled')
        throw new Error(`Run ${run.name} ${run.status}: ${run.error}`);
      requireWorker(target.worker);
      await sleep(POLL_MS);
    }
  } finally {
    bar.stop();
  }
}

function requireWorker(worker: ChildProcess): void {
  if (worker.exitCode === null && worker.signalCode === null) return;
  throw new Error(
    `The worker ended (${worker.exitCode ?? worker.signalCode}); its log is worker.log in the data folder.`,
  );
}
