import { answer } from '@/app/api/answer.ts';
import { sendDownload } from '@/app/api/send-download.ts';
import { createRouteContext } from '@/server/auth/create-route-context.ts';
import { openCheckpointArchive } from '@/server/models/download.ts';
import { whenUnlocked } from '@/server/storage/write-lock.ts';

/** GET ?project=<id>[&part=adapter]: a checkpoint's folder as one zip, or its adapter alone; goes on from where a Range says. */
export function GET(request: Request, { params }: { params: Promise<{ checkpointId: string }> }) {
  return answer(async () => {
    const { checkpointId } = await params;
    const ctx = await createRouteContext(request, 'download');
    const query = new URL(request.url).searchParams;
    const part = query.get('part') === 'adapter' ? 'adapter' : 'model';
    const input = { projectId: query.get('project') ?? '', checkpointId, part } as const;
    return sendDownload(request, await whenUnlocked(ctx.db, () => openCheckpointArchive({ ctx, input })));
  });
}
