import { and, count, desc, eq, isNotNull, isNull } from 'drizzle-orm';
import { countOf } from '../../db/counts.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { invites, memberships } from '../../db/schema/projects.ts';
import { seats } from '../../db/schema/tasks.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { personLabels } from './person-labels.ts';

export type MemberProgress = {
  userId: string;
  /** tasks that they have judged */
  judged: number;
  /** tasks that they hold now */
  held: number;
  lastJudgedAt: number | null;
  /** name or pseudonym, as the reader may see it; null for who came without an invitation */
  invitedBy: string | null;
};

/** What each member has done so far, and by whose invitation they came. */
export function readMemberProgress({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string };
}): MemberProgress[] {
  const { projectId } = input;
  const seesNames = requirePermission(ctx, projectId, 'members.read') === 'owner';
  const { db } = ctx;
  const inviters = new Map(
    db
      .select({ acceptedBy: invites.acceptedBy, createdBy: invites.createdBy })
      .from(invites)
      .where(and(eq(invites.projectId, projectId), eq(invites.kind, 'member'), isNotNull(invites.acceptedBy)))
      .all()
      .map(({ acceptedBy, createdBy }) => [acceptedBy, createdBy] as const),
  );
  const labels = personLabels(ctx, projectId, { seesNames, userIds: null });
  const people = db
    .select({ userId: memberships.userId })
    .from(memberships)
    .where(and(eq(memberships.projectId, projectId), isNull(memberships.removedAt)))
    .all();
  const heldBy = (userId: string) =>
    db
      .select({ n: count() })
      .from(seats)
      .where(and(eq(seats.annotatorId, userId), eq(seats.projectId, projectId), eq(seats.state, 'leased')))
      .get()?.n ?? 0;
  return people.map(({ userId }) => {
    const judged = countOf(db, projectId, `person:${userId}`);
    const last =
      judged === 0
        ? undefined
        : db
            .select({ at: judgments.submittedAt })
            .from(judgments)
            .where(and(eq(judgments.annotatorId, userId), eq(judgments.projectId, projectId)))
            .orderBy(desc(judgments.id))
            .limit(1)
            .get();
    const inviter = inviters.get(userId) ?? null;
    return {
      userId,
      judged,
      held: heldBy(userId),
      lastJudgedAt: last?.at ?? null,
      // the owner of the installation need not be a member
      invitedBy: inviter === null ? null : (labels.get(inviter) ?? 'the owner of the installation'),
    };
  });
}
