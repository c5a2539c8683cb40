import type { z } from 'zod';
import { readCheckpoint } from '../../checkpoint.ts';
import type { TrainEvent } from '../../events.ts';
import type { AdamW } from '../../optim/adamw.ts';
import type { Run } from './open-run.ts';
import {
  assertSameBase,
  assertSameRun,
  type Progress,
  type RunState,
  savedOptimizer,
  warnOfOtherBackend,
} from './run-state.ts';

/**
 * What a recipe yields first (`yield*`): puts the optimizers where the run's checkpoint left them, and says what is not as it was.
 *
 * @param optimizers under the names that saveRun was given
 * @returns the progress that saveRun was given; null for a run that starts afresh
 * @throws when the checkpoint is broken, or of a run with another config, other data or another base
 */
export function* resumeRun<State extends RunState>(
  run: Run,
  schema: z.ZodType<State>,
  optimizers: Record<string, AdamW>,
): Generator<TrainEvent, Progress<State> | null> {
  const folder = run.folders.resumeFrom;
  if (folder === null) return null;
  const saved = readCheckpoint(folder, schema);
  assertSameRun(saved.state, { ...run, folder });
  assertSameBase(saved.state, { baseSha256: run.baseSha256, modelFolder: run.folders.model, folder });
  yield* warnOfOtherBackend(saved.state, run.backend);
  for (const [name, optimizer] of Object.entries(optimizers))
    optimizer.importState(savedOptimizer(saved.optimizers, name, folder));
  const { config: _, dataSha256: __, baseSha256: ___, backend: ____, ...progress } = saved.state;
  return progress;
}
