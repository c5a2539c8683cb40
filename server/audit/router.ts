import { projectProcedure, router } from '../trpc.ts';
import { verifyChain } from '../verify/verify-chain.ts';
import { verifyContents } from '../verify/verify-contents.ts';
import { listAudit } from './list.ts';
import { listAuditInput } from './schemas.ts';

export const auditRouter = router({
  list: projectProcedure('audit.read')
    .input(listAuditInput)
    .query(({ ctx, input }) => listAudit({ ctx, input })),
  /** the chain is one for the whole installation, so this checks all of it; only counts and hashes come back */
  verify: projectProcedure('audit.read').query(async ({ ctx }) => {
    const chain = await verifyChain(ctx.db);
    const broken = chain.broken ?? (await verifyContents(ctx.db)).broken;
    return { records: chain.records, head: chain.head, broken };
  }),
});
