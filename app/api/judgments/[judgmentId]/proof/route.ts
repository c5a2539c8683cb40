import { answer, attachment } from '@/app/api/answer.ts';
import { logAuditorRead } from '@/server/audit/log-auditor-read.ts';
import { proveJudgment } from '@/server/audit/prove-judgment.ts';
import { createRouteContext } from '@/server/auth/create-route-context.ts';

/** GET ?project=<id>: a proof that the judgment is in the audit log under a signed head, as a file. */
export function GET(request: Request, { params }: { params: Promise<{ judgmentId: string }> }) {
  return answer(async () => {
    const { judgmentId } = await params;
    const ctx = await createRouteContext(request, 'heavy');
    const projectId = new URL(request.url).searchParams.get('project') ?? '';
    const proof = await proveJudgment({ ctx, input: { projectId, judgmentId } });
    logAuditorRead(ctx, { projectId, permission: 'judgments.read', path: 'judgments.proof' });
    // the judgment was found by this id, so the name is one of ours
    const fileName = `${judgmentId}.proof.json`;
    return attachment([`${JSON.stringify(proof, null, 1)}\n`], { fileName, contentType: 'application/json' });
  });
}
