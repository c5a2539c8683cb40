import { openReadOnly } from '../../../db/open-read-only.ts';
import { lastHead } from '../../audit/last-head.ts';
import type { CheckProgress } from '../../audit/read-check.ts';
import { databaseFile } from '../../data-folder.ts';
import { cancelLeasedJob, finishJob, keepProgress, releaseJob } from '../../jobs/queue.ts';
import { verifyDatabase } from '../../verify/verify-data-folder.ts';
import type { JobContext } from '../job-context.ts';

const TELL_EVERY_MS = 1000;

class Stopped extends Error {}

/** Checks the database against the audit log, through a connection of its own that only reads; its row keeps how far it is. */
export async function handle({ ctx, lease, stopReason }: JobContext): Promise<void> {
  const startedAt = ctx.now();
  let told = 0;
  const keep = (progress: CheckProgress) => keepProgress(ctx.db, lease, 'verify', progress);
  const { db, close } = openReadOnly(databaseFile(ctx.dataFolder));
  try {
    const { records, head, counts, notCovered, findings } = await verifyDatabase(db, {
      dataFolder: ctx.dataFolder,
      onProgress: (doing, done, total) => {
        if (stopReason() !== null) throw new Stopped();
        if (performance.now() - told < TELL_EVERY_MS) return;
        told = performance.now();
        keep({ startedAt, doing, done, total, report: null });
      },
    });
    const report = { records, head, counts, notCovered, findings, signed: lastHead(ctx.db) };
    ctx.db.transaction(
      () => {
        keep({ startedAt, doing: '', done: 1, total: 1, report });
        finishJob(ctx.db, lease, ctx.now());
      },
      { behavior: 'immediate' },
    );
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    if (stopReason() === 'cancel') cancelLeasedJob(ctx.db, lease, ctx.now());
    else releaseJob(ctx.db, lease);
  } finally {
    close();
  }
}
