import { answer } from '@/app/api/answer.ts';
import { sendDownload } from '@/app/api/send-download.ts';
import { createRouteContext } from '@/server/auth/create-route-context.ts';
import { openExportArchive } from '@/server/snapshots/open-export-file.ts';
import { whenUnlocked } from '@/server/storage/write-lock.ts';

/** GET ?project=<id>: an export as one zip; goes on from where a Range says. */
export function GET(request: Request, { params }: { params: Promise<{ exportId: string }> }) {
  return answer(async () => {
    const { exportId } = await params;
    const ctx = await createRouteContext(request, 'download');
    const input = { projectId: new URL(request.url).searchParams.get('project') ?? '', exportId };
    return sendDownload(request, await whenUnlocked(ctx.db, () => openExportArchive({ ctx, input })));
  });
}
