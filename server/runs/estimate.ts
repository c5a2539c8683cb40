import { readFileSync, statSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import path from 'node:path';
import { and, desc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { prompts, responses } from '../../db/schema/prompts.ts';
import { runMetrics, runs } from '../../db/schema/runs.ts';
import { snapshotJudgments } from '../../db/schema/snapshots.ts';
import type { PpoConfig } from '../../trainer/config/ppo.ts';
import type { PretrainConfig } from '../../trainer/config/pretrain.ts';
import type { RewardConfig } from '../../trainer/config/reward.ts';
import type { SftConfig } from '../../trainer/config/sft.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { checkpointFolder, getCheckpointInProject } from '../models/internal.ts';
import { TIME_PREFIX } from './record-event.ts';
import { type EstimateInput, parseRecipeConfig } from './schemas.ts';

const benchmarkSchema = z.object({
  at: z.number(),
  backend: z.string(),
  numParameters: z.number().positive(),
  trainTokensPerSecond: z.number().positive(),
  generateTokensPerSecond: z.number().positive(),
});

/** Where the worker leaves what it measured of this machine, below the data folder. */
export const BENCHMARK_FILE = 'benchmark.json';

export type Estimate = {
  /** steps and, where known, seconds; null says why in `basis` */
  seconds: number | null;
  totalSteps: number | null;
  memoryBytes: number | null;
  freeBytes: number;
  totalBytes: number;
  /** what the figure rests on, in words */
  basis: string;
};

/** Characters per token of small English vocabularies; only used for the estimate. */
const CHARACTERS_PER_TOKEN = 3;

/**
 * What a run would take, before it is started: time from what this machine did on the benchmark (or in the last run of the same
 * recipe on the same model), memory from the size of the weights. Null where nothing was measured yet.
 */
export function estimateRun({ ctx, input }: { ctx: Ctx; input: EstimateInput }): Estimate {
  requirePermission(ctx, input.projectId, 'runs.start');
  const machine = { freeBytes: freemem(), totalBytes: totalmem() };
  const parsed = parseRecipeConfig(input.recipe, input.config);
  if (!parsed.ok) {
    return {
      ...machine,
      seconds: null,
      totalSteps: null,
      memoryBytes: null,
      basis: 'The config is not valid yet.',
    };
  }
  const size = modelSize(ctx, input, parsed.config);
  const work = size === null ? null : plannedWork(ctx, input, parsed.config);
  if (size === null || work === null) {
    return {
      ...machine,
      seconds: null,
      totalSteps: null,
      memoryBytes: null,
      basis: 'Choose the inputs first.',
    };
  }
  const memoryBytes = memoryOf(input, { numParameters: size, tokensPerBatch: work.tokensPerBatch });
  const shared = { ...machine, totalSteps: work.totalSteps, memoryBytes };
  const before = secondsPerStepBefore(ctx, input, parsed.config);
  if (before !== null) {
    return {
      ...shared,
      seconds: before * work.totalSteps,
      basis: 'Measured: the last run of this recipe with this config.',
    };
  }
  const benchmark = readBenchmark(ctx);
  if (benchmark === null)
    return { ...shared, seconds: null, basis: 'Not measured yet: the worker does so at its first start.' };
  const scale = size / benchmark.numParameters;
  const seconds =
    scale *
    (work.trainTokens / benchmark.trainTokensPerSecond + work.newTokens / benchmark.generateTokensPerSecond);
  return {
    ...shared,
    seconds,
    basis: `From the benchmark of this machine (${benchmark.backend}, ${Math.round(benchmark.trainTokensPerSecond)} tokens/s trained at ${(benchmark.numParameters / 1e6).toFixed(2)}M parameters), scaled by size.`,
  };
}

function readBenchmark(ctx: Ctx): z.output<typeof benchmarkSchema> | null {
  try {
    return benchmarkSchema.parse(JSON.parse(readFileSync(path.join(ctx.dataFolder, BENCHMARK_FILE), 'utf8')));
  } catch {
    // not measured yet, which the page says
    return null;
  }
}

function modelSize(ctx: Ctx, input: EstimateInput, config: Record<string, unknown>): number | null {
  if (input.recipe === 'pretrain') {
    const { model, vocabSize } = config as PretrainConfig;
    const headDim = model.hiddenSize / model.numHeads;
    const attention = 2 * model.hiddenSize ** 2 + 2 * model.hiddenSize * model.numKvHeads * headDim;
    const perLayer = attention + 3 * model.hiddenSize * model.intermediateSize;
    return vocabSize * model.hiddenSize + model.numLayers * perLayer;
  }
  if (input.modelCheckpointId === null) return null;
  const { checkpoint } = getCheckpointInProject(ctx, {
    projectId: input.projectId,
    checkpointId: input.modelCheckpointId,
  });
  try {
    const folder = checkpointFolder(ctx.dataFolder, checkpoint.folder);
    // float32 weights: the header is small beside them
    return statSync(path.join(folder, 'model.safetensors')).size / 4;
  } catch {
    // sharded or missing weights: the run itself says what is wrong
    return null;
  }
}

type Work = { totalSteps: number; trainTokens: number; newTokens: number; tokensPerBatch: number };

function plannedWork(ctx: Ctx, input: EstimateInput, config: Record<string, unknown>): Work | null {
  if (input.recipe === 'pretrain') {
    const { batchSize, sequenceLength, steps } = config as PretrainConfig;
    const tokensPerBatch = batchSize * sequenceLength;
    return { totalSteps: steps, trainTokens: steps * tokensPerBatch, newTokens: 0, tokensPerBatch };
  }
  const textTokens = meanTokens(ctx, input.projectId);
  if (input.recipe === 'ppo') {
    const { totalEpisodes, rolloutBatchSize, numPpoEpochs, numMinibatches, responseLength } =
      config as PpoConfig;
    const totalSteps = Math.max(1, Math.floor(totalEpisodes / rolloutBatchSize));
    const rowTokens = textTokens.prompt + responseLength;
    const rolloutTokens = rolloutBatchSize * rowTokens;
    // policy and critic are both updated in each epoch; reference, reward and old log-probabilities are forwards, a third each
    const passes = 2 * numPpoEpochs + 4 / 3;
    return {
      totalSteps,
      trainTokens: totalSteps * rolloutTokens * passes,
      newTokens: totalSteps * rolloutBatchSize * responseLength,
      tokensPerBatch: rolloutTokens / numMinibatches,
    };
  }
  if (input.snapshotId === null) return null;
  const { count } = ctx.db
    .select({ count: sql<number>`count(*)` })
    .from(snapshotJudgments)
    .where(eq(snapshotJudgments.snapshotId, input.snapshotId))
    .get() ?? { count: 0 };
  const { batchSize, epochs } = config as SftConfig | RewardConfig;
  const rowsPerExample = input.recipe === 'reward' ? 2 : 1;
  const totalSteps = Math.max(1, Math.ceil((count * epochs) / batchSize));
  const tokensPerBatch = batchSize * rowsPerExample * (textTokens.prompt + textTokens.response);
  return { totalSteps, trainTokens: totalSteps * tokensPerBatch, newTokens: 0, tokensPerBatch };
}

function meanTokens(ctx: Ctx, projectId: string): { prompt: number; response: number } {
  const row = ctx.db
    .select({
      prompt: sql<number>`avg(length(${prompts.messages}))`,
      response: sql<number>`avg(length(${responses.content}))`,
    })
    .from(prompts)
    .leftJoin(responses, eq(responses.promptId, prompts.id))
    .where(eq(prompts.projectId, projectId))
    .get();
  return {
    prompt: (row?.prompt ?? 90) / CHARACTERS_PER_TOKEN,
    response: (row?.response ?? 90) / CHARACTERS_PER_TOKEN,
  };
}

/** Weights, gradient and two moments of what is trained, bare weights of what is frozen, and about 40 floats per token and parameter root. */
function memoryOf(
  input: EstimateInput,
  { numParameters, tokensPerBatch }: { numParameters: number; tokensPerBatch: number },
): number {
  const trained = input.recipe === 'ppo' ? 2 : 1;
  const frozen = input.recipe === 'ppo' ? 2 : 0;
  const weights = (trained * 16 + frozen * 4) * numParameters;
  const activations = tokensPerBatch * 40 * Math.sqrt(numParameters) * 4;
  return weights + activations;
}

function secondsPerStepBefore(
  ctx: Ctx,
  input: EstimateInput,
  config: Record<string, unknown>,
): number | null {
  const last = ctx.db
    .select({ id: runs.id, config: runs.config })
    .from(runs)
    .where(
      and(
        eq(runs.projectId, input.projectId),
        eq(runs.recipe, input.recipe),
        eq(runs.status, 'succeeded'),
        input.modelCheckpointId === null ? undefined : eq(runs.modelCheckpointId, input.modelCheckpointId),
      ),
    )
    .orderBy(desc(runs.id))
    .get();
  if (!last || JSON.stringify(last.config) !== JSON.stringify(config)) return null;
  const row = ctx.db
    .select({ mean: sql<number | null>`avg(${runMetrics.value})` })
    .from(runMetrics)
    .where(and(eq(runMetrics.runId, last.id), eq(runMetrics.name, `${TIME_PREFIX}wall`)))
    .get();
  return row?.mean ?? null;
}
