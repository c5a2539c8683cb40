import { eq } from 'drizzle-orm';
import { projects } from '../../db/schema/projects.ts';
import type { Role } from '../../lib/roles.ts';
import { type Ctx, roleIn } from '../context.ts';
import { DomainError } from '../errors.ts';
import { mayInArchive, type Permission, permissionsOf } from '../permissions.ts';
import type { Project } from './create.ts';

/** The project at a page's address and the caller's role in it. Throws `not-found` for unknown ones and to strangers alike. */
export function getProjectBySlug({ ctx, input }: { ctx: Ctx; input: { slug: string } }): {
  project: Project;
  role: Role;
  /** what the role may do; in an archived project less than elsewhere */
  may: Permission[];
} {
  const project = ctx.db.select().from(projects).where(eq(projects.slug, input.slug)).get();
  const role = project ? roleIn(ctx, project.id) : null;
  if (!project || project.deletedAt !== null || role === null)
    throw new DomainError('not-found', `No project "${input.slug}".`);
  const may = permissionsOf(role);
  return { project, role, may: project.archivedAt === null ? may : may.filter(mayInArchive) };
}
