import { and, desc, eq, gte, inArray, or, sql } from 'drizzle-orm';
import { jobs } from '../../db/schema/jobs.ts';
import type { ExportFormat } from '../../lib/export-formats.ts';
import type { Ctx } from '../context.ts';

const KINDS = ['snapshot', 'export', 'fill-snapshot'] as const;
/** A failure is shown for so long. */
const SHOWN_MS = 24 * 3_600_000;

export type Making = {
  jobId: string;
  kind: (typeof KINDS)[number];
  status: 'queued' | 'leased' | 'failed';
  /** of an export, or of a list that is being filled in */
  snapshotId: string | null;
  format: ExportFormat | null;
  progress: { done: number; total: number } | null;
  error: string | null;
  createdAt: number;
};

/** Snapshots and exports of a project that the worker is at, or will be, or has failed at within a day; newest first. */
export function listMaking({ ctx, input }: { ctx: Ctx; input: { projectId: string } }): Making[] {
  return ctx.db
    .select()
    .from(jobs)
    .where(
      and(
        or(
          inArray(jobs.status, ['queued', 'leased']),
          and(eq(jobs.status, 'failed'), gte(jobs.finishedAt, ctx.now() - SHOWN_MS)),
        ),
        inArray(jobs.kind, [...KINDS]),
        sql`${jobs.payload} ->> '$.projectId' = ${input.projectId}`,
      ),
    )
    .orderBy(desc(jobs.id))
    .limit(50)
    .all()
    .map(({ id, kind, status, payload, progress, error, createdAt }) => {
      const { snapshotId = null, format = null } = payload as Partial<Pick<Making, 'snapshotId' | 'format'>>;
      return {
        ...{ jobId: id, kind: kind as Making['kind'], status: status as Making['status'] },
        ...{
          snapshotId,
          format,
          // one that waits again after its worker was stopped begins anew; a list goes on
          progress: status === 'queued' && kind !== 'fill-snapshot' ? null : (progress as Making['progress']),
          error: status === 'failed' ? error : null,
          createdAt,
        },
      };
    });
}
