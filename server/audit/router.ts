import { projectProcedure, router } from '../trpc.ts';
import { verifyDatabase } from '../verify/verify-data-folder.ts';
import { lastHead } from './last-head.ts';
import { listAudit } from './list.ts';
import { listAuditInput } from './schemas.ts';

export const auditRouter = router({
  list: projectProcedure('audit.read', 'read')
    .input(listAuditInput)
    .query(({ ctx, input }) => listAudit({ ctx, input })),
  /** the chain is one for the whole installation, so this checks all of it; only counts and hashes come back */
  verify: projectProcedure('audit.read', 'heavy').query(async ({ ctx }) => {
    const { dataFolder } = ctx;
    const { records, head, broken, counts, notCovered } = await verifyDatabase(ctx.db, { dataFolder });
    return { records, head, broken, counts, notCovered, signed: lastHead(ctx.db) };
  }),
});
