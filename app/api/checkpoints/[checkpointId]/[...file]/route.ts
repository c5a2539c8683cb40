import { sendDownload } from '@/app/api/checkpoints/send-download.ts';
import { createRouteContext } from '@/server/auth/create-route-context.ts';
import { errorResponse } from '@/server/error-response.ts';
import { openCheckpointFile } from '@/server/models/download.ts';
import { whenUnlocked } from '@/server/storage/write-lock.ts';

/** GET ?project=<id>: one file of a checkpoint; goes on from where a Range says. */
export async function GET(
  request: Request,
  { params }: { params: Promise<{ checkpointId: string; file: string[] }> },
): Promise<Response> {
  try {
    const { checkpointId, file } = await params;
    const ctx = await createRouteContext(request.headers, 'download');
    const projectId = new URL(request.url).searchParams.get('project') ?? '';
    const input = { projectId, checkpointId, file: file.join('/') };
    return sendDownload(request, await whenUnlocked(ctx.db, () => openCheckpointFile({ ctx, input })));
  } catch (error) {
    const answer = errorResponse(error);
    if (answer === null) throw error;
    return answer;
  }
}
