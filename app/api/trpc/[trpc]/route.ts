import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { MAX_BATCH_CALLS } from '@/lib/max-batch-calls.ts';
import { readLimitedBody, requireJson, requireSameOrigin } from '@/server/auth/check-request.ts';
import { createContext } from '@/server/auth/create-context.ts';
import { errorResponse, retryAfter } from '@/server/error-response.ts';
import { DomainError } from '@/server/errors.ts';
import { log, withLogFields } from '@/server/log.ts';
import { countRequest } from '@/server/metrics/request-counts.ts';
import { appRouter } from '@/server/root.ts';

const MAX_BODY_BYTES = 1024 * 1024;

/** Every request leaves one line, and what is logged on its way carries the same id. */
function handle(request: Request): Promise<Response> {
  const requestId = request.headers.get('x-request-id') ?? 'none';
  return withLogFields({ requestId }, async () => {
    const start = performance.now();
    const response = await answer(request);
    const path = new URL(request.url).pathname.slice('/api/trpc/'.length);
    const seconds = (performance.now() - start) / 1000;
    countRequest({ procedures: path.split(','), status: response.status, seconds }, isProcedure);
    const ms = Math.round(seconds * 1000);
    log().info({ method: request.method, path, status: response.status, ms }, 'request');
    return response;
  });
}

const isProcedure = (name: string) => Object.hasOwn(appRouter._def.procedures, name);

/** Throws `invalid` for more calls in one request than the pages ever put into one; tRPC's own refusal names no number. */
function requireSmallBatch(request: Request): void {
  const calls = new URL(request.url).pathname.split(/,|%2c/i).length;
  if (calls <= MAX_BATCH_CALLS) return;
  throw new DomainError('invalid', `The request holds ${calls} calls, expected ${MAX_BATCH_CALLS} at most.`);
}

async function answer(request: Request): Promise<Response> {
  try {
    requireSameOrigin(request);
    requireJson(request);
    requireSmallBatch(request);
    const body = request.method === 'POST' ? await readLimitedBody(request, MAX_BODY_BYTES) : undefined;
    const ctx = await createContext(request.headers);
    return await fetchRequestHandler({
      endpoint: '/api/trpc',
      req: new Request(request.url, {
        method: request.method,
        headers: request.headers,
        body,
        signal: request.signal,
      }),
      router: appRouter,
      maxBatchSize: MAX_BATCH_CALLS,
      createContext: () => ctx,
      responseMeta: ({ errors }) => {
        const cause = errors.map((error) => error.cause).find((one) => one instanceof DomainError);
        return cause ? { headers: new Headers(retryAfter(cause)) } : {};
      },
      onError: ({ path, error }) => {
        if (error.code === 'INTERNAL_SERVER_ERROR')
          log().error({ path, err: error.cause ?? error }, 'procedure failed');
      },
    });
  } catch (error) {
    const told = errorResponse(error);
    if (told === null) throw error;
    return told;
  }
}

export { handle as GET, handle as POST };
