import path from 'node:path';
import { and, eq } from 'drizzle-orm';
import { imports } from '../../db/schema/imports.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import type { ImportSummary } from './schemas.ts';

export type Import = typeof imports.$inferSelect;

/** Where an upload is kept. The id is ours: no name that came with a request reaches the file system. */
export function uploadFile(ctx: Pick<Ctx, 'dataFolder'>, importId: string): string {
  return path.join(ctx.dataFolder, 'imports', importId, 'upload');
}

export function getImportInProject(
  ctx: Pick<Ctx, 'db'>,
  input: { projectId: string; importId: string },
): Import {
  const row = ctx.db
    .select()
    .from(imports)
    .where(and(eq(imports.id, input.importId), eq(imports.projectId, input.projectId)))
    .get();
  if (!row) throw new DomainError('not-found', `No import ${input.importId} in this project.`);
  return row;
}

export function summarise(row: Import): ImportSummary {
  const { id, projectId: _projectId, createdBy: _createdBy, ...rest } = row;
  return { importId: id, ...rest };
}
