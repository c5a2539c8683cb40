import { and, eq, inArray, ne } from 'drizzle-orm';
import { type Given, judgments } from '../../db/schema/judgments.ts';
import { prompts, responses } from '../../db/schema/prompts.ts';
import { seats, skips, taskResponses, tasks } from '../../db/schema/tasks.ts';
import type { Ctx } from '../context.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { responseDetailsHash } from '../tasks/row-details.ts';
import type { RowKey } from './forget-salts.ts';
import { ERASED_TEXT, type Erasure, erasedHash } from './internal.ts';
import { recordBatch } from './record-batch.ts';

const BATCH = 100;

/** What an erasure of a text is about. */
export type Affected = {
  projectId: string;
  /** null where one response is erased and its prompt stays */
  promptId: string | null;
  responseIds: string[];
  taskIds: string[];
  judgmentIds: string[];
  /** the texts, and what came with their rows in a file */
  texts: string[];
};

/** A prompt with its responses, or one response; the tasks that ask about them, and what was said of those. */
export function affectedBy(
  { db }: Pick<Ctx, 'db'>,
  { kind, subjectId }: Pick<Erasure, 'kind' | 'subjectId'>,
): Affected {
  const named = db
    .select({ prompt: prompts, response: responses })
    .from(prompts)
    .leftJoin(responses, eq(responses.promptId, prompts.id))
    .where(kind === 'prompt' ? eq(prompts.id, subjectId) : eq(responses.id, subjectId))
    .all();
  const prompt = named[0]?.prompt;
  if (!prompt) throw new Error(`${kind} ${subjectId} is to be erased and is not there`);
  const found = named.flatMap(({ response }) => response ?? []);
  const ofPrompt = db.select({ id: tasks.id }).from(tasks).where(eq(tasks.promptId, prompt.id)).all();
  const promptTaskIds = ofPrompt.map(({ id }) => id);
  const taskIds =
    kind === 'prompt'
      ? promptTaskIds
      : db
          .select({ id: taskResponses.taskId })
          .from(taskResponses)
          .where(and(inArray(taskResponses.taskId, promptTaskIds), eq(taskResponses.responseId, subjectId)))
          .all()
          .map(({ id }) => id);
  const said = db.select().from(judgments).where(inArray(judgments.taskId, taskIds)).all();
  const details = [
    ...(kind === 'prompt' ? [...stringsIn(prompt.metadata), prompt.externalId ?? ''] : []),
    ...said.flatMap(({ given }) => stringsIn(given?.metadata ?? {})),
  ];
  return {
    projectId: prompt.projectId,
    promptId: kind === 'prompt' ? prompt.id : null,
    responseIds: found.map(({ id }) => id),
    taskIds,
    judgmentIds: said.map(({ id }) => id),
    texts: [
      ...(kind === 'prompt' ? prompt.messages.map(({ content }) => content) : []),
      ...found.map(({ content }) => content),
      ...said.map(({ rationale }) => rationale),
      ...details,
    ].filter((text) => text !== '' && text !== ERASED_TEXT),
  };
}

/**
 * Takes the texts away, and with them their hashes, what came with their rows, and the reasons that people gave about them, which may
 * quote them. Seats that nobody has answered go: the tasks are asked no more.
 */
export async function blankTexts(
  ctx: Ctx,
  { erasure, affected }: { erasure: Erasure; affected: Affected },
): Promise<void> {
  const { promptId, responseIds, taskIds, judgmentIds } = affected;
  const write = (work: () => RowKey[], figures: Record<string, unknown>) =>
    writeWhenUnlocked(ctx.db, () => recordBatch(ctx, erasure, { keys: work(), ...figures }));
  for (const batch of inBatches(taskIds)) {
    await write(
      () => {
        const open = and(inArray(seats.taskId, batch), ne(seats.state, 'done'));
        ctx.db.delete(seats).where(open).run();
        const passed = ctx.db
          .update(skips)
          .set({ reason: '' })
          .where(inArray(skips.taskId, batch))
          .returning()
          .all();
        return passed.map((row) => ({ table: 'skips', key: `${row.taskId} ${row.annotatorId}` }));
      },
      { tasks: batch.length },
    );
  }
  for (const batch of inBatches(judgmentIds)) {
    await write(
      () => {
        const rows = ctx.db
          .select({ id: judgments.id, given: judgments.given })
          .from(judgments)
          .where(inArray(judgments.id, batch))
          .all();
        for (const { id, given } of rows) {
          const change = { rationale: '', given: given && withoutTexts(given), erasedAt: ctx.now() };
          ctx.db.update(judgments).set(change).where(eq(judgments.id, id)).run();
        }
        return rows.map(({ id }) => ({ table: 'judgments', key: id }));
      },
      { judgments: batch.length },
    );
  }
  await write(
    () => {
      const rows = ctx.db.select().from(responses).where(inArray(responses.id, responseIds)).all();
      for (const { id, origin, model } of rows) {
        const detailsHash = origin === 'imported' ? responseDetailsHash({ model, sampling: null }) : null;
        const gone = { content: ERASED_TEXT, contentHash: erasedHash(id), sampling: null, detailsHash };
        ctx.db
          .update(responses)
          .set({ ...gone, erasedAt: ctx.now() })
          .where(eq(responses.id, id))
          .run();
      }
      const keys = rows.map(({ id }) => ({ table: 'responses', key: id }));
      if (promptId === null) return keys;
      ctx.db
        .update(prompts)
        .set({
          ...{ messages: [{ role: 'user', content: ERASED_TEXT }], contentHash: erasedHash(promptId) },
          ...{ externalId: null, tags: [], metadata: {}, detailsHash: null, erasedAt: ctx.now() },
        })
        .where(eq(prompts.id, promptId))
        .run();
      return [...keys, { table: 'prompts', key: promptId }];
    },
    { prompt: promptId, responses: responseIds.length },
  );
}

/** Who judged and when stays; what the file said of the texts goes. */
function withoutTexts({
  externalId: _,
  split: _split,
  tags: _tags,
  metadata: _metadata,
  responses: _responses,
  ...rest
}: Given): Given {
  return rest;
}

function* inBatches(ids: readonly string[]): Generator<string[]> {
  for (let from = 0; from < ids.length; from += BATCH) yield ids.slice(from, from + BATCH);
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}
