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

/** Counts of a project's prompts, tasks, seats and judgments. A lease that ran out counts as an open seat. */
export function taskStats({ ctx, input }: { ctx: Ctx; input: { projectId: string } }): TaskStats {
  const { projectId } = input;
  const countBy = (sql: string): Record<string, number> => {
    const rows = ctx.db.$client.prepare(sql).all({ projectId, now: ctx.now() }) as {
      key: string;
      n: number;
    }[];
    return Object.fromEntries(rows.map((row) => [row.key, row.n]));
  };
  const prompts = countBy(
    `SELECT split AS key, count(*) AS n FROM prompts WHERE project_id = @projectId AND @now GROUP BY split`,
  );
  const totals = countBy(
    `SELECT 'tasks' AS key, count(*) AS n FROM tasks WHERE project_id = @projectId AND @now
     UNION ALL SELECT 'responses', count(*) FROM responses r JOIN prompts p ON p.id = r.prompt_id WHERE p.project_id = @projectId`,
  );
  const seats = countBy(
    `SELECT CASE WHEN state = 'leased' AND lease_expires_at <= @now THEN 'open' ELSE state END AS key, count(*) AS n
     FROM seats WHERE project_id = @projectId GROUP BY 1`,
  );
  const judgments = countBy(
    `SELECT source AS key, count(*) AS n FROM judgments WHERE project_id = @projectId AND revision = 1 AND @now GROUP BY source`,
  );
  const byAnnotator = ctx.db.$client
    .prepare(
      `SELECT coalesce(m.pseudonym, '?') AS pseudonym, u.is_simulated AS isSimulated, count(*) AS judgments
       FROM judgments j JOIN users u ON u.id = j.annotator_id
       LEFT JOIN memberships m ON m.user_id = u.id AND m.project_id = j.project_id
       WHERE j.project_id = @projectId AND j.revision = 1 GROUP BY u.id ORDER BY judgments DESC, pseudonym`,
    )
    .all({ projectId }) as { pseudonym: string; isSimulated: number; judgments: number }[];
  return {
    prompts: { train: prompts.train ?? 0, heldout: prompts.heldout ?? 0 },
    responses: totals.responses ?? 0,
    tasks: totals.tasks ?? 0,
    seats: { open: seats.open ?? 0, leased: seats.leased ?? 0, done: seats.done ?? 0 },
    judgments: {
      annotator: judgments.annotator ?? 0,
      simulated: judgments.simulated ?? 0,
      imported: judgments.imported ?? 0,
    },
    byAnnotator: byAnnotator.map((row) => ({ ...row, isSimulated: row.isSimulated === 1 })),
  };
}
