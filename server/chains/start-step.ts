import type { Ctx } from '../context.ts';
import { enqueueJob } from '../jobs/queue.ts';
import { enqueueGeneration, promptsToAnswer } from '../models/generate.ts';
import { startRun } from '../runs/start.ts';
import type { Execution } from './internal.ts';
import type { ChainStep, Source, StepKind, StepOf } from './schemas.ts';

/** What does the step from here on, or why there is nothing to do. */
export type Started = { runId: string } | { jobId: string } | { skipped: string };

type Start<K extends StepKind> = (
  ctx: Ctx,
  args: {
    execution: Execution;
    step: StepOf<K>;
    /** id of the checkpoint or snapshot that a source stands for */
    at: (source: Source) => string;
  },
) => Started;

/** How each kind of step is set going: it queues a run or a job, whose end settles the step (advance.ts). Database only. */
const starts: { [K in StepKind]: Start<K> } = {
  snapshot(ctx, { execution: { projectId }, step: { kind: _kind, key: _key, when: _when, ...conditions } }) {
    const payload = { projectId, ...conditions, requestedBy: null };
    return { jobId: enqueueJob(ctx, { kind: 'snapshot', payload }).id };
  },

  train(ctx, { execution, step, at }) {
    const { recipe, config, model, rewardModel, snapshot } = step;
    const run = startRun({
      ctx,
      input: {
        projectId: execution.projectId,
        recipe,
        name: `${execution.name}: ${step.key}`,
        config,
        modelCheckpointId: model && at(model),
        rewardCheckpointId: rewardModel && at(rewardModel),
        snapshotId: snapshot && at(snapshot),
      },
      origin: { scheduleId: execution.scheduleId, createdBy: execution.createdBy },
    });
    return { runId: run.id };
  },

  generate(ctx, { execution: { projectId, createdBy }, step, at }) {
    const { models, numPrompts, responsesPerPrompt, temperature, maxNewTokens, seed, createTasks } = step;
    const checkpointIds = models.map(at);
    const input = { projectId, checkpointIds, numPrompts };
    if (promptsToAnswer(ctx, input).length === 0)
      return { skipped: 'every prompt has been answered by these checkpoints already' };
    const settings = { responsesPerPrompt, temperature, maxNewTokens, seed, createTasks };
    return { jobId: enqueueGeneration(ctx, { ...input, ...settings, requestedBy: createdBy }).job.id };
  },

  evaluate(ctx, { execution: { projectId }, step: { evaluation }, at }) {
    const rewardCheckpointId = at(evaluation.rewardModel);
    if (evaluation.measure === 'accuracy') {
      const { measure, snapshot, baseline } = evaluation;
      const baselineCheckpointId = baseline && at(baseline);
      const payload = {
        projectId,
        evaluation: { measure, rewardCheckpointId, baselineCheckpointId, snapshotId: at(snapshot) },
      };
      return { jobId: enqueueJob(ctx, { kind: 'evaluate', payload }).id };
    }
    const { measure, model, baseline, temperature, maxNewTokens, seed } = evaluation;
    const payload = {
      projectId,
      evaluation: {
        ...{ measure, rewardCheckpointId, checkpointId: at(model) },
        ...{ baselineCheckpointId: baseline && at(baseline), temperature, maxNewTokens, seed },
      },
    };
    return { jobId: enqueueJob(ctx, { kind: 'evaluate', payload }).id };
  },
};

/** Sets a step going. Throws DomainError when it cannot be started; call in a transaction that then comes to nothing. */
export function startStep(
  ctx: Ctx,
  args: { execution: Execution; step: ChainStep; at: (source: Source) => string },
): Started {
  const start = starts[args.step.kind] as Start<StepKind>;
  return start(ctx, args);
}
