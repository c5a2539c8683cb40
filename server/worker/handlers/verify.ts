import { openReadOnly } from '../../../db/open-read-only.ts';
import { lastHead } from '../../audit/last-head.ts';
import type { CheckProgress } from '../../audit/read-check.ts';
import { databaseFile } from '../../data-folder.ts';
import { finishJob, tellProgress } from '../../jobs/queue.ts';
import { writeWhenUnlocked } from '../../storage/write-lock.ts';
import { verifyDatabase } from '../../verify/verify-data-folder.ts';
import type { JobContext } from '../job-context.ts';
import { untilBrokenOff, watchLargeWork } from './large-work.ts';

/**
 * Checks the database against the audit log, through a connection of its own that only reads; its row says how far it is. Killed, it
 * begins anew.
 */
export async function handle(context: JobContext): Promise<void> {
  const { ctx, lease } = context;
  const startedAt = ctx.now();
  const { tell, check } = watchLargeWork(context);
  const { db, close } = openReadOnly(databaseFile(ctx.dataFolder));
  try {
    await untilBrokenOff(context, async () => {
      const { records, head, counts, notCovered, findings } = await verifyDatabase(db, {
        dataFolder: ctx.dataFolder,
        onProgress: (doing, done, total) => {
          check();
          tell(done, total, { startedAt, doing, report: null });
        },
      });
      const report = { records, head, counts, notCovered, findings, signed: lastHead(ctx.db) };
      const progress: CheckProgress = { startedAt, doing: '', done: 1, total: 1, report };
      await writeWhenUnlocked(ctx.db, () => {
        tellProgress(ctx.db, lease, progress);
        finishJob(ctx.db, lease, ctx.now());
      });
    });
  } finally {
    close();
  }
}
