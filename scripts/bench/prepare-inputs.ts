import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../../lib/cache-folder.ts';
import { createRng } from '../../lib/rng.ts';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { loadModelConfig, loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { savePretrained } from '../../trainer/model/files/save-pretrained.ts';
import { addScoreHead } from '../../trainer/model/heads.ts';
import { initParams } from '../../trainer/model/init-params.ts';
import { paramShapes } from '../../trainer/model/param-shapes.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import { loadTokenizer } from '../../trainer/tokenizer/load-tokenizer.ts';
import type { Job } from './job.ts';
import { probeMatrices } from './matmul-probe.ts';
import { MODEL_SHAPES } from './model-shapes.ts';
import {
  FIRST_STEPS,
  isOfPairs,
  LEARNING_RATE,
  MAX_GRAD_NORM,
  NEW_TOKENS,
  NUM_PARAMETERS,
  type Work,
} from './works.ts';

const SEED = 1;
/** Different batches of a work, taken in turn. */
const NUM_BATCHES = 4;
/** Ids below are special tokens in the models here. */
const FIRST_WORD = 3;
const MAKE_135M = fileURLToPath(new URL('../../../shared/bench/smollm2.py', import.meta.url));

/**
 * The real model of 135 million parameters: the folder given, PLUMBLINE_BENCH_MODEL, or the one in the cache, which is made
 * there first where its script lies beside the repository.
 * @throws Error saying how to name a folder
 */
export function findModel(given: string | undefined, python: string): string {
  const named = given ?? process.env.PLUMBLINE_BENCH_MODEL;
  if (named) {
    loadModelConfig(named);
    return named;
  }
  const folder = join(cacheFolder(), 'bench', 'smollm2-135m');
  if (existsSync(join(folder, 'config.json'))) return folder;
  if (!existsSync(MAKE_135M))
    throw new Error(
      'no 135M model: pass --model <Hugging Face folder of a Llama model>, or set PLUMBLINE_BENCH_MODEL',
    );
  console.log('making the 135M model');
  mkdirSync(dirname(folder), { recursive: true });
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  const made = spawnSync(python, [MAKE_135M, partial], { encoding: 'utf8' });
  if (made.status !== 0)
    throw new Error(`the 135M model could not be made: ${made.stderr.trim().split('\n').at(-1)}`);
  renameSync(partial, folder);
  return folder;
}

/** A line that says so when the model in the place of the 135M one has another size; null when it fits. */
export function otherSize(folder: string): string | null {
  const shapes = [...paramShapes(loadModelConfig(folder)).values()];
  const size = shapes.reduce((sum, shape) => sum + shape.reduce((product, axis) => product * axis, 1), 0);
  if (Math.abs(size / NUM_PARAMETERS['135M'] - 1) < 0.01) return null;
  return `in the place of the 135M model stands one of ${(size / 1e6).toFixed(1)}M parameters`;
}

/** The factors of the accuracy probe as a file for the peer. */
export function writeMatrices(folder: string): string {
  const { left, right } = probeMatrices();
  const file = join(folder, 'matrices.json');
  writeFileSync(file, JSON.stringify({ left: [...left.data], right: [...right.data] }));
  return file;
}

/**
 * Writes the job that both sides of a work read, and the model they start from: random weights of ours for the small ones,
 * the real model, or that with a new score head of ours.
 * @param model135M folder of the real model
 */
export async function prepareJob(
  work: Work,
  {
    folder,
    model135M,
    threads,
    rounds,
  }: { folder: string; model135M: string; threads: number; rounds: number },
): Promise<Job> {
  const isReward = work.peer === 'TRL RewardTrainer';
  const model = await prepareModel(work, { folder, model135M, isReward });
  const { vocabSize } = loadModelConfig(model);
  const rng = createRng(SEED, 'bench data');
  const isGeneration = work.peer === 'transformers generate';
  const rowsOfStep = work.batch * (isOfPairs(work) ? 2 : 1);
  const words = (count: number): number[] =>
    Array.from({ length: count }, () => FIRST_WORD + rng.integer(vocabSize - FIRST_WORD));
  const rows = (count: number): number[][] => {
    const made: number[][] = [];
    for (let i = 0; i < count; i++) {
      const length = work.isUneven ? Math.ceil((work.length * (1 + (i % 4))) / 4) : work.length;
      // the second row of a pair begins as the first does
      const start = i % 2 === 1 ? (made[i - 1] as number[]).slice(0, work.inCommon ?? 0) : [];
      made.push([...start, ...words(length - start.length)]);
    }
    return made;
  };
  return {
    kind: kindOf(work),
    model,
    threads,
    precision: work.precision,
    length: work.length,
    batches: isGeneration ? [] : Array.from({ length: NUM_BATCHES }, () => rows(rowsOfStep)),
    promptLength: work.peer === 'TRL DPOTrainer' ? (work.inCommon ?? 0) : 0,
    prompts: isGeneration ? rows(work.batch) : [],
    newTokens: NEW_TOKENS,
    learningRate: LEARNING_RATE[work.model],
    maxGradNorm: MAX_GRAD_NORM,
    firstSteps: FIRST_STEPS,
    stepsPerRound: work.stepsPerRound,
    rounds,
    folder,
    matrices: '',
  };
}

function kindOf({ peer }: Work): Job['kind'] {
  switch (peer) {
    case 'TRL SFTTrainer':
      return 'sft';
    case 'TRL RewardTrainer':
      return 'reward';
    case 'TRL DPOTrainer':
      return 'dpo';
    case 'torch, bare loop':
      return 'train';
    case 'transformers generate':
      return 'generate';
  }
}

async function prepareModel(
  work: Work,
  { folder, model135M, isReward }: { folder: string; model135M: string; isReward: boolean },
): Promise<string> {
  if (work.model === '135M' && !isReward) return model135M;
  const target = join(folder, `${work.model}${isReward ? '-reward' : ''}`);
  if (existsSync(target)) return target;
  await chooseBackend('cpu');
  if (work.model !== '135M') {
    const config = MODEL_SHAPES[work.model];
    const params = initParams(config, createRng(SEED, 'bench model'));
    savePretrained({ folder: target, params, config });
    disposeParams(params);
    return target;
  }
  const { padTokenId } = loadTokenizer(model135M);
  const trunk = loadPretrained(model135M);
  const { params, config } = addScoreHead(trunk.params, trunk.config, createRng(SEED, 'bench head'));
  savePretrained({ folder: target, params, config: { ...config, padTokenId }, tokenizerFolder: model135M });
  disposeParams(params);
  return target;
}
