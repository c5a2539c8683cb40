import { projectProcedure, router } from '../trpc.ts';
import { createSchedule } from './create.ts';
import { deleteSchedule } from './delete.ts';
import { listSchedules } from './list.ts';
import { createScheduleInput, oneScheduleInput, toggleScheduleInput } from './schemas.ts';
import { toggleSchedule } from './toggle.ts';

export const schedulesRouter = router({
  list: projectProcedure('runs.read').query(listSchedules),
  create: projectProcedure('schedules.write').input(createScheduleInput).mutation(createSchedule),
  toggle: projectProcedure('schedules.write').input(toggleScheduleInput).mutation(toggleSchedule),
  delete: projectProcedure('schedules.write').input(oneScheduleInput).mutation(deleteSchedule),
});
