import { sendDownload } from '@/app/api/checkpoints/send-download.ts';
import { createRouteContext } from '@/server/auth/create-route-context.ts';
import { errorResponse } from '@/server/error-response.ts';
import { openExportFile } from '@/server/snapshots/open-export-file.ts';
import { whenUnlocked } from '@/server/storage/write-lock.ts';

const TYPES: Record<string, string> = {
  jsonl: 'application/x-ndjson',
  json: 'application/json',
  csv: 'text/csv',
  md: 'text/markdown',
};

/** GET ?project=<id>: one file of an export, streamed from disk; goes on from where a Range says. */
export async function GET(
  request: Request,
  { params }: { params: Promise<{ exportId: string; file: string }> },
): Promise<Response> {
  try {
    const { exportId, file } = await params;
    const ctx = await createRouteContext(request.headers, 'download');
    const projectId = new URL(request.url).searchParams.get('project') ?? '';
    const input = { projectId, exportId, file };
    const download = await whenUnlocked(ctx.db, () => openExportFile({ ctx, input }));
    const type = `${TYPES[file.split('.').at(-1) ?? ''] ?? 'text/plain'}; charset=utf-8`;
    return sendDownload(request, download, type);
  } catch (error) {
    const answer = errorResponse(error);
    if (answer === null) throw error;
    return answer;
  }
}
