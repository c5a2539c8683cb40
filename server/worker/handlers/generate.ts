import { and, count, eq, inArray, isNull } from 'drizzle-orm';
import { prompts, responses } from '../../../db/schema/prompts.ts';
import { appendAudit } from '../../audit/append.ts';
import { settleStep } from '../../chains/advance.ts';
import type { Ctx } from '../../context.ts';
import { type JobPayload, jobDefinitions } from '../../jobs/definitions.ts';
import { finishJob, type Job, noteProgress, readLease, tellProgress } from '../../jobs/queue.ts';
import { checkpointFolder, getCheckpointInProject, verifyFolder } from '../../models/internal.ts';
import type { GenerateProgress } from '../../models/schemas.ts';
import { addResponses } from '../../tasks/add-responses.ts';
import { addTask } from '../../tasks/add-task.ts';
import { getProjectSettings } from '../../tasks/internal.ts';
import type { JobContext } from '../job-context.ts';
import { restJob } from '../rest-job.ts';
import type { GeneratedResponse } from './process-task.ts';
import { runInProcess } from './run-in-process.ts';

const MAX_PLACES = 9;

/**
 * Writes responses of each checkpoint to the prompts, batch by batch, then makes tasks from them. Done again after a crash it
 * draws the same texts from the same seeds, which are there already, so nothing is doubled.
 */
export async function handle(context: JobContext): Promise<void> {
  const { ctx, job, lease, backend, stopReason, lost } = context;
  const payload = jobDefinitions.generate.payload.parse(job.payload);
  const rows = ctx.db
    .select({ id: prompts.id, messages: prompts.messages })
    .from(prompts)
    .where(and(inArray(prompts.id, payload.promptIds), isNull(prompts.erasedAt)))
    .all();
  /** ids of the responses of this job by prompt */
  const written = new Map<string, Set<string>>();
  const progress: GenerateProgress = {
    ...{ done: 0, startedAt: ctx.now() },
    total: rows.length * payload.responsesPerPrompt * payload.checkpointIds.length,
  };
  tellProgress(ctx.db, lease, progress);
  /** what the chat template of each checkpoint refused, in words */
  const refused: string[] = [];
  for (const checkpointId of payload.checkpointIds) {
    const { checkpoint } = getCheckpointInProject(ctx, { projectId: payload.projectId, checkpointId });
    const modelFolder = checkpointFolder(ctx.dataFolder, checkpoint.folder);
    await verifyFolder(modelFolder, checkpoint.manifestSha256);
    await runInProcess(
      { kind: 'generate', task: { ...payload, backend, modelFolder, prompts: rows } },
      {
        lost,
        onMessage(message) {
          if (message.type !== 'responses') throw new Error(`the generating process sent ${message.type}`);
          if (message.refused) refused.push(`${checkpointId}: ${message.refused.notice}`);
          ctx.db.transaction(
            () => {
              if (!readLease(ctx.db, lease))
                throw new Error(`Job ${job.id} was taken over by another worker.`);
              const before = countOf(ctx, message.responses);
              for (const response of message.responses)
                store(context, { response, checkpointId, payload, written });
              // what an attempt before this one wrote already is no progress
              if (countOf(ctx, message.responses) > before) noteProgress(ctx.db, lease, 'generate');
              progress.done += message.responses.length;
              tellProgress(ctx.db, lease, progress);
            },
            { behavior: 'immediate' },
          );
          return { abort: stopReason() !== null };
        },
      },
    );
    if (stopReason() !== null) break;
  }
  if (stopReason() === null) {
    finish(context, payload, { written, refused });
    return;
  }
  restJob(ctx, { job, lease });
}

/** How many responses the prompts of these have. */
function countOf({ db }: Ctx, written: readonly GeneratedResponse[]): number {
  const promptIds = [...new Set(written.map(({ promptId }) => promptId))];
  const row = db
    .select({ total: count() })
    .from(responses)
    .where(inArray(responses.promptId, promptIds))
    .get();
  return row?.total ?? 0;
}

type Written = Map<string, Set<string>>;

function store(
  { ctx }: JobContext,
  {
    response,
    checkpointId,
    payload,
    written,
  }: { response: GeneratedResponse; checkpointId: string; payload: JobPayload<'generate'>; written: Written },
): void {
  // nothing can be judged of an answer without a word
  if (response.content === '') return;
  const { promptId, content, seed } = response;
  const prompt = ctx.db.select().from(prompts).where(eq(prompts.id, promptId)).get();
  // erased while the answer was written, which may quote it
  if (!prompt || prompt.erasedAt !== null) return;
  const { temperature, maxNewTokens } = payload;
  const ids = addResponses({
    ctx,
    input: {
      promptId,
      responses: [
        { content, origin: 'generated', checkpointId, sampling: { temperature, maxNewTokens, seed } },
      ],
    },
  });
  const known = written.get(promptId) ?? new Set();
  for (const id of ids) known.add(id);
  written.set(promptId, known);
}

function finish(
  { ctx, job, lease }: JobContext,
  payload: JobPayload<'generate'>,
  { written, refused }: { written: Written; refused: string[] },
): void {
  ctx.db.transaction(
    () => {
      if (!finishJob(ctx.db, lease, ctx.now())) return;
      let numTasks = 0;
      const { overlap } = getProjectSettings(ctx, payload.projectId);
      for (const [promptId, ids] of payload.createTasks ? written : []) {
        if (ids.size < 2) continue;
        const responseIds = [...ids].slice(0, MAX_PLACES);
        const input = { projectId: payload.projectId, promptId, responseIds, overlap };
        if (addTask({ ctx, input }).isNew) numTasks++;
      }
      const numResponses = [...written.values()].reduce((sum, ids) => sum + ids.size, 0);
      appendAudit(ctx, {
        action: 'models.generated',
        subject: job.id,
        projectId: payload.projectId,
        payload: {
          checkpointIds: payload.checkpointIds,
          numResponses,
          numTasks,
          ...(refused.length > 0 ? { refused } : {}),
          requestedBy: payload.requestedBy,
        },
      });
      const figures = { numPrompts: payload.promptIds.length, numResponses, numTasks };
      settleStep(ctx, { jobId: job.id }, { status: 'done', figures });
    },
    { behavior: 'immediate' },
  );
}

/** Where a chain asked for the answers, its step has failed with the job. */
export function failed({ ctx, job, error }: { ctx: Ctx; job: Job; error: string }): void {
  settleStep(ctx, { jobId: job.id }, { status: 'failed', reason: error });
}
