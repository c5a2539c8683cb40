import { projectProcedure, router } from '../trpc.ts';
import { cancelExecution } from './cancel.ts';
import { pauseExecution } from './pause.ts';
import { resumeExecution } from './resume.ts';
import { oneExecutionInput } from './schemas.ts';

export const chainsRouter = router({
  pause: projectProcedure('schedules.write', 'write').input(oneExecutionInput).mutation(pauseExecution),
  resume: projectProcedure('schedules.write', 'write').input(oneExecutionInput).mutation(resumeExecution),
  cancel: projectProcedure('schedules.write', 'write').input(oneExecutionInput).mutation(cancelExecution),
});
