import { and, count, eq, isNull, type SQL } from 'drizzle-orm';
import type { SQLiteTable } from 'drizzle-orm/sqlite-core';
import { countOf } from '../../db/counts.ts';
import { imports } from '../../db/schema/imports.ts';
import { models } from '../../db/schema/models.ts';
import { memberships } from '../../db/schema/projects.ts';
import { runs } from '../../db/schema/runs.ts';
import { snapshotExports, snapshots } from '../../db/schema/snapshots.ts';
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
  const counted = (name: string) => countOf(ctx.db, projectId, name);
  return {
    mine: { judgments: counted(`person:${userId}`) },
    seats: { open: counted('seats:open') + counted('seats:leased'), done: counted('seats:done') },
    project: roleMay(role, 'data.read')
      ? {
          members: of(memberships, and(eq(memberships.projectId, projectId), isNull(memberships.removedAt))),
          imports: of(imports, eq(imports.projectId, projectId)),
          prompts: counted('prompts:train') + counted('prompts:heldout'),
          tasks: counted('tasks'),
          judgments: {
            annotator: counted('judgments:annotator'),
            simulated: counted('judgments:simulated'),
            imported: counted('judgments:imported'),
          },
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
