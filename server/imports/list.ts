import { desc, eq } from 'drizzle-orm';
import { imports } from '../../db/schema/imports.ts';
import type { Ctx } from '../context.ts';
import { getImportInProject, summarise } from './internal.ts';
import type { ImportSummary } from './schemas.ts';

/** Imports of a project, newest first. */
export function listImports({ ctx, input }: { ctx: Ctx; input: { projectId: string } }): ImportSummary[] {
  return ctx.db
    .select()
    .from(imports)
    .where(eq(imports.projectId, input.projectId))
    .orderBy(desc(imports.id))
    .limit(500)
    .all()
    .map(summarise);
}

export function getImport({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string; importId: string };
}): ImportSummary {
  return summarise(getImportInProject(ctx, input));
}
