import { logAuditorRead } from '@/server/audit/log-auditor-read.ts';
import { proveJudgment } from '@/server/audit/prove-judgment.ts';
import { createRouteContext } from '@/server/auth/create-route-context.ts';
import { errorResponse } from '@/server/error-response.ts';

/** GET ?project=<id>: a proof that the judgment is in the audit log under a signed head, as a file. */
export async function GET(
  request: Request,
  { params }: { params: Promise<{ judgmentId: string }> },
): Promise<Response> {
  try {
    const { judgmentId } = await params;
    const ctx = await createRouteContext(request.headers, 'heavy');
    const projectId = new URL(request.url).searchParams.get('project') ?? '';
    const proof = await proveJudgment({ ctx, input: { projectId, judgmentId } });
    logAuditorRead(ctx, { projectId, permission: 'judgments.read', path: 'judgments.proof' });
    return new Response(`${JSON.stringify(proof, null, 1)}\n`, {
      headers: {
        'content-type': 'application/json; charset=utf-8',
        // the judgment was found by this id, so the name is one of ours
        'content-disposition': `attachment; filename="${judgmentId}.proof.json"`,
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
