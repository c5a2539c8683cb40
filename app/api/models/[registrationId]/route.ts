import { requireSameOrigin } from '@/server/auth/check-request.ts';
import { createRouteContext } from '@/server/auth/create-route-context.ts';
import { errorResponse } from '@/server/error-response.ts';
import { DomainError } from '@/server/errors.ts';
import { log } from '@/server/log.ts';
import { receiveModelFile } from '@/server/models/receive-model-file.ts';

/** POST ?project=<id>&name=<file name>, one file of an upload as body: streamed to disk. models.add comes before, models.finishUpload after. */
export async function POST(
  request: Request,
  { params }: { params: Promise<{ registrationId: string }> },
): Promise<Response> {
  try {
    requireSameOrigin(request);
    const { registrationId } = await params;
    const ctx = await createRouteContext(request.headers, 'upload');
    const query = new URL(request.url).searchParams;
    if (request.body === null) throw new DomainError('invalid', 'The file is empty.');
    const length = request.headers.get('content-length');
    const received = await receiveModelFile({
      ctx,
      projectId: query.get('project') ?? '',
      registrationId,
      fileName: query.get('name') ?? '',
      contentLength: length === null ? null : Number(length),
      stream: request.body as Parameters<typeof receiveModelFile>[0]['stream'],
    });
    return Response.json(received, { status: 201 });
  } catch (error) {
    const answer = errorResponse(error);
    if (answer !== null) return answer;
    log().error({ err: error }, 'upload of a model file failed');
    const message = 'The upload broke off or could not be stored; nothing was kept. It has been logged.';
    return Response.json({ error: { message, code: null } }, { status: 500 });
  }
}
