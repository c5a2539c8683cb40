import type { Db } from '../../db/client.ts';
import { countOf, countsOf } from '../../db/counts.ts';
import { prepared } from '../../db/prepared.ts';
import type { Ctx } from '../context.ts';

export type TaskStats = {
  prompts: { train: number; heldout: number };
  responses: number;
  tasks: number;
  seats: { open: number; leased: number; done: number };
  /** latest revisions only */
  judgments: { annotator: number; simulated: number; imported: number };
  byAnnotator: { pseudonym: string; isSimulated: boolean; judgments: number }[];
};

const expired = (db: Db) =>
  db.$client
    .prepare(
      `SELECT count(*) FROM seats INDEXED BY seats_leases
       WHERE project_id = @projectId AND state = 'leased' AND lease_expires_at <= @now`,
    )
    .pluck();
const members = (db: Db) =>
  db.$client.prepare(
    `SELECT u.id AS userId, coalesce(m.pseudonym, '?') AS pseudonym, u.is_simulated AS isSimulated
     FROM counts c JOIN users u ON u.id = substr(c.name, 8)
     LEFT JOIN memberships m ON m.user_id = u.id AND m.project_id = c.project_id
     WHERE c.project_id = ? AND c.name >= 'person:' AND c.name < 'person;'`,
  );

/** Counts of a project's prompts, tasks, seats and judgments. A lease that ran out counts as an open seat. */
export function taskStats({ ctx, input }: { ctx: Ctx; input: { projectId: string } }): TaskStats {
  const { projectId } = input;
  const count = (name: string) => countOf(ctx.db, projectId, name);
  const numExpired = prepared(ctx.db, expired).get({ projectId, now: ctx.now() }) as number;
  const byPerson = countsOf(ctx.db, projectId, 'person');
  const people = prepared(ctx.db, members).all(projectId) as {
    userId: string;
    pseudonym: string;
    isSimulated: number;
  }[];
  return {
    prompts: { train: count('prompts:train'), heldout: count('prompts:heldout') },
    responses: count('responses'),
    tasks: count('tasks'),
    seats: {
      open: count('seats:open') + numExpired,
      leased: count('seats:leased') - numExpired,
      done: count('seats:done'),
    },
    judgments: {
      annotator: count('judgments:annotator'),
      simulated: count('judgments:simulated'),
      imported: count('judgments:imported'),
    },
    byAnnotator: people
      .map(({ userId, pseudonym, isSimulated }) => ({
        pseudonym,
        isSimulated: isSimulated === 1,
        judgments: byPerson[userId] ?? 0,
      }))
      .filter((row) => row.judgments > 0)
      .sort((a, b) => b.judgments - a.judgments || (a.pseudonym < b.pseudonym ? -1 : 1)),
  };
}
