import { projectProcedure, router } from '../trpc.ts';
import { askCheck } from './ask-check.ts';
import { listAudit } from './list.ts';
import { readCheck } from './read-check.ts';
import { listAuditInput } from './schemas.ts';

export const auditRouter = router({
  list: projectProcedure('audit.read', 'read')
    .input(listAuditInput)
    .query(({ ctx, input }) => listAudit({ ctx, input })),
  /** the chain is one for the whole installation, so this checks all of it; only counts, hashes and names of rows come back */
  verify: projectProcedure('audit.read', 'heavy').mutation(({ ctx, input }) => askCheck({ ctx, input })),
  check: projectProcedure('audit.read', 'read').query(({ ctx }) => readCheck({ ctx })),
});
