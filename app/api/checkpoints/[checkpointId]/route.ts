import { sendDownload } from '@/app/api/checkpoints/send-download.ts';
import { createContext } from '@/server/auth/create-context.ts';
import { DomainError } from '@/server/errors.ts';
import { openCheckpointArchive } from '@/server/models/download.ts';
import { httpStatus } from '@/server/trpc.ts';

/** GET ?project=<id>[&part=adapter]: a checkpoint's folder as one zip, or its adapter alone; goes on from where a Range says. */
export async function GET(
  request: Request,
  { params }: { params: Promise<{ checkpointId: string }> },
): Promise<Response> {
  try {
    const { checkpointId } = await params;
    const ctx = await createContext(request.headers);
    const query = new URL(request.url).searchParams;
    const part = query.get('part') === 'adapter' ? 'adapter' : 'model';
    const input = { projectId: query.get('project') ?? '', checkpointId, part } as const;
    return sendDownload(request, openCheckpointArchive({ ctx, input }));
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return Response.json(
      { error: { message: error.message, code: error.code } },
      { status: httpStatus(error) },
    );
  }
}
