import { Readable } from 'node:stream';
import { createRouteContext } from '@/server/auth/create-route-context.ts';
import { errorResponse } from '@/server/error-response.ts';
import { openExportFile } from '@/server/snapshots/open-export-file.ts';

const TYPES: Record<string, string> = {
  jsonl: 'application/x-ndjson',
  json: 'application/json',
  csv: 'text/csv',
  md: 'text/markdown',
};

/** GET ?project=<id>: one file of an export, streamed from disk. */
export async function GET(
  request: Request,
  { params }: { params: Promise<{ exportId: string; file: string }> },
): Promise<Response> {
  try {
    const { exportId, file } = await params;
    const ctx = await createRouteContext(request.headers, 'download');
    const projectId = new URL(request.url).searchParams.get('project') ?? '';
    const { stream, bytes } = openExportFile({ ctx, input: { projectId, exportId, file } });
    return new Response(Readable.toWeb(stream) as ReadableStream<Uint8Array>, {
      headers: {
        'content-type': `${TYPES[file.split('.').at(-1) ?? ''] ?? 'text/plain'}; charset=utf-8`,
        'content-length': String(bytes),
        // the file was found by its name in the export's folder, so the name is one of ours
        'content-disposition': `attachment; filename="${file}"`,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      },
    });
  } catch (error) {
    const answer = errorResponse(error);
    if (answer === null) throw error;
    return answer;
  }
}
