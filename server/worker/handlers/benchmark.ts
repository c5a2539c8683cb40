import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { finishJob } from '../../jobs/queue.ts';
import { checkpointFolder } from '../../models/internal.ts';
import { BUNDLED_MODEL_FOLDER } from '../../models/register-bundled.ts';
import { BENCHMARK_FILE } from '../../runs/estimate.ts';
import type { JobContext } from '../job-context.ts';
import { runInProcess } from './run-in-process.ts';

/** Measures this machine on the bundled model and keeps the figures beside the database. */
export async function handle({ ctx, lease, backend, lost }: JobContext): Promise<void> {
  const modelFolder = checkpointFolder(ctx.dataFolder, BUNDLED_MODEL_FOLDER);
  await runInProcess(
    { kind: 'benchmark', task: { backend, modelFolder } },
    {
      lost,
      onMessage(message) {
        if (message.type !== 'benchmark') throw new Error(`the benchmark sent ${message.type}`);
        const file = path.join(ctx.dataFolder, BENCHMARK_FILE);
        writeFileSync(`${file}.tmp`, JSON.stringify({ at: ctx.now(), ...message.benchmark }));
        renameSync(`${file}.tmp`, file);
        return { abort: false };
      },
    },
  );
  finishJob(ctx.db, lease, ctx.now());
}
