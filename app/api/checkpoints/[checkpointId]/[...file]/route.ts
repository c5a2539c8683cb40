import { answer } from '@/app/api/answer.ts';
import { sendDownload } from '@/app/api/send-download.ts';
import { createRouteContext } from '@/server/auth/create-route-context.ts';
import { openCheckpointFile } from '@/server/models/download.ts';
import { whenUnlocked } from '@/server/storage/write-lock.ts';

/** GET ?project=<id>: one file of a checkpoint; goes on from where a Range says. */
export function GET(
  request: Request,
  { params }: { params: Promise<{ checkpointId: string; file: string[] }> },
) {
  return answer(async () => {
    const { checkpointId, file } = await params;
    const ctx = await createRouteContext(request, 'download');
    const projectId = new URL(request.url).searchParams.get('project') ?? '';
    const input = { projectId, checkpointId, file: file.join('/') };
    return sendDownload(request, await whenUnlocked(ctx.db, () => openCheckpointFile({ ctx, input })));
  });
}
