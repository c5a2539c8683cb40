import { DomainError } from './errors.ts';
import { storageProblem } from './storage/storage-problem.ts';
import { httpStatus } from './trpc.ts';

/**
 * The answer of a route beside tRPC to an error that people are to read, as `{ error: { message, code } }`: a domain error, or what
 * the disk or the database is to blame for. Null for any other error: a bug, which the route throws on.
 */
export function errorResponse(error: unknown): Response | null {
  const told = error instanceof DomainError ? error : unavailable(error);
  if (told === null) return null;
  const { message, code } = told;
  return Response.json({ error: { message, code } }, { status: httpStatus(told), headers: retryAfter(told) });
}

/** The header that says when asking again makes sense, where the error knows. */
export function retryAfter(error: DomainError): Record<string, string> {
  return error.retryAfterSeconds === null ? {} : { 'retry-after': String(error.retryAfterSeconds) };
}

/** What the disk or the database is to blame for, in words; null for any other error. */
export function unavailable(error: unknown): DomainError | null {
  const problem = storageProblem(error);
  return problem && new DomainError('unavailable', problem.message, { cause: error });
}
