import { instanceOwnerProcedure, router } from '../trpc.ts';
import { askForBackup } from './ask.ts';
import { readBackupState } from './read-state.ts';
import { backupScheduleSchema } from './schemas.ts';
import { setBackupSchedule } from './set-schedule.ts';

export const backupsRouter = router({
  state: instanceOwnerProcedure('read').query(({ ctx }) => readBackupState({ ctx })),
  setSchedule: instanceOwnerProcedure('write')
    .input(backupScheduleSchema)
    .mutation(({ ctx, input }) => setBackupSchedule({ ctx, input })),
  ask: instanceOwnerProcedure('write').mutation(({ ctx }) => askForBackup({ ctx })),
});
