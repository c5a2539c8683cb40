import { Cron } from 'croner';
import type { Ctx } from '../context.ts';
import { askForBackup } from './ask.ts';
import { type KeptSchedule, keepBackupSchedule, readBackupSchedule } from './schedule-file.ts';

/** Asks for a backup when it is due; the worker calls this every few seconds. A time that passed while no worker ran is made up for once. */
export function fireDueBackup(ctx: Ctx): void {
  const schedule = readBackupSchedule(ctx.dataFolder);
  const next = nextBackupAt(schedule);
  if (next === null || next > ctx.now()) return;
  askForBackup({ ctx });
  keepBackupSchedule(ctx.dataFolder, { ...schedule, lastFiredAt: ctx.now() });
}

/** UTC ms of the next backup; null while the schedule is off. */
export function nextBackupAt({ enabled, cron, changedAt, lastFiredAt }: KeptSchedule): number | null {
  if (!enabled) return null;
  const since = new Date(Math.max(changedAt, lastFiredAt ?? 0));
  return new Cron(cron, { paused: true, timezone: 'UTC' }).nextRun(since)?.getTime() ?? null;
}
