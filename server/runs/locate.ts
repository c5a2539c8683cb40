import { eq } from 'drizzle-orm';
import { projects } from '../../db/schema/projects.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { getRunFor } from './internal.ts';

/** The project of a run, for old addresses that name the run alone. Strangers get `not-found`, every member the project. */
export function locateRun({ ctx, input }: { ctx: Ctx; input: { runId: string } }): {
  projectId: string;
  slug: string;
} {
  const run = getRunFor(ctx, input.runId, 'project.read');
  const project = ctx.db
    .select({ projectId: projects.id, slug: projects.slug })
    .from(projects)
    .where(eq(projects.id, run.projectId))
    .get();
  if (!project) throw new DomainError('not-found', `No run ${input.runId}.`);
  return project;
}
