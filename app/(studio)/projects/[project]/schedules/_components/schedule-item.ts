import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '@/server/root.ts';

export type ScheduleItem = inferRouterOutputs<AppRouter>['schedules']['list'][number];
