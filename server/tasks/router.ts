import { requireUser } from '../context.ts';
import { projectProcedure, router } from '../trpc.ts';
import { claimTask } from './claim.ts';
import { createTask } from './create.ts';
import { createTasksFromPrompts } from './create-from-prompts.ts';
import { getTask } from './get.ts';
import { listTasks } from './list.ts';
import { readMaking } from './making.ts';
import { readProgress } from './progress.ts';
import { reclaimSeat } from './reclaim.ts';
import { releaseLease } from './release.ts';
import { releaseLeases } from './release-all.ts';
import { renewLease } from './renew.ts';
import {
  claimInput,
  createFromPromptsInput,
  createTaskInput,
  getTaskInput,
  leaseInput,
  listTasksInput,
  progressInput,
  reclaimInput,
  releaseAllInput,
  skipInput,
  statsInput,
} from './schemas.ts';
import { skipTask } from './skip.ts';
import { taskStats } from './stats.ts';

export const tasksRouter = router({
  claim: projectProcedure('tasks.label', 'label').input(claimInput).mutation(claimTask),
  renew: projectProcedure('tasks.label', 'label').input(leaseInput).mutation(renewLease),
  release: projectProcedure('tasks.label', 'label').input(leaseInput).mutation(releaseLease),
  releaseAll: projectProcedure('tasks.label', 'label').input(releaseAllInput).mutation(releaseLeases),
  progress: projectProcedure('tasks.label', 'label')
    .input(progressInput)
    .query(({ ctx, input }) => readProgress(ctx, { projectId: input.projectId, userId: requireUser(ctx) })),
  skip: projectProcedure('tasks.label', 'label').input(skipInput).mutation(skipTask),
  reclaim: projectProcedure('tasks.label', 'label').input(reclaimInput).mutation(reclaimSeat),
  create: projectProcedure('tasks.create', 'write').input(createTaskInput).mutation(createTask),
  createFromPrompts: projectProcedure('tasks.create', 'heavy')
    .input(createFromPromptsInput)
    .mutation(createTasksFromPrompts),
  making: projectProcedure('data.read', 'read').input(statsInput).query(readMaking),
  get: projectProcedure('data.read', 'read').input(getTaskInput).query(getTask),
  list: projectProcedure('data.read', 'read').input(listTasksInput).query(listTasks),
  stats: projectProcedure('data.read', 'read').input(statsInput).query(taskStats),
});
