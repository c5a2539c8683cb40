import { and, asc, desc, eq, gte } from 'drizzle-orm';
import { runSamples } from '../../db/schema/runs.ts';
import type { Ctx } from '../context.ts';
import { getRunFor } from './internal.ts';

/** Samples of one step (the newest with samples when none is named) and the steps that have any. */
export function readSamples({ ctx, input }: { ctx: Ctx; input: { runId: string; step?: number | null } }) {
  const run = getRunFor(ctx, input.runId, 'runs.read');
  const steps = ctx.db
    .selectDistinct({ step: runSamples.step })
    .from(runSamples)
    .where(and(eq(runSamples.runId, run.id), gte(runSamples.step, 0)))
    .orderBy(desc(runSamples.step))
    .all()
    .map((row) => row.step);
  const step = input.step ?? steps[0] ?? null;
  const samples =
    step === null
      ? []
      : ctx.db
          .select({ id: runSamples.id, sample: runSamples.sample })
          .from(runSamples)
          .where(and(eq(runSamples.runId, run.id), eq(runSamples.step, step)))
          .orderBy(asc(runSamples.id))
          .limit(200)
          .all();
  return { step, steps, samples };
}
