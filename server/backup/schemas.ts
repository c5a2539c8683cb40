import { z } from 'zod';
import { inputText } from '../../lib/well-formed.ts';

/** When the worker backs the installation up, and how many backups stay. */
export const backupScheduleSchema = z.strictObject({
  enabled: z.boolean(),
  /** five fields, UTC */
  cron: inputText().min(1).max(100),
  keep: z.int().min(1).max(1000),
});
export type BackupSchedule = z.infer<typeof backupScheduleSchema>;
