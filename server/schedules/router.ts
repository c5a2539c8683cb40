import { projectProcedure, router } from '../trpc.ts';
import { createSchedule } from './create.ts';
import { deleteSchedule } from './delete.ts';
import { listSchedules } from './list.ts';
import { runScheduleNow } from './run-now.ts';
import {
  createScheduleInput,
  oneScheduleInput,
  toggleScheduleInput,
  updateScheduleInput,
} from './schemas.ts';
import { toggleSchedule } from './toggle.ts';
import { updateSchedule } from './update.ts';

export const schedulesRouter = router({
  list: projectProcedure('runs.read', 'read').query(listSchedules),
  create: projectProcedure('schedules.write', 'write').input(createScheduleInput).mutation(createSchedule),
  update: projectProcedure('schedules.write', 'write').input(updateScheduleInput).mutation(updateSchedule),
  toggle: projectProcedure('schedules.write', 'write').input(toggleScheduleInput).mutation(toggleSchedule),
  runNow: projectProcedure('schedules.write', 'heavy').input(oneScheduleInput).mutation(runScheduleNow),
  delete: projectProcedure('schedules.write', 'write').input(oneScheduleInput).mutation(deleteSchedule),
});
