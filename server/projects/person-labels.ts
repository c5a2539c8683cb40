import type { Db } from '../../db/client.ts';
import { prepared } from '../../db/prepared.ts';
import type { Ctx } from '../context.ts';

const select = (which: string) => (db: Db) =>
  db.$client.prepare(
    `SELECT m.user_id AS userId, m.pseudonym, u.name FROM memberships m JOIN users u ON u.id = m.user_id
     WHERE m.project_id = @projectId ${which}`,
  );
const everybody = select('');
const these = select('AND m.user_id IN (SELECT value FROM json_each(@userIds))');

/**
 * How people of a project are called, by user id: with their names for owners, by pseudonym for everybody else. Those of
 * `userIds`, or all members where a name is searched for.
 */
export function personLabels(
  ctx: Pick<Ctx, 'db'>,
  projectId: string,
  { seesNames, userIds }: { seesNames: boolean; userIds: readonly string[] | null },
): Map<string, string> {
  const members = (
    userIds === null
      ? prepared(ctx.db, everybody).all({ projectId })
      : prepared(ctx.db, these).all({ projectId, userIds: JSON.stringify([...new Set(userIds)]) })
  ) as { userId: string; pseudonym: string; name: string }[];
  return new Map(
    members.map(({ userId, pseudonym, name }) => [userId, seesNames ? `${name} (${pseudonym})` : pseudonym]),
  );
}
