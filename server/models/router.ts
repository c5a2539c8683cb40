import { router } from '../trpc.ts';

export const modelsRouter = router({});
