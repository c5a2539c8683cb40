import { createRouteContext } from '@/server/auth/create-route-context.ts';
import { errorResponse } from '@/server/error-response.ts';
import { rejectsAsJsonl } from '@/server/imports/rejects.ts';

/** GET ?project=<id>: the rows that an import did not take, as JSONL, read in pages while it is sent. */
export async function GET(
  request: Request,
  { params }: { params: Promise<{ importId: string }> },
): Promise<Response> {
  try {
    const { importId } = await params;
    const ctx = await createRouteContext(request.headers, 'download');
    const projectId = new URL(request.url).searchParams.get('project') ?? '';
    const lines = rejectsAsJsonl({ ctx, input: { projectId, importId } })[Symbol.iterator]();
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const line = lines.next();
        if (line.done === true) controller.close();
        else controller.enqueue(encoder.encode(line.value));
      },
    });
    return new Response(body, {
      headers: {
        'content-type': 'application/x-ndjson; charset=utf-8',
        // importId was found in the database by now, so it is one of ours
        'content-disposition': `attachment; filename="rejects-${importId}.jsonl"`,
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
