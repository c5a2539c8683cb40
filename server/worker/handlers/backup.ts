import { appendAudit } from '../../audit/append.ts';
import { backupFolder } from '../../backup/schedule-file.ts';
import { writeBackup } from '../../backup/write-backup.ts';
import { jobDefinitions } from '../../jobs/definitions.ts';
import { finishJob } from '../../jobs/queue.ts';
import type { JobContext } from '../job-context.ts';

/** Backs the installation up into the folder that the operator has named. */
export async function handle({ ctx, job, lease, stopReason }: JobContext): Promise<void> {
  const { keep } = jobDefinitions.backup.payload.parse(job.payload);
  const { name, manifest } = await writeBackup({
    dataFolder: ctx.dataFolder,
    out: backupFolder(ctx.dataFolder),
    now: ctx.now,
    keep,
    onProgress: () => {
      if (stopReason() !== null) throw new Error('The worker was stopped while it made a backup.');
    },
  });
  ctx.db.transaction(
    () => {
      if (!finishJob(ctx.db, lease, ctx.now())) return;
      const { audit_head, files } = manifest;
      appendAudit(ctx, {
        action: 'backups.create',
        subject: job.id,
        projectId: null,
        payload: { name, auditHead: audit_head, files: files.length },
      });
    },
    { behavior: 'immediate' },
  );
}
