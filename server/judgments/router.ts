import { router } from '../trpc.ts';

export const judgmentsRouter = router({});
