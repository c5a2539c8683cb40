import { sendDownload } from '@/app/api/checkpoints/send-download.ts';
import { createRouteContext } from '@/server/auth/create-route-context.ts';
import { errorResponse } from '@/server/error-response.ts';
import { openCheckpointArchive } from '@/server/models/download.ts';
import { whenUnlocked } from '@/server/storage/write-lock.ts';

/** GET ?project=<id>[&part=adapter]: a checkpoint's folder as one zip, or its adapter alone; goes on from where a Range says. */
export async function GET(
  request: Request,
  { params }: { params: Promise<{ checkpointId: string }> },
): Promise<Response> {
  try {
    const { checkpointId } = await params;
    const ctx = await createRouteContext(request.headers, 'download');
    const query = new URL(request.url).searchParams;
    const part = query.get('part') === 'adapter' ? 'adapter' : 'model';
    const input = { projectId: query.get('project') ?? '', checkpointId, part } as const;
    return sendDownload(request, await whenUnlocked(ctx.db, () => openCheckpointArchive({ ctx, input })));
  } catch (error) {
    const answer = errorResponse(error);
    if (answer === null) throw error;
    return answer;
  }
}
