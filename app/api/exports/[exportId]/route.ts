import { sendDownload } from '@/app/api/checkpoints/send-download.ts';
import { createRouteContext } from '@/server/auth/create-route-context.ts';
import { errorResponse } from '@/server/error-response.ts';
import { openExportArchive } from '@/server/snapshots/open-export-file.ts';
import { whenUnlocked } from '@/server/storage/write-lock.ts';

/** GET ?project=<id>: an export as one zip; goes on from where a Range says. */
export async function GET(
  request: Request,
  { params }: { params: Promise<{ exportId: string }> },
): Promise<Response> {
  try {
    const { exportId } = await params;
    const ctx = await createRouteContext(request.headers, 'download');
    const input = { projectId: new URL(request.url).searchParams.get('project') ?? '', exportId };
    return sendDownload(request, await whenUnlocked(ctx.db, () => openExportArchive({ ctx, input })));
  } catch (error) {
    const answer = errorResponse(error);
    if (answer === null) throw error;
    return answer;
  }
}
