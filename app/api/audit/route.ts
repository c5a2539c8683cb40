import { answer, attachment } from '@/app/api/answer.ts';
import { downloadAudit } from '@/server/audit/download.ts';
import { downloadAuditInput } from '@/server/audit/schemas.ts';
import { createRouteContext } from '@/server/auth/create-route-context.ts';
import { requirePermission } from '@/server/context.ts';
import { DomainError } from '@/server/errors.ts';

const TYPES = { csv: 'text/csv', jsonl: 'application/x-ndjson' } as const;

/** GET ?project=<id>&format=csv|jsonl and the filters of the page: the records of a project's audit log, streamed. */
export function GET(request: Request) {
  return answer(async () => {
    const ctx = await createRouteContext(request, 'heavy');
    const input = readInput(new URL(request.url).searchParams);
    // before the first byte: a stream that has begun can no longer say no
    requirePermission(ctx, input.projectId, 'audit.read');
    const file = { fileName: `audit-log.${input.format}`, contentType: TYPES[input.format] };
    return attachment(downloadAudit({ ctx, input }), file);
  });
}

function readInput(params: URLSearchParams) {
  const text = (name: string) => params.get(name) ?? undefined;
  const time = (name: string) => (params.has(name) ? Number(params.get(name)) : undefined);
  const parsed = downloadAuditInput.safeParse({
    projectId: params.get('project') ?? '',
    format: text('format'),
    action: text('action'),
    actor: text('actor'),
    subject: text('subject'),
    search: text('search'),
    from: time('from'),
    until: time('until'),
    hideOwnReads: params.get('hideOwnReads') === 'true',
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new DomainError('invalid', `${issue?.path.join('.')}: ${issue?.message}`);
}
