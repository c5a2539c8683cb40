import { requireAllowedHost, requireSameOrigin } from '@/server/auth/check-request.ts';
import { createRouteContext } from '@/server/auth/create-route-context.ts';
import { errorResponse } from '@/server/error-response.ts';
import { DomainError } from '@/server/errors.ts';
import { receiveUpload } from '@/server/imports/receive-upload.ts';
import { log } from '@/server/log.ts';

/** POST ?project=<id>&format=<format>&name=<file name>, the file as body: streamed to disk, read by the worker. */
export async function POST(request: Request): Promise<Response> {
  try {
    requireAllowedHost(request);
    requireSameOrigin(request);
    const ctx = await createRouteContext(request.headers, 'upload');
    const query = new URL(request.url).searchParams;
    const projectId = query.get('project');
    if (projectId === null)
      throw new DomainError('invalid', 'project: missing, expected the id of a project.');
    if (request.body === null) throw new DomainError('invalid', 'The file is empty.');
    const received = await receiveUpload({
      ctx,
      projectId,
      fileName: query.get('name') ?? 'upload',
      format: query.get('format') ?? '',
      stream: request.body as Parameters<typeof receiveUpload>[0]['stream'],
    });
    return Response.json(received, { status: 201 });
  } catch (error) {
    const answer = errorResponse(error);
    if (answer !== null) return answer;
    log().error({ err: error }, 'upload failed');
    const message = 'The upload broke off or could not be stored; nothing was kept. It has been logged.';
    return Response.json({ error: { message, code: null } }, { status: 500 });
  }
}
