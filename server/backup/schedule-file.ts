import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../lib/parse-json.ts';
import { readEnv } from '../env.ts';
import { type BackupSchedule, backupScheduleSchema } from './schemas.ts';

/** Beside the database: it says what is to be done with this folder, and comes along with a restored one. */
const SCHEDULE_FILE = 'backup-schedule.json';

const keptSchema = z.object({
  ...backupScheduleSchema.shape,
  changedAt: z.int(),
  lastFiredAt: z.int().nullable(),
});
export type KeptSchedule = z.infer<typeof keptSchema>;

const NONE: KeptSchedule = { enabled: false, cron: '0 3 * * *', keep: 7, changedAt: 0, lastFiredAt: null };

/** The schedule of an installation; off where nobody has set one. Throws when the file is damaged. */
export function readBackupSchedule(dataFolder: string): KeptSchedule {
  const file = path.join(dataFolder, SCHEDULE_FILE);
  if (!existsSync(file)) return NONE;
  const parsed = keptSchema.safeParse(parseJson(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new Error(
    `${SCHEDULE_FILE} is damaged (${parsed.error.issues[0]?.message}): set the schedule anew, or delete it.`,
  );
}

export function keepBackupSchedule(
  dataFolder: string,
  schedule: BackupSchedule & Pick<KeptSchedule, 'changedAt' | 'lastFiredAt'>,
): void {
  const file = path.join(dataFolder, SCHEDULE_FILE);
  writeFileSync(`${file}.tmp`, `${JSON.stringify(schedule)}\n`, { mode: 0o600 });
  renameSync(`${file}.tmp`, file);
}

/** Where the worker's backups go: PLUMBLINE_BACKUPS, which the operator names, never a page; else `backups` in the data folder. */
export function backupFolder(dataFolder: string): string {
  return readEnv().PLUMBLINE_BACKUPS ?? path.join(dataFolder, 'backups');
}
