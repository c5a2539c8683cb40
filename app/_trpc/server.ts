import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query';
import { headers } from 'next/headers';
import { notFound, redirect } from 'next/navigation';
import { cache } from 'react';
import { createContext } from '@/server/auth/create-context.ts';
import { requireSession } from '@/server/auth/require-session.ts';
import { appRouter, createCaller } from '@/server/root.ts';
import { createQueryClient } from './query-client.ts';

/** The context of this page request, made once. */
export const pageContext = cache(async () => createContext(await headers()));

/** Calls procedures directly from server components: `(await serverCaller()).projects.list()`. */
export const serverCaller = cache(async () => createCaller(await pageContext()));

/** For prefetching: the same client must be dehydrated into a HydrationBoundary. */
export const serverQueryClient = cache(createQueryClient);

/** Query options on the server, with the same keys as `useTRPC()` in the browser. */
export const serverTrpc = createTRPCOptionsProxy({
  ctx: pageContext,
  router: appRouter,
  queryClient: serverQueryClient,
});

/**
 * For pages below a project: signs in first, then gives the project and the person's role in it. Not-found for strangers,
 * and for an unknown slug.
 */
export const requireProject = cache(async (slug: string) => {
  const session = await requireSession();
  const caller = await serverCaller();
  try {
    return { session, ...(await caller.projects.bySlug({ slug })) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'NOT_FOUND') notFound();
    if (error instanceof Error && 'code' in error && error.code === 'UNAUTHORIZED') redirect('/sign-in');
    throw error;
  }
});

/** What a procedure gives; a page that is not found where it says that there is no such thing. */
export async function orNotFound<Output>(call: Promise<Output>): Promise<Output> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'NOT_FOUND') notFound();
    throw error;
  }
}
