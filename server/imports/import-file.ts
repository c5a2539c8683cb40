import path from 'node:path';
import { eq } from 'drizzle-orm';
import { imports } from '../../db/schema/imports.ts';
import { projects } from '../../db/schema/projects.ts';
import type { ImportFormat } from '../../lib/import-formats.ts';
import { newId } from '../../lib/new-id.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { type ImportProgress, runImport } from './run-import.ts';
import type { ImportSummary } from './schemas.ts';

/** Reads a file of this machine into a project, here and now. For the command line and the demo. */
export async function importFile({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: {
    projectSlug: string;
    file: string;
    format: ImportFormat;
    onProgress?: (progress: ImportProgress) => void;
    shouldStop?: () => boolean;
  };
}): Promise<ImportSummary> {
  const project = ctx.db
    .select({ id: projects.id })
    .from(projects)
    .where(eq(projects.slug, input.projectSlug))
    .get();
  if (!project) throw new DomainError('not-found', `No project "${input.projectSlug}".`);
  const importId = newId('imp', ctx.now());
  ctx.db.transaction(
    () => {
      ctx.db
        .insert(imports)
        .values({
          id: importId,
          projectId: project.id,
          fileName: path.basename(input.file),
          format: input.format,
          status: 'queued',
          rejected: {},
          createdBy: ctx.actor.type === 'user' ? ctx.actor.userId : null,
          createdAt: ctx.now(),
        })
        .run();
      appendAudit(ctx, {
        action: 'imports.start',
        subject: importId,
        projectId: project.id,
        payload: { format: input.format },
      });
    },
    { behavior: 'immediate' },
  );
  return runImport({ ctx, input: { importId, ...input } });
}
