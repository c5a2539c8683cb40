import type { QueryClient, QueryKey } from '@tanstack/react-query';

/**
 * Fetches queries again after what they show was changed. invalidateQueries alone waits for a first fetch that is under way, whose
 * answer may be from before the change and would then stand as fresh; here that fetch is dropped. Not for news that comes
 * faster than an answer: none would arrive.
 */
export async function fetchAnew(queryClient: QueryClient, queryKey: QueryKey): Promise<void> {
  await queryClient.cancelQueries({ queryKey });
  await queryClient.invalidateQueries({ queryKey });
}
