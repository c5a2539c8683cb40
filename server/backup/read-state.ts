import { statSync } from 'node:fs';
import { desc, eq } from 'drizzle-orm';
import { jobs } from '../../db/schema/jobs.ts';
import type { Ctx } from '../context.ts';
import { nextBackupAt } from './fire-due.ts';
import { backupNames } from './format.ts';
import { backupFolder, readBackupSchedule } from './schedule-file.ts';

const NUM_SHOWN = 10;

/** What the page of the installation shows: the schedule, where backups go, which there are, and how the last ones went. */
export function readBackupState({ ctx }: { ctx: Ctx }) {
  const schedule = readBackupSchedule(ctx.dataFolder);
  const folder = backupFolder(ctx.dataFolder);
  const attempts = ctx.db
    .select({
      id: jobs.id,
      status: jobs.status,
      error: jobs.error,
      createdAt: jobs.createdAt,
      finishedAt: jobs.finishedAt,
    })
    .from(jobs)
    .where(eq(jobs.kind, 'backup'))
    .orderBy(desc(jobs.id))
    .limit(NUM_SHOWN)
    .all();
  const { enabled, cron, keep } = schedule;
  return {
    schedule: { enabled, cron, keep },
    nextAt: nextBackupAt(schedule),
    folder,
    /** a backup there is lost together with the data */
    isOnSameDisk: deviceOf(folder) === deviceOf(ctx.dataFolder),
    backups: backupNames(folder).reverse().slice(0, NUM_SHOWN),
    attempts,
  };
}

/** The disk of a folder, or of the nearest one above it that is there. */
function deviceOf(folder: string): number | null {
  for (let at = folder; ; at = at.slice(0, at.lastIndexOf('/'))) {
    const found = statSync(at === '' ? '/' : at, { throwIfNoEntry: false });
    if (found) return found.dev;
    if (at === '') return null;
  }
}
