import { answerUpload } from '@/app/api/answer.ts';
import { createRouteContext } from '@/server/auth/create-route-context.ts';
import { DomainError } from '@/server/errors.ts';
import { receiveUpload } from '@/server/imports/receive-upload.ts';

/** POST ?project=<id>&format=<format>&name=<file name>, the file as body: streamed to disk, read by the worker. */
export function POST(request: Request) {
  return answerUpload(async () => {
    const ctx = await createRouteContext(request, 'upload');
    const query = new URL(request.url).searchParams;
    const projectId = query.get('project');
    if (projectId === null)
      throw new DomainError('invalid', 'project: missing, expected the id of a project.');
    if (request.body === null) throw new DomainError('invalid', 'The file is empty.');
    return receiveUpload({
      ctx,
      projectId,
      fileName: query.get('name') ?? 'upload',
      format: query.get('format') ?? '',
      stream: request.body as Parameters<typeof receiveUpload>[0]['stream'],
    });
  });
}
