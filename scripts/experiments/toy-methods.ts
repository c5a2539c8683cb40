/**
 * DPO, KTO with and without "both bad", PPO and best-of-n on the same judgments of the toy world, compared at equal KL to the
 * start: `npx tsx scripts/experiments/toy-methods.ts --seeds 1,2,3`.
 *
 * Per seed two pairs of answers to each of 640 training prompts; the annotator calls both bad where the better one is felt to be
 * among the worst 30 %, and otherwise says which is better. DPO, the reward model (so PPO and best-of-n) and "kto" learn from the
 * ordered pairs alone; "kto both-bad" from all. Every method keeps many checkpoints; at each KL of best-of-n the checkpoint is
 * taken whose KL on training prompts is nearest, so the truth never chooses. Then the true reward is measured on held-out prompts,
 * paired by prompt with the start. Results go into docs/experiments/toy-methods.json after every stage.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { meanInterval } from '../../lib/statistics/mean-interval.ts';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { sizeNativeThreads } from '../../trainer/backends/native-threads.ts';
import { createProgress } from '../../trainer/cli/progress.ts';
import { dpoSchema } from '../../trainer/config/dpo.ts';
import { ktoSchema } from '../../trainer/config/kto.ts';
import { ppoSchema } from '../../trainer/config/ppo.ts';
import { rewardSchema } from '../../trainer/config/reward.ts';
import type { RankedExample, UnpairedExample } from '../../trainer/data/types.ts';
import type { TrainEvent } from '../../trainer/events.ts';
import { bestOfNKl } from '../../trainer/math/best-of-n-kl.ts';
import { numParametersIn } from '../../trainer/model/num-parameters.ts';
import { dpo } from '../../trainer/recipes/dpo/recipe.ts';
import { kto } from '../../trainer/recipes/kto/recipe.ts';
import { ppo } from '../../trainer/recipes/ppo/recipe.ts';
import { reward } from '../../trainer/recipes/reward/recipe.ts';
import { toyPrompts } from '../../trainer/toy-world/datasets.ts';
import { simulatedAnnotator } from '../../trainer/toy-world/simulated-annotator.ts';
import { type Draw, drawAnswers, klOfDraws, scoresOf } from './measure-against.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3' },
    out: { type: 'string' },
    /** smaller for a quick look; the figures in docs/experiments.md are at 1 */
    scale: { type: 'string', default: '1' },
  },
});
const scale = Number(values.scale);
const TRAIN_PROMPTS = Math.round(640 * scale);
const HELD_OUT_PROMPTS = Math.round(384 * scale);
const KL_PROMPTS = Math.round(256 * scale);
const DRAWS = 4;
const BOTH_BAD = 0.3;
/** best-of-n at these n, and everything else at their KL: 0.64 and 1.84 nats */
const BEST_OF = [4, 16] as const;
const POOL = 32;

/** Written out, so that the figures in docs/experiments.md do not change meaning when a preset does. */
const RUNTIME = { evalEvery: 1000, keepCheckpoints: 500 };
const PAIRWISE = { maxLength: 96, epochs: 2, optimizer: { learningRate: 2e-4, warmupRatio: 0 } };
const REWARD_CONFIG = { maxLength: 96, batchSize: 32, epochs: 2, optimizer: { learningRate: 1e-3 } };
const PPO_CONFIG = {
  totalEpisodes: 64 * Math.round(24 * scale),
  ...{ rolloutBatchSize: 64, numPpoEpochs: 3, responseLength: 32, maxPromptLength: 32, valueClipRange: 1 },
  ...{ kl: { coefficient: 0.05 }, criticOptimizer: { learningRate: 2e-3 } },
};

const METHODS = ['dpo', 'kto', 'kto both-bad', 'ppo'] as const;
type Method = (typeof METHODS)[number];

const repository = new URL('../..', import.meta.url).pathname;
const resultsFile = values.out ?? join(repository, 'docs/experiments/toy-methods.json');
const start = join(repository, 'trainer/bundled/toy-sft');
const work = mkdtempSync(join(tmpdir(), 'toy-methods-'));
const progress = createProgress(process.stderr);
sizeNativeThreads(numParametersIn(start));
const backend = await chooseBackend();
mkdirSync(dirname(resultsFile), { recursive: true });
const results: Record<string, Record<string, unknown>> = existsSync(resultsFile)
  ? JSON.parse(readFileSync(resultsFile, 'utf8'))
  : {};

for (const seed of values.seeds.split(',').map(Number)) await runSeed(seed);
rmSync(work, { recursive: true, force: true });

