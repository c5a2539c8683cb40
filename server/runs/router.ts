import { tracked } from '@trpc/server';
import { z } from 'zod';
import { inputText } from '../../lib/well-formed.ts';
import { openStream } from '../limits/open-stream.ts';
import { projectProcedure, router, signedInProcedure } from '../trpc.ts';
import { cancelRun } from './cancel.ts';
import { compareRuns } from './compare.ts';
import { editRun } from './edit.ts';
import { estimateRun } from './estimate.ts';
import { readEvents } from './events.ts';
import { followRun } from './follow.ts';
import { getRun } from './get.ts';
import { listRuns } from './list.ts';
import { locateRun } from './locate.ts';
import { readMetrics } from './metrics.ts';
import { pauseRun } from './pause.ts';
import { resumeRun } from './resume.ts';
import { readSamples } from './samples.ts';
import { editRunInput, estimateInput, listRunsInput, MAX_COMPARED, startRunInput } from './schemas.ts';
import { startRun } from './start.ts';

const id = inputText().min(1).max(64);
const oneRun = z.object({ projectId: id, runId: id });

/** Every verb looks the run up and checks the right in the run's own project, whatever projectId was sent. */
export const runsRouter = router({
  /** not a project procedure, because old addresses of a run name the run alone; the verb checks membership */
  locate: signedInProcedure('read')
    .input(z.object({ runId: id }))
    .query(locateRun),
  start: projectProcedure('runs.start', 'heavy')
    .input(startRunInput)
    .mutation(({ ctx, input }) => startRun({ ctx, input })),
  estimate: projectProcedure('runs.start', 'read').input(estimateInput).query(estimateRun),
  list: projectProcedure('runs.read', 'read').input(listRunsInput).query(listRuns),
  get: projectProcedure('runs.read', 'read').input(oneRun).query(getRun),
  metrics: projectProcedure('runs.read', 'read')
    .input(
      oneRun.extend({
        maxPoints: z.number().int().min(10).max(20_000).default(4000),
        apart: z.boolean().optional(),
      }),
    )
    .query(readMetrics),
  samples: projectProcedure('runs.read', 'read')
    .input(oneRun.extend({ step: z.number().int().min(0).nullish() }))
    .query(readSamples),
  events: projectProcedure('runs.read', 'read')
    .input(oneRun.extend({ afterId: z.number().int().min(0).optional() }))
    .query(readEvents),
  compare: projectProcedure('runs.read', 'read')
    .input(z.object({ projectId: id, runIds: z.array(id).min(1).max(MAX_COMPARED) }))
    .query(compareRuns),
  edit: projectProcedure('runs.start', 'write')
    .input(editRunInput)
    .mutation(({ ctx, input }) => editRun({ ctx, input })),
  cancel: projectProcedure('runs.start', 'write').input(oneRun).mutation(cancelRun),
  pause: projectProcedure('runs.start', 'write').input(oneRun).mutation(pauseRun),
  resume: projectProcedure('runs.start', 'write')
    .input(oneRun.extend({ anew: z.boolean().optional() }))
    .mutation(resumeRun),
  follow: projectProcedure('runs.read', 'stream')
    .input(oneRun.extend({ lastEventId: inputText().max(64).nullish() }))
    .subscription(async function* ({ ctx, input, signal }) {
      const leave = openStream(ctx);
      try {
        for await (const updates of followRun(ctx, { ...input, signal })) yield tracked(updates.id, updates);
      } finally {
        leave();
      }
    }),
});
