import { desc, eq } from 'drizzle-orm';
import type { Head } from '../../db/audit/heads.ts';
import { jobs } from '../../db/schema/jobs.ts';
import type { Ctx } from '../context.ts';
import { secondsLeft } from '../jobs/seconds-left.ts';
import type { Finding } from './schemas.ts';

export type CheckReport = {
  /** audit records found good, and the hash of the last one */
  records: number;
  head: string;
  /** findings by kind, and the first thousand */
  counts: Record<string, number>;
  findings: Finding[];
  notCovered: string[];
  signed: { head: Head; publicKey: string } | null;
};

/** What the row of a check says; the report is there at its end. */
export type CheckProgress = {
  /** UTC ms */
  startedAt: number;
  /** the table that is looked at */
  doing: string;
  done: number;
  total: number;
  report: CheckReport | null;
};

export type Check = {
  isOpen: boolean;
  /** UTC ms */
  askedAt: number;
  finishedAt: number | null;
  /** 0 to 1 */
  share: number;
  doing: string;
  /** seconds, from how long it took so far; null before that says anything */
  remainingSeconds: number | null;
  report: CheckReport | null;
  error: string | null;
};

const SAYS_SOMETHING = 0.01;

/** The newest check of the installation: under way, or with what it found. null before the first. */
export function readCheck({ ctx }: { ctx: Pick<Ctx, 'db' | 'now'> }): Check | null {
  const job = ctx.db.select().from(jobs).where(eq(jobs.kind, 'verify')).orderBy(desc(jobs.id)).limit(1).get();
  if (!job) return null;
  const progress = job.progress as CheckProgress | null;
  const isOpen = job.status === 'queued' || job.status === 'leased';
  const share = progress === null ? 0 : Math.min(1, progress.done / Math.max(1, progress.total));
  const seconds = progress === null ? null : secondsLeft(progress, ctx.now());
  return {
    ...{ isOpen, askedAt: job.createdAt, finishedAt: job.finishedAt, share, doing: progress?.doing ?? '' },
    remainingSeconds: isOpen && seconds !== null && share > SAYS_SOMETHING ? Math.round(seconds) : null,
    report: progress?.report ?? null,
    error: isOpen || job.status === 'done' ? null : (job.error ?? 'Cancelled.'),
  };
}
