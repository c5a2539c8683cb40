import { eq } from 'drizzle-orm';
import { memberships } from '../../db/schema/projects.ts';
import { users } from '../../db/schema/users.ts';
import type { Ctx } from '../context.ts';

/** How the people of a project are called, by user id: with their names for owners, by pseudonym for everybody else. */
export function personLabels(
  ctx: Pick<Ctx, 'db'>,
  projectId: string,
  { seesNames }: { seesNames: boolean },
): Map<string, string> {
  const members = ctx.db
    .select({ userId: memberships.userId, pseudonym: memberships.pseudonym, name: users.name })
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(eq(memberships.projectId, projectId))
    .all();
  return new Map(
    members.map(({ userId, pseudonym, name }) => [userId, seesNames ? `${name} (${pseudonym})` : pseudonym]),
  );
}
