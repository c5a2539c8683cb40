import { and, asc, eq, isNull } from 'drizzle-orm';
import { memberships, projects } from '../../db/schema/projects.ts';
import type { Role } from '../../lib/roles.ts';
import { type Ctx, requireUser } from '../context.ts';
import { type Permission, permissionsOf } from '../permissions.ts';

export type ListedProject = {
  id: string;
  slug: string;
  name: string;
  description: string;
  role: Role;
  /** what the role may do */
  may: Permission[];
};

/** The projects of the signed-in person by name, with their role; the owner of the installation sees all.
 * Archived ones are left out (list-archived.ts). */
export function listProjects({ ctx }: { ctx: Ctx }): ListedProject[] {
  const userId = requireUser(ctx);
  const columns = {
    id: projects.id,
    slug: projects.slug,
    name: projects.name,
    description: projects.description,
  };
  if (ctx.actor.type === 'user' && ctx.actor.isInstanceOwner) {
    const rows = ctx.db
      .select(columns)
      .from(projects)
      .where(isNull(projects.archivedAt))
      .orderBy(asc(projects.name))
      .all();
    return rows.map((row) => ({ ...row, role: 'owner' as const, may: permissionsOf('owner') }));
  }
  return ctx.db
    .select({ ...columns, role: memberships.role })
    .from(projects)
    .innerJoin(memberships, eq(memberships.projectId, projects.id))
    .where(and(eq(memberships.userId, userId), isNull(memberships.removedAt), isNull(projects.archivedAt)))
    .orderBy(asc(projects.name))
    .all()
    .map((row) => ({ ...row, may: permissionsOf(row.role) }));
}
