import { and, asc, eq, gt } from 'drizzle-orm';
import { importRejects } from '../../db/schema/imports.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { getImportInProject } from './internal.ts';
import type { ImportReject } from './schemas.ts';

type RejectsInput = { projectId: string; importId: string };

/** Rows of an import that were not taken, in order of the file, a page at a time. */
export function listRejects({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: RejectsInput & { cursor?: number | null; limit: number };
}): { items: ImportReject[]; nextCursor: number | null } {
  getImportInProject(ctx, input);
  const rows = readPage(ctx, input, input.cursor ?? 0, input.limit + 1);
  const items = rows.slice(0, input.limit);
  return { items, nextCursor: rows.length > input.limit ? (items.at(-1)?.id ?? null) : null };
}

/**
 * The same as JSONL for downloading: {"line", "reason", "detail", "raw"}, one reject a line, read in pages while it is sent.
 * Checks `data.read` itself (a route calls it, no procedure), at once and not when the first line is asked for.
 */
export function rejectsAsJsonl({ ctx, input }: { ctx: Ctx; input: RejectsInput }): Iterable<string> {
  requirePermission(ctx, input.projectId, 'data.read');
  getImportInProject(ctx, input);
  return rejectLines(ctx, input);
}

function* rejectLines(ctx: Ctx, input: RejectsInput): Generator<string> {
  let after = 0;
  let numKept = 0;
  for (;;) {
    const page = readPage(ctx, input, after, 500);
    for (const { lineNumber, reason, detail, raw } of page) {
      yield `${JSON.stringify({ line: lineNumber, reason, detail, raw })}\n`;
      numKept += 1;
    }
    const last = page.at(-1);
    if (!last) break;
    after = last.id;
  }
  const { rejected } = getImportInProject(ctx, input);
  const notKept = Object.values(rejected).reduce((sum, n) => sum + n, 0) - numKept;
  if (notKept > 0) {
    const detail = `${notKept} more rows were counted and not kept (PLUMBLINE_IMPORT_REJECTS)`;
    yield `${JSON.stringify({ line: null, reason: 'not-kept', detail, raw: '' })}\n`;
  }
}

function readPage(ctx: Ctx, { importId }: RejectsInput, after: number, limit: number): ImportReject[] {
  return ctx.db
    .select({
      id: importRejects.id,
      lineNumber: importRejects.lineNumber,
      reason: importRejects.reason,
      detail: importRejects.detail,
      raw: importRejects.raw,
    })
    .from(importRejects)
    .where(and(eq(importRejects.importId, importId), gt(importRejects.id, after)))
    .orderBy(asc(importRejects.id))
    .limit(limit)
    .all();
}
