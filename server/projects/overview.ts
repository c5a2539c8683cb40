import { and, count, eq, isNull, type SQL } from 'drizzle-orm';
import type { SQLiteTable } from 'drizzle-orm/sqlite-core';
import { imports } from '../../db/schema/imports.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { models } from '../../db/schema/models.ts';
import { memberships } from '../../db/schema/projects.ts';
import { prompts } from '../../db/schema/prompts.ts';
import { runs } from '../../db/schema/runs.ts';
import { snapshotExports, snapshots } from '../../db/schema/snapshots.ts';
import { seats, tasks } from '../../db/schema/tasks.ts';
import { type Ctx, requirePermission, requireUser } from '../context.ts';
import { roleMay } from '../permissions.ts';

export type Overview = {
  mine: { judgments: number };
  seats: { open: number; done: number };
  /** null for annotators */
  project: {
    members: number;
    imports: number;
    prompts: number;
    tasks: number;
    judgments: { annotator: number; simulated: number; imported: number };
    snapshots: number;
    exports: number;
    models: number;
    runs: number;
    activeRuns: number;
  } | null;
};

/** Counts for a project's first page: what there is, from which the page says what to do next. */
export function readOverview({ ctx, input }: { ctx: Ctx; input: { projectId: string } }): Overview {
  const { projectId } = input;
  const userId = requireUser(ctx);
  const role = requirePermission(ctx, projectId, 'project.read');
  const of = (table: SQLiteTable, where: SQL | undefined) =>
    ctx.db.select({ n: count() }).from(table).where(where).get()?.n ?? 0;
  const sources = ctx.db
    .select({ source: judgments.source, n: count() })
    .from(judgments)
    .where(eq(judgments.projectId, projectId))
    .groupBy(judgments.source)
    .all();
  const bySource = { annotator: 0, simulated: 0, imported: 0 };
  for (const { source, n } of sources) bySource[source] = n;
  const done = of(seats, and(eq(seats.projectId, projectId), eq(seats.state, 'done')));
  return {
    mine: {
      judgments: of(judgments, and(eq(judgments.projectId, projectId), eq(judgments.annotatorId, userId))),
    },
    seats: { open: of(seats, eq(seats.projectId, projectId)) - done, done },
    project: roleMay(role, 'data.read')
      ? {
          members: of(memberships, and(eq(memberships.projectId, projectId), isNull(memberships.removedAt))),
          imports: of(imports, eq(imports.projectId, projectId)),
          prompts: of(prompts, eq(prompts.projectId, projectId)),
          tasks: of(tasks, eq(tasks.projectId, projectId)),
          judgments: bySource,
          snapshots: of(snapshots, eq(snapshots.projectId, projectId)),
          exports:
            ctx.db
              .select({ n: count() })
              .from(snapshotExports)
              .innerJoin(snapshots, eq(snapshots.id, snapshotExports.snapshotId))
              .where(eq(snapshots.projectId, projectId))
              .get()?.n ?? 0,
          models: of(models, eq(models.projectId, projectId)),
          runs: of(runs, eq(runs.projectId, projectId)),
          activeRuns:
            of(runs, and(eq(runs.projectId, projectId), eq(runs.status, 'running'))) +
            of(runs, and(eq(runs.projectId, projectId), eq(runs.status, 'queued'))),
        }
      : null,
  };
}
