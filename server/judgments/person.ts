import type { Db } from '../../db/client.ts';
import { countOf } from '../../db/counts.ts';
import { prepared } from '../../db/prepared.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';
import { listMembers } from '../projects/list-members.ts';
import { pairAgreement } from './pair-agreement.ts';
import type { PersonInput } from './schemas.ts';

/** Figures are of this many newest judgments, so that a page never waits for somebody's whole history. */
const NEWEST = 500;

type Said = {
  taskId: string;
  ranking: string;
  activeMs: number;
  tookMs: number;
  flags: string;
  revision: number;
};

// the latest revision of each task; judgments_annotator, newest first
const newest = (db: Db) =>
  db.$client.prepare(
    `SELECT j.task_id AS taskId, j.ranking, j.active_ms AS activeMs, j.submitted_at - j.leased_at AS tookMs, j.flags, j.revision
     FROM judgments j WHERE j.annotator_id = @userId AND +j.project_id = @projectId
       AND NOT EXISTS (SELECT 1 FROM judgments later WHERE later.task_id = j.task_id
         AND later.annotator_id = j.annotator_id AND later.revision > j.revision)
     ORDER BY j.id DESC LIMIT ${NEWEST}`,
  );
const others = (db: Db) =>
  db.$client.prepare(
    `SELECT j.ranking FROM judgments j WHERE j.task_id = @taskId AND j.annotator_id IS NOT @userId
       AND (j.annotator_id IS NULL OR NOT EXISTS (SELECT 1 FROM judgments later WHERE later.task_id = j.task_id
         AND later.annotator_id = j.annotator_id AND later.revision > j.revision))`,
  );

/**
 * One member with figures of their judgments: how many, how long, corrected, flags, and how often they and others decide a
 * pair of responses alike (null where nobody else judged the same tasks). Throws `not-found` for somebody who is no member.
 */
export function getPerson({ ctx, input }: { ctx: Ctx; input: PersonInput }) {
  const { projectId, userId } = input;
  requirePermission(ctx, projectId, 'judgments.read');
  const member = listMembers({ ctx, input: { projectId, andRemoved: true } }).find(
    (row) => row.userId === userId,
  );
  if (!member) throw new DomainError('not-found', `No member ${userId} in this project.`);
  const said = prepared(ctx.db, newest).all({ userId, projectId }) as Said[];
  const flags: Record<string, number> = {};
  let [same, of] = [0, 0];
  for (const { taskId, ranking, flags: given } of said) {
    for (const flag of Object.values(JSON.parse(given) as Record<string, string[]>).flat())
      flags[flag] = (flags[flag] ?? 0) + 1;
    for (const other of prepared(ctx.db, others).all({ taskId, userId }) as { ranking: string }[]) {
      const both = pairAgreement(JSON.parse(ranking) as string[][], JSON.parse(other.ranking) as string[][]);
      same += both.same;
      of += both.of;
    }
  }
  return {
    member,
    numJudged: countOf(ctx.db, projectId, `person:${userId}`),
    numMeasured: said.length,
    medianActiveMs: median(said.map((row) => row.activeMs)),
    medianTookMs: median(said.map((row) => row.tookMs)),
    numCorrected: said.filter((row) => row.revision > 1).length,
    flags,
    agreement: of === 0 ? null : { same, of },
  };
}

function median(values: number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}
