import { Readable } from 'node:stream';
import { createRouteContext } from '@/server/auth/create-route-context.ts';
import { errorResponse } from '@/server/error-response.ts';
import { downloadMetrics } from '@/server/runs/download-metrics.ts';

/** GET: every number that a run has logged, as CSV, streamed. */
export async function GET(
  request: Request,
  { params }: { params: Promise<{ runId: string }> },
): Promise<Response> {
  try {
    const { runId } = await params;
    const ctx = await createRouteContext(request.headers, 'download');
    const { fileName, lines } = downloadMetrics({ ctx, input: { runId } });
    return new Response(Readable.toWeb(Readable.from(lines)) as ReadableStream, {
      headers: {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': `attachment; filename="${fileName}"`,
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
