import { DomainError } from './errors.ts';
import { storageProblem } from './storage/storage-problem.ts';
import { httpStatus } from './trpc.ts';

/** What a client that was answered 503 should wait before it asks again. */
export const RETRY_AFTER_SECONDS = '2';

/**
 * The answer of a route beside tRPC to an error that people are to read, as `{ error: { message, code } }`: a domain error, or what
 * the disk or the database is to blame for. Null for any other error: a bug, which the route throws on.
 */
export function errorResponse(error: unknown): Response | null {
  const told = error instanceof DomainError ? error : unavailable(error);
  if (told === null) return null;
  const headers: Record<string, string> =
    told.code === 'unavailable' ? { 'retry-after': RETRY_AFTER_SECONDS } : {};
  const { message, code } = told;
  return Response.json({ error: { message, code } }, { status: httpStatus(told), headers });
}

function unavailable(error: unknown): DomainError | null {
  const problem = storageProblem(error);
  return problem && new DomainError('unavailable', problem.message, { cause: error });
}
