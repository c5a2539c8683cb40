import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { checkCron } from '../schedules/internal.ts';
import { keepBackupSchedule, readBackupSchedule } from './schedule-file.ts';
import type { BackupSchedule } from './schemas.ts';

/** Sets when the worker backs the installation up. For its owner (the procedure checks). Throws `invalid` for a wrong cron. */
export function setBackupSchedule({ ctx, input }: { ctx: Ctx; input: BackupSchedule }): void {
  checkCron(input.cron);
  const { lastFiredAt } = readBackupSchedule(ctx.dataFolder);
  ctx.db.transaction(
    () => {
      appendAudit(ctx, {
        action: 'backups.schedule',
        subject: 'installation',
        projectId: null,
        payload: input,
      });
      keepBackupSchedule(ctx.dataFolder, { ...input, changedAt: ctx.now(), lastFiredAt });
    },
    { behavior: 'immediate' },
  );
}
