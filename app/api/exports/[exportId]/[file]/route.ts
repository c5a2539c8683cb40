import { answer } from '@/app/api/answer.ts';
import { sendDownload } from '@/app/api/send-download.ts';
import { createRouteContext } from '@/server/auth/create-route-context.ts';
import { openExportFile } from '@/server/snapshots/open-export-file.ts';
import { whenUnlocked } from '@/server/storage/write-lock.ts';

const TYPES: Record<string, string> = {
  jsonl: 'application/x-ndjson',
  json: 'application/json',
  csv: 'text/csv',
  md: 'text/markdown',
};

/** GET ?project=<id>: one file of an export, streamed from disk; goes on from where a Range says. */
export function GET(request: Request, { params }: { params: Promise<{ exportId: string; file: string }> }) {
  return answer(async () => {
    const { exportId, file } = await params;
    const ctx = await createRouteContext(request, 'download');
    const projectId = new URL(request.url).searchParams.get('project') ?? '';
    const input = { projectId, exportId, file };
    const download = await whenUnlocked(ctx.db, () => openExportFile({ ctx, input }));
    const type = `${TYPES[file.split('.').at(-1) ?? ''] ?? 'text/plain'}; charset=utf-8`;
    return sendDownload(request, download, type);
  });
}
