import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import path from 'node:path';
import { and, desc, eq, gt, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../../db/client.ts';
import { prepared } from '../../db/prepared.ts';
import { runMetrics, runs } from '../../db/schema/runs.ts';
import type { DataSize } from '../../trainer/config/definition.ts';
import type { LoraOptions } from '../../trainer/config/lora.ts';
import { definitionOf } from '../../trainer/config/recipes.ts';
import { charactersPerToken, templateTokens } from '../../trainer/cost/data-size.ts';
import { modelSize } from '../../trainer/cost/model-size.ts';
import { flopsOf, type Sizes } from '../../trainer/cost/run-cost.ts';
import { isMemoryBackend, memoryOf } from '../../trainer/cost/run-memory.ts';
import {
  asRewardModel,
  type ModelConfig,
  newModelConfig,
  parseModelConfig,
} from '../../trainer/model/config.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { checkpointFolder, getCheckpointInProject } from '../models/internal.ts';
import { getSnapshotInProject } from '../snapshots/internal.ts';
import { TIME_PREFIX } from './record-event.ts';
import { type EstimateInput, parseRecipeConfig, recipeInputs } from './schemas.ts';

/** What the cost of a run depends on beside its recipe's own options, where the recipe has it. */
type RunConfig = { recompute?: boolean; precision?: 'float32' | 'bfloat16'; lora?: LoraOptions };

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

/**
 * What a run would take, before it is started: time from what this machine did on the benchmark (or in the last run of the same
 * recipe on the same model), memory from what its recipe holds and does (trainer/cost). Null where nothing was measured yet.
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
  const config = parsed.config as RunConfig;
  const sizes = sizesOf(ctx, input, config);
  const data = sizes && dataSize(ctx, input, sizes.start);
  if (sizes === null || data === null) {
    return {
      ...machine,
      seconds: null,
      totalSteps: null,
      memoryBytes: null,
      basis: 'Choose the inputs first.',
    };
  }
  const work = definitionOf(input.recipe).work(config, data);
  const benchmark = readBenchmark(ctx);
  const { recompute = false, precision = 'float32' } = config;
  // the worker measured with what it will train with
  const backend = benchmark && isMemoryBackend(benchmark.backend) ? benchmark.backend : 'simd';
  const memoryBytes = Math.round(memoryOf(work, sizes, { recompute, precision, backend }));
  const shared = { ...machine, totalSteps: work.steps, memoryBytes };
  const before = secondsPerStepBefore(ctx, input, parsed.config);
  if (before !== null) {
    return {
      ...shared,
      seconds: before * work.steps,
      basis: 'Measured: the last run of this recipe with this config.',
    };
  }
  if (benchmark === null)
    return { ...shared, seconds: null, basis: 'Not measured yet: the worker does so at its first start.' };
  const flops = flopsOf(work, sizes, { recompute });
  // a token that is trained takes six operations for each parameter, a new one two
  const { numParameters, trainTokensPerSecond, generateTokensPerSecond } = benchmark;
  const seconds =
    flops.compute / (6 * numParameters * trainTokensPerSecond) +
    flops.generate / (2 * numParameters * generateTokensPerSecond);
  return {
    ...shared,
    seconds,
    basis: `From the benchmark of this machine (${benchmark.backend}, ${Math.round(benchmark.trainTokensPerSecond)} tokens/s trained at ${(benchmark.numParameters / 1e6).toFixed(2)}M parameters), scaled by the arithmetic of the run.`,
  };
}

/** Means are of so many newest rows, or last steps: nobody waits for a whole project to be read. */
const SAMPLE = 1000;

const newestTexts = (db: Db) =>
  db.$client.prepare(
    `SELECT avg(length(p.messages)) AS prompt, avg(length(r.content)) AS response
     FROM (SELECT id, messages FROM prompts WHERE project_id = ? ORDER BY id DESC LIMIT ${SAMPLE}) p
     LEFT JOIN responses r ON r.prompt_id = p.id`,
  );
// held-out rows are measured, not fitted
const newestOfSnapshot = (db: Db) =>
  db.$client.prepare(
    `SELECT count(*) AS "of", coalesce(sum(p.split = 'train'), 0) AS train,
       avg(CASE WHEN p.split = 'train' THEN json_array_length(j.shown_order) END) AS responsesPerRow
     FROM (SELECT judgment_id FROM snapshot_judgments WHERE snapshot_id = ? ORDER BY judgment_id DESC LIMIT ${SAMPLE}) s
     JOIN judgments j ON j.id = s.judgment_id JOIN tasks t ON t.id = j.task_id JOIN prompts p ON p.id = t.prompt_id`,
  );

function readBenchmark(ctx: Ctx): z.output<typeof benchmarkSchema> | null {
  try {
    return benchmarkSchema.parse(JSON.parse(readFileSync(path.join(ctx.dataFolder, BENCHMARK_FILE), 'utf8')));
  } catch {
    // not measured yet, which the page says
    return null;
  }
}

/** The models of the run by their config alone, or null where one is not chosen yet or cannot be read. */
function sizesOf(ctx: Ctx, input: EstimateInput, config: RunConfig): Sizes | null {
  const made = definitionOf(input.recipe).newModel?.(config);
  const start =
    input.modelCheckpointId === null
      ? made && newModelConfig(made)
      : configOf(ctx, input.projectId, input.modelCheckpointId);
  if (!start) return null;
  const reward =
    input.rewardCheckpointId === null ? start : configOf(ctx, input.projectId, input.rewardCheckpointId);
  const own = definitionOf(input.recipe).result.kind === 'reward-model' ? asRewardModel(start) : start;
  return reward && { start: modelSize(own, config.lora), reward: modelSize(reward) };
}

function configOf(ctx: Ctx, projectId: string, checkpointId: string): ModelConfig | null {
  const { checkpoint } = getCheckpointInProject(ctx, { projectId, checkpointId });
  try {
    const file = path.join(checkpointFolder(ctx.dataFolder, checkpoint.folder), 'config.json');
    return parseModelConfig(JSON.parse(readFileSync(file, 'utf8')), file);
  } catch {
    // missing or of a family that is not known: the run itself says what is wrong
    return null;
  }
}

function dataSize(ctx: Ctx, input: EstimateInput, { vocabSize }: { vocabSize: number }): DataSize | null {
  const texts = meanCharacters(ctx, input.projectId);
  const perToken = charactersPerToken(vocabSize);
  const means = {
    promptTokens: texts.prompt / perToken + tokensAround(ctx, input, vocabSize),
    responseTokens: texts.response / perToken,
  };
  if (recipeInputs(input.recipe).snapshot === 'none') return { ...means, rows: 0, responsesPerRow: 1 };
  if (input.snapshotId === null) return null;
  const { projectId, snapshotId } = input;
  const { kept } = getSnapshotInProject(ctx, { projectId, snapshotId }).counts;
  const sampled = prepared(ctx.db, newestOfSnapshot).get(snapshotId) as {
    of: number;
    train: number;
    responsesPerRow: number | null;
  };
  const share = sampled.of === 0 ? 0 : sampled.train / sampled.of;
  const rows = Math.round(kept * share);
  return { ...means, rows, responsesPerRow: sampled.responsesPerRow ?? 2 };
}

/** What the chat template of the model that is trained adds to each prompt. */
function tokensAround(ctx: Ctx, { projectId, modelCheckpointId }: EstimateInput, vocabSize: number): number {
  if (modelCheckpointId === null) return 0;
  const { checkpoint } = getCheckpointInProject(ctx, { projectId, checkpointId: modelCheckpointId });
  return templateTokens(checkpointFolder(ctx.dataFolder, checkpoint.folder), vocabSize);
}

function meanCharacters(ctx: Ctx, projectId: string): { prompt: number; response: number } {
  const row = prepared(ctx.db, newestTexts).get(projectId) as {
    prompt: number | null;
    response: number | null;
  };
  return { prompt: row.prompt ?? 90, response: row.response ?? 90 };
}

function secondsPerStepBefore(
  ctx: Ctx,
  input: EstimateInput,
  config: Record<string, unknown>,
): number | null {
  const last = ctx.db
    .select({ id: runs.id, config: runs.config, step: runs.step })
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
    .where(
      and(
        eq(runMetrics.runId, last.id),
        gt(runMetrics.step, last.step - SAMPLE),
        eq(runMetrics.name, `${TIME_PREFIX}wall`),
      ),
    )
    .get();
  return row?.mean ?? null;
}
