import { and, eq } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { jobs } from '../../db/schema/jobs.ts';
import type { Lease } from './queue.ts';

/** Says how far a job is, as its own handler reads it; nothing for a lease that was lost. */
export function setJobProgress(db: Db, lease: Lease, progress: unknown): void {
  db.update(jobs)
    .set({ progress })
    .where(and(eq(jobs.id, lease.jobId), eq(jobs.leaseOwner, lease.owner), eq(jobs.attempts, lease.attempt)))
    .run();
}
