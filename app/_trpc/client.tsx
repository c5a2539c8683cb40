'use client';

import { createTRPCContext } from '@trpc/tanstack-react-query';
import type { AppRouter } from '@/server/root.ts';

/** `useTRPC()` gives `trpc.domain.verb.queryOptions(...)` and friends for TanStack Query's own hooks. */
export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();
