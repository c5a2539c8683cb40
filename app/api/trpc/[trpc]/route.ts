import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { readLimitedBody, requireJson, requireSameOrigin } from '@/server/auth/check-request.ts';
import { createContext } from '@/server/auth/create-context.ts';
import { DomainError } from '@/server/errors.ts';
import { log } from '@/server/log.ts';
import { appRouter } from '@/server/root.ts';
import { httpStatus } from '@/server/trpc.ts';

const MAX_BODY_BYTES = 1024 * 1024;

async function handle(request: Request): Promise<Response> {
  try {
    requireSameOrigin(request);
    requireJson(request);
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
      createContext: () => ctx,
      onError: ({ path, error }) => {
        if (error.code === 'INTERNAL_SERVER_ERROR')
          log().error({ path, err: error.cause ?? error }, 'procedure failed');
      },
    });
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return Response.json(
      { error: { message: error.message, code: error.code } },
      { status: httpStatus(error) },
    );
  }
}

export { handle as GET, handle as POST };
