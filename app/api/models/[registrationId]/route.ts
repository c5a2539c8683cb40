import { answerUpload } from '@/app/api/answer.ts';
import { createRouteContext } from '@/server/auth/create-route-context.ts';
import { DomainError } from '@/server/errors.ts';
import { receiveModelFile } from '@/server/models/receive-model-file.ts';

/** POST ?project=<id>&name=<file name>, one file of an upload as body: streamed to disk. models.add comes before, models.finishUpload after. */
export function POST(request: Request, { params }: { params: Promise<{ registrationId: string }> }) {
  return answerUpload(async () => {
    const { registrationId } = await params;
    const ctx = await createRouteContext(request, 'upload');
    const query = new URL(request.url).searchParams;
    if (request.body === null) throw new DomainError('invalid', 'The file is empty.');
    const length = request.headers.get('content-length');
    return receiveModelFile({
      ctx,
      projectId: query.get('project') ?? '',
      registrationId,
      fileName: query.get('name') ?? '',
      contentLength: length === null ? null : Number(length),
      stream: request.body as Parameters<typeof receiveModelFile>[0]['stream'],
    });
  });
}
