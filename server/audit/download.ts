import { type Ctx, requirePermission } from '../context.ts';
import type { DownloadAuditInput } from './schemas.ts';
import { actorLabels, searchAudit } from './search.ts';

const PAGE = 1000;
const COLUMNS = [
  'seq',
  'at',
  'actor',
  'person',
  'action',
  'subject',
  'payload',
  'payloadHash',
  'previousHash',
  'hash',
] as const;

/**
 * The records that a filter wants as lines of CSV or JSON, newest first, a page at a time, so that a long log is never held
 * whole. `at` is ISO 8601; everything that enters the hash is there, and `person` beside the actor's id.
 */
export function* downloadAudit({ ctx, input }: { ctx: Ctx; input: DownloadAuditInput }): Generator<string> {
  const { format, ...filter } = input;
  requirePermission(ctx, input.projectId, 'audit.read');
  if (format === 'csv') yield `${COLUMNS.join(',')}\r\n`;
  let before: number | null = null;
  for (;;) {
    const found: ReturnType<typeof searchAudit> = searchAudit(ctx, { ...filter, before, limit: PAGE });
    const labels = actorLabels(ctx, input.projectId, found.records);
    const lines = found.records.map((row) => {
      const person = labels.get(row.actor.replace(/^user:/, '')) ?? '';
      const record = { ...row, at: new Date(row.at).toISOString(), person };
      return format === 'csv'
        ? `${COLUMNS.map((column) => csvCell(String(record[column]))).join(',')}\r\n`
        : `${JSON.stringify({ ...record, at: row.at, projectId: row.projectId })}\n`;
    });
    if (lines.length > 0) yield lines.join('');
    if (found.next === null) return;
    before = found.next;
  }
}

/** Quoted; a cell that a spreadsheet would take for a formula gets an apostrophe before it. */
function csvCell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n']/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
