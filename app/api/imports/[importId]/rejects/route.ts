import { answer, attachment } from '@/app/api/answer.ts';
import { logAuditorRead } from '@/server/audit/log-auditor-read.ts';
import { createRouteContext } from '@/server/auth/create-route-context.ts';
import { rejectsAsJsonl } from '@/server/imports/rejects.ts';

/** GET ?project=<id>: the rows that an import did not take, as JSONL, read in pages while it is sent. */
export function GET(request: Request, { params }: { params: Promise<{ importId: string }> }) {
  return answer(async () => {
    const { importId } = await params;
    const ctx = await createRouteContext(request, 'download');
    const projectId = new URL(request.url).searchParams.get('project') ?? '';
    const lines = rejectsAsJsonl({ ctx, input: { projectId, importId } });
    logAuditorRead(ctx, { projectId, permission: 'data.read', path: 'imports.rejects' });
    // importId was found in the database by now, so it is one of ours
    return attachment(lines, {
      fileName: `rejects-${importId}.jsonl`,
      contentType: 'application/x-ndjson',
    });
  });
}
