import { and, count, eq, inArray, isNull, ne } from 'drizzle-orm';
import type { ERASED_KINDS } from '../../db/schema/erasures.ts';
import { seats } from '../../db/schema/tasks.ts';
import { apiTokens, sessions } from '../../db/schema/users.ts';
import { type Ctx, requireInstanceOwner, requirePermission } from '../context.ts';
import { affectedByPerson } from './blank-person.ts';
import { affectedBy } from './blank-texts.ts';
import { copiesIn, filesQuoting } from './files-to-clean.ts';
import { snapshotsHolding } from './mark-snapshots.ts';
import { needlesOf } from './needles.ts';
import { requireErasablePerson, requireErasableText } from './require-erasable.ts';

export type ErasurePreview = {
  kind: (typeof ERASED_KINDS)[number];
  subjectId: string;
  prompts: number;
  responses: number;
  /** tasks that are asked no more: their open seats go */
  tasks: number;
  openSeats: number;
  /** whose rationale and details go; what was chosen stays */
  judgments: number;
  /** of a person: signed in, and tokens that have not been revoked */
  sessions: number;
  tokens: number;
  /** by id: marked, and their files removed */
  snapshots: string[];
  exports: string[];
  /** copies that are removed, by paths below the data folder */
  removed: string[];
  /** logs that are written over */
  masked: string[];
  /** files that say it too and that no erasure may change */
  leftIn: string[];
};

/**
 * What an erasure would take along, without taking it. Throws what asking for the erasure would (erase-text.ts, erase-person.ts). Reads
 * the snapshots of the projects concerned and the files of the data folder, as the erasure does.
 */
export async function previewErasure({
  ctx,
  input,
}: {
  ctx: Ctx;
  input:
    | { kind: 'person'; subjectId: string }
    | { kind: 'prompt' | 'response'; subjectId: string; projectId: string };
}): Promise<ErasurePreview> {
  const { kind, subjectId } = input;
  const found =
    input.kind === 'person' ? ofPerson(ctx, subjectId) : ofText(ctx, { ...input, kind: input.kind });
  const { projectIds, judgmentIds, texts, uploadsOf, ...counts } = found;
  const held = { projectIds, judgmentIds: new Set(judgmentIds) };
  const marked: { folder: string; id: string; exported: { id: string; folder: string }[] }[] = [];
  for await (const { snapshot, exported } of snapshotsHolding(ctx, held))
    marked.push({ id: snapshot.id, folder: snapshot.folder, exported });
  const removed = copiesIn(ctx, uploadsOf);
  const goes = marked.flatMap(({ folder, exported }) => [folder, ...exported.map((one) => one.folder)]);
  const masked: string[] = [];
  const leftIn: string[] = [];
  for await (const { relative, isLog } of filesQuoting(ctx.dataFolder, needlesOf(texts)))
    if (isLog) masked.push(relative);
    else if (!goes.some((folder) => relative.startsWith(`${folder}/`))) leftIn.push(relative);
  return {
    ...{ kind, subjectId, ...counts, judgments: judgmentIds.length },
    snapshots: marked.map(({ id }) => id),
    exports: marked.flatMap(({ exported }) => exported.map(({ id }) => id)),
    ...{ removed, masked, leftIn },
  };
}

function ofText(ctx: Ctx, input: { kind: 'prompt' | 'response'; subjectId: string; projectId: string }) {
  requirePermission(ctx, input.projectId, 'data.erase');
  requireErasableText(ctx, input);
  const { projectId, promptId, responseIds, taskIds, judgmentIds, texts } = affectedBy(ctx, input);
  const open = and(inArray(seats.taskId, taskIds), ne(seats.state, 'done'));
  return {
    ...{ projectIds: [projectId], uploadsOf: [projectId], judgmentIds, texts },
    ...{ prompts: promptId === null ? 0 : 1, responses: responseIds.length, tasks: taskIds.length },
    openSeats: ctx.db.select({ n: count() }).from(seats).where(open).get()?.n ?? 0,
    ...{ sessions: 0, tokens: 0 },
  };
}

function ofPerson(ctx: Ctx, userId: string) {
  if (ctx.actor.type !== 'system') requireInstanceOwner(ctx);
  requireErasablePerson(ctx, userId);
  const { judgmentIds, projectIds, texts } = affectedByPerson(ctx, userId);
  const held = and(eq(seats.annotatorId, userId), eq(seats.state, 'leased'));
  const live = and(eq(apiTokens.userId, userId), isNull(apiTokens.revokedAt));
  return {
    ...{ projectIds, uploadsOf: [], judgmentIds, texts, prompts: 0, responses: 0, tasks: 0 },
    openSeats: ctx.db.select({ n: count() }).from(seats).where(held).get()?.n ?? 0,
    sessions: ctx.db.select({ n: count() }).from(sessions).where(eq(sessions.userId, userId)).get()?.n ?? 0,
    tokens: ctx.db.select({ n: count() }).from(apiTokens).where(live).get()?.n ?? 0,
  };
}
