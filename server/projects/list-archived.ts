import { and, asc, eq, isNotNull, isNull } from 'drizzle-orm';
import { memberships, projects } from '../../db/schema/projects.ts';
import { type Ctx, requireUser } from '../context.ts';

/** Archived projects that the signed-in person owns, with the time at which each is deleted; the owner of the installation sees all. */
export function listArchived({ ctx }: { ctx: Ctx }) {
  const userId = requireUser(ctx);
  const columns = {
    id: projects.id,
    slug: projects.slug,
    name: projects.name,
    archivedAt: projects.archivedAt,
    deleteAt: projects.deleteAt,
  };
  const isArchived = and(isNotNull(projects.archivedAt), isNull(projects.deletedAt));
  if (ctx.actor.type === 'user' && ctx.actor.isInstanceOwner)
    return ctx.db.select(columns).from(projects).where(isArchived).orderBy(asc(projects.name)).all();
  return ctx.db
    .select(columns)
    .from(projects)
    .innerJoin(memberships, eq(memberships.projectId, projects.id))
    .where(
      and(
        isArchived,
        eq(memberships.userId, userId),
        eq(memberships.role, 'owner'),
        isNull(memberships.removedAt),
      ),
    )
    .orderBy(asc(projects.name))
    .all();
}