async function runSeed(seed: number): Promise<void> {
  const result: Record<string, unknown> = { backend };
  results[`seed ${seed}`] = result;
  const heldOut = toyPrompts(HELD_OUT_PROMPTS, { seed, split: 'heldout' });
  const data = await judgments(seed);
  result.data = {
    pairs: data.pairs.length,
    bothBad: data.bothBad.length / 2,
    withinNoise: data.equal,
  };

  // The start, and best-of-n from one pool of its answers: each n splits the pool into groups of its own.
  const atStart = await drawAnswers(start, heldOut, { draws: DRAWS, seed });
  const truthAtStart = atStart.map(meanTruth);
  result.start = interval(truthAtStart);
  const args = { backend, signal: new AbortController().signal };
  const runtime = { seed, ...RUNTIME };
  const rewardRun = await follow(
    `reward ${seed}`,
    reward({
      ...args,
      config: rewardSchema.parse({ ...REWARD_CONFIG, runtime: { ...runtime, checkpointEvery: 1000 } }),
      folders: { model: start, reward: null, out: join(work, `reward-${seed}`), resumeFrom: null },
      data: { examples: data.pairs, referencePrompts: toyPrompts(128, { seed, split: 'train' }) },
    }),
  );
  const rewardFolder = rewardRun.folder;
  const pool = await drawAnswers(start, heldOut, { draws: POOL, seed: seed + 1 });
  const scores = await scoresOf(rewardFolder, pool);
  const bestOf = (n: number) =>
    pool.map((draws, p) =>
      average(groupsOf(n).map((group) => best(draws, scores.subarray(p * POOL), group).truth)),
    );
  const measured: Record<string, unknown> = {};
  for (const n of BEST_OF) {
    measured[`best of ${n}`] = { kl: bestOfNKl(n), ...gain(bestOf(n), truthAtStart) };
  }
  result.measured = measured;
  save();

  // Every method from the same start on the same judgments; many checkpoints.
  const pairLabels = data.pairs.flatMap(labelsOf);
  const folders = (name: string) => ({
    ...{ model: start, reward: null, resumeFrom: null },
    out: join(work, `${name.replace(' ', '-')}-${seed}`),
  });
  const dense = { ...runtime, checkpointEvery: 4 };
  const startMethod: Record<Method, () => AsyncGenerator<TrainEvent>> = {
    dpo: () =>
      dpo({
        ...args,
        config: dpoSchema.parse({ ...PAIRWISE, batchSize: 16, runtime: dense }),
        folders: folders('dpo'),
        data: { examples: data.pairs, referencePrompts: [] },
      }),
    kto: () => runKto('kto', pairLabels),
    'kto both-bad': () => runKto('kto both-bad', [...pairLabels, ...data.bothBad]),
    ppo: () =>
      ppo({
        ...args,
        config: ppoSchema.parse({ ...PPO_CONFIG, runtime: { ...dense, checkpointEvery: 1 } }),
        folders: { ...folders('ppo'), reward: rewardFolder },
        data: {
          prompts: toyPrompts(Math.round(1500 * scale), { seed, split: 'train' }),
          evalPrompts: [],
          score: 'model',
          trueReward: 'toy-world',
        },
      }),
  };
  function runKto(name: Method, examples: UnpairedExample[]): AsyncGenerator<TrainEvent> {
    const config = ktoSchema.parse({ ...PAIRWISE, batchSize: 32, runtime: dense });
    return kto({ ...args, config, folders: folders(name), data: { examples } });
  }

  const byPrompt: Record<string, number[]> = {};
  for (const method of METHODS) {
    const run = await follow(`${method} ${seed}`, startMethod[method]());
    const klPrompts = toyPrompts(KL_PROMPTS, { seed: seed + 7, split: 'train' });
    const curve: { folder: string; kl: number }[] = [];
    progress.start(`KL of ${method}`, run.checkpoints.length);
    for (const folder of run.checkpoints) {
      const drawn = await drawAnswers(folder, klPrompts, { draws: 1, seed: seed + 2 });
      curve.push({ folder, kl: await klOfDraws(folder, start, drawn) });
      progress.update(curve.length, `${curve.at(-1)?.kl.toFixed(2)} nats`);
    }
    progress.stop();
    for (const n of BEST_OF) {
      const wanted = bestOfNKl(n);
      const nearest = curve.reduce((a, b) => (Math.abs(b.kl - wanted) < Math.abs(a.kl - wanted) ? b : a));
      const drawn = await drawAnswers(nearest.folder, heldOut, { draws: DRAWS, seed: seed + 3 });
      byPrompt[`${method} at ${n}`] = drawn.map(meanTruth);
      measured[`${method} at best of ${n}`] = {
        checkpoint: nearest.folder.split('-').at(-1),
        kl: await klOfDraws(nearest.folder, start, drawn),
        tokens: average(drawn.flat().map(({ responseIds }) => responseIds.length)),
        ...gain(drawn.map(meanTruth), truthAtStart),
      };
      save();
    }
    measured[`${method}: KL of checkpoints`] = curve.map(({ kl }) => Number(kl.toFixed(3)));
    rmSync(folders(method).out, { recursive: true, force: true });
  }
  for (const n of BEST_OF) {
    const dpoAt = byPrompt[`dpo at ${n}`] as number[];
    const others = { ...byPrompt, [`best of ${n} at ${n}`]: bestOf(n) };
    for (const [name, truth] of Object.entries(others)) {
      if (!name.endsWith(` at ${n}`) || name.startsWith('dpo')) continue;
      measured[`${name} less dpo`] = interval(truth.map((value, p) => value - (dpoAt[p] as number)));
    }
    measured[`kto both-bad less kto at ${n}`] = interval(
      (byPrompt[`kto both-bad at ${n}`] as number[]).map(
        (value, p) => value - (byPrompt[`kto at ${n}`]?.[p] as number),
      ),
    );
  }
  save();
  process.stdout.write(`${JSON.stringify({ seed, ...result })}\n`);
}

