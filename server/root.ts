import { auditRouter } from './audit/router.ts';
import { backupsRouter } from './backup/router.ts';
import { chainsRouter } from './chains/router.ts';
import { erasuresRouter } from './erasures/router.ts';
import { importsRouter } from './imports/router.ts';
import { judgmentsRouter } from './judgments/router.ts';
import { modelsRouter } from './models/router.ts';
import { projectsRouter } from './projects/router.ts';
import { promptsRouter } from './prompts/router.ts';
import { runsRouter } from './runs/router.ts';
import { schedulesRouter } from './schedules/router.ts';
import { snapshotsRouter } from './snapshots/router.ts';
import { tasksRouter } from './tasks/router.ts';
import { createCallerFactory, router } from './trpc.ts';
import { usersRouter } from './users/router.ts';
import { withdrawalsRouter } from './withdrawals/router.ts';

export const appRouter = router({
  users: usersRouter,
  projects: projectsRouter,
  erasures: erasuresRouter,
  imports: importsRouter,
  prompts: promptsRouter,
  tasks: tasksRouter,
  judgments: judgmentsRouter,
  snapshots: snapshotsRouter,
  audit: auditRouter,
  models: modelsRouter,
  runs: runsRouter,
  schedules: schedulesRouter,
  chains: chainsRouter,
  backups: backupsRouter,
  withdrawals: withdrawalsRouter,
});
export type AppRouter = typeof appRouter;
export const createCaller = createCallerFactory(appRouter);
