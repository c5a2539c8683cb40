import { answer, attachment } from '@/app/api/answer.ts';
import { createRouteContext } from '@/server/auth/create-route-context.ts';
import { downloadMetrics } from '@/server/runs/download-metrics.ts';

/** GET: every number that a run has logged, as CSV, streamed. */
export function GET(request: Request, { params }: { params: Promise<{ runId: string }> }) {
  return answer(async () => {
    const { runId } = await params;
    const ctx = await createRouteContext(request, 'download');
    const { fileName, lines } = downloadMetrics({ ctx, input: { runId } });
    return attachment(lines, { fileName, contentType: 'text/csv' });
  });
}