/** Two pairs a prompt; both bad where the better is felt to be among the worst, equal where the two are felt alike. */
async function judgments(
  seed: number,
): Promise<{ pairs: RankedExample[]; bothBad: UnpairedExample[]; equal: number }> {
  const prompts = toyPrompts(TRAIN_PROMPTS, { seed, split: 'train' });
  const drawn = await drawAnswers(start, prompts, { draws: 4, seed: seed + 4 });
  const annotator = simulatedAnnotator({ skill: 0.8, biasToLength: 0.5, seed });
  const tasks = prompts.flatMap(({ id, prompt }, p) => {
    const texts = (drawn[p] as Draw[]).map(({ response }) => response);
    return [0, 2].flatMap((first) => {
      const responses = texts.slice(first, first + 2);
      if (responses[0] === responses[1]) return [];
      const felt = Math.max(...responses.map((response) => annotator.feltValue(prompt, response)));
      return [{ id: `${id}-${first}`, prompt, responses, felt }];
    });
  });
  const sorted = tasks.map(({ felt }) => felt).sort((a, b) => a - b);
  const threshold = sorted[Math.floor(BOTH_BAD * sorted.length)] as number;
  const isBad = ({ felt }: { felt: number }) => felt < threshold;
  const ordered = tasks
    .filter((task) => !isBad(task))
    .map(({ id, prompt, responses }) => ({
      ...{ id, prompt, responses, margin: 0, split: 'train' as const },
      ranks: annotator.rank(prompt, responses),
    }));
  const pairs = ordered.filter(({ ranks }) => ranks[0] !== ranks[1]);
  const bothBad = tasks.filter(isBad).flatMap(({ id, prompt, responses }) =>
    responses.map((completion, i) => ({
      ...{ id: `${id}-bad-${i}`, prompt, completion, isDesirable: false, split: 'train' as const },
    })),
  );
  return { pairs, bothBad, equal: ordered.length - pairs.length };
}

function labelsOf({ id, prompt, responses, ranks }: RankedExample): UnpairedExample[] {
  return responses.map((completion, i) => ({
    ...{ id: `${id}-${i}`, prompt, completion, split: 'train' as const },
    isDesirable: ranks[i] === 0,
  }));
}

async function follow(
  label: string,
  events: AsyncGenerator<TrainEvent>,
): Promise<{ folder: string; checkpoints: string[] }> {
  const checkpoints: string[] = [];
  let folder = '';
  for await (const event of events) {
    if (event.type === 'plan') progress.start(label, event.totalSteps);
    if (event.type === 'step') progress.update(event.step, '');
    if (event.type === 'checkpoint' && event.reason === 'scheduled') checkpoints.push(event.folder);
    if (event.type === 'done') folder = event.folder;
  }
  progress.stop();
  return { folder, checkpoints: [...checkpoints, folder] };
}

/** Indices of the pool in groups of n. */
function groupsOf(n: number): number[][] {
  return Array.from({ length: POOL / n }, (_, g) => Array.from({ length: n }, (_, i) => g * n + i));
}

function best(draws: readonly Draw[], scores: Float32Array, group: readonly number[]): Draw {
  const winner = group.reduce((a, b) => ((scores[b] as number) > (scores[a] as number) ? b : a));
  return draws[winner] as Draw;
}

function meanTruth(draws: readonly Draw[]): number {
  return average(draws.map(({ truth }) => truth));
}

function average(numbers: readonly number[]): number {
  return numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}

function gain(truth: readonly number[], truthAtStart: readonly number[]): Record<string, unknown> {
  return {
    truth: interval(truth),
    gain: interval(truth.map((value, p) => value - (truthAtStart[p] as number))),
  };
}

/** Mean over prompts with its 95 % interval. */
function interval(numbersP: readonly number[]): { mean: number; low: number; high: number } {
  const { mean, bounds } = meanInterval(numbersP);
  const rounded = (value: number) => Number(value.toFixed(4));
  return { mean: rounded(mean), low: rounded(bounds?.low ?? mean), high: rounded(bounds?.high ?? mean) };
}

function save(): void {
  writeFileSync(resultsFile, `${JSON.stringify(results, null, 1)}\n`);
}
