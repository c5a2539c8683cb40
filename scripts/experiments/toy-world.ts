/**
 * `npm run experiments -- --seeds 1,2,3`: the loop on the toy world, per seed: simulated annotators rank answers of the bundled
 * model, a reward model is fitted, PPO runs with the KL penalty and again without it, and everything is measured against
 * the true reward on held-out prompts. Results go into docs/experiments/toy-world.json after every stage, curves into SVG.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { sizeNativeThreads } from '../../trainer/backends/native-threads.ts';
import { createProgress } from '../../trainer/cli/progress.ts';
import { ppoSchema } from '../../trainer/config/ppo.ts';
import { rewardSchema } from '../../trainer/config/reward.ts';
import type { TrainEvent } from '../../trainer/events.ts';
import { numParametersIn } from '../../trainer/model/num-parameters.ts';
import { ppo } from '../../trainer/recipes/ppo/recipe.ts';
import { reward } from '../../trainer/recipes/reward/recipe.ts';
import { sampleResponses } from '../../trainer/sample-responses.ts';
import { toyComparisons, toyPrompts } from '../../trainer/toy-world/datasets.ts';
import { measurePolicy } from '../../trainer/toy-world/measure-policy.ts';
import { simulatedAnnotator } from '../../trainer/toy-world/simulated-annotator.ts';
import { trueReward } from '../../trainer/toy-world/true-reward.ts';
import { accuracyAgainstTruth } from './accuracy-against-truth.ts';
import { lineChart } from './line-chart.ts';

/** Written out here, so that the figures in docs/experiments.md do not change meaning when a preset does. */
const REWARD_CONFIG = { maxLength: 96, batchSize: 16, epochs: 2, optimizer: { learningRate: 1e-3 } };
const PPO_CONFIG = { rolloutBatchSize: 64, numPpoEpochs: 2, responseLength: 32, maxPromptLength: 32 };
const RESPONSES = 4;
const SKILL = 0.8;
const LENGTH_BIAS = 0.5;
const COLORS = { proxy: '#6b8afd', truth: '#e0803a', kl: '#4a9d6f' };

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    out: { type: 'string' },
    stages: { type: 'string' },
    scale: { type: 'string' },
  },
});
const repository = new URL('../..', import.meta.url).pathname;
const docs = values.out ?? join(repository, 'docs/experiments');
const policyFolder = join(repository, 'trainer/bundled/toy-sft');
const seeds = (values.seeds ?? '1,2,3').split(',').map(Number);
/** smaller for a quick look; the figures in docs/experiments.md are at 1 */
const scale = Number(values.scale ?? '1');
const TRAIN_PROMPTS = Math.round(640 * scale);
const HELD_OUT_PROMPTS = Math.round(160 * scale);
const MEASURED_PROMPTS = Math.round(384 * scale);
const EPISODES = { kl: 64 * Math.round(20 * scale), free: 64 * Math.round(40 * scale) };
const stages = new Set((values.stages ?? 'kl,free').split(','));
const work = mkdtempSync(join(tmpdir(), 'experiments-'));
const progress = createProgress(process.stderr);
sizeNativeThreads(numParametersIn(policyFolder));
const backend = await chooseBackend();
mkdirSync(docs, { recursive: true });

type Curve = { episodes: number; metrics: Record<string, number> }[];
type Result = Record<string, unknown>;

const resultsFile = join(docs, 'toy-world.json');
const results: Record<string, Result> = existsSync(resultsFile)
  ? (JSON.parse(readFileSync(resultsFile, 'utf8')) as Record<string, Result>)
  : {};

for (const seed of seeds) {
  const result: Result = { ...results[`seed ${seed}`], backend };
  results[`seed ${seed}`] = result;

  // 1. Answers of the bundled model, ranked by a simulated annotator who likes length and flattery.
  const prompts = [
    ...toyPrompts(TRAIN_PROMPTS, { seed, split: 'train' }),
    ...toyPrompts(HELD_OUT_PROMPTS, { seed, split: 'heldout' }),
  ];
  progress.start('sample', prompts.length);
  const { responses } = await sampleResponses({
    modelFolder: policyFolder,
    prompts,
    perPrompt: RESPONSES,
    maxNewTokens: 32,
    temperature: 1,
    seed,
    backend,
    onProgress: (done) => progress.update(done, ''),
  });
  progress.stop();
  const annotator = simulatedAnnotator({ skill: SKILL, biasToLength: LENGTH_BIAS, seed });
  const examples = toyComparisons(
    responses.map((texts, i) => ({ prompt: prompts[i]?.prompt ?? [], responses: texts })),
    annotator,
  );

  // 2. Reward model, measured against the annotator (by the recipe) and against the truth.
  const rewardFolder = join(work, `reward-${seed}`);
  const fitted = await follow(
    `reward ${seed}`,
    reward({
      config: rewardSchema.parse({
        ...REWARD_CONFIG,
        runtime: { seed, evalEvery: 50, checkpointEvery: 1000 },
      }),
      backend,
      folders: { model: policyFolder, reward: null, out: rewardFolder, resumeFrom: null },
      data: { examples, referencePrompts: prompts.slice(0, TRAIN_PROMPTS) },
      signal: new AbortController().signal,
    }),
  );
  const heldOut = examples.filter(({ split }) => split === 'heldout');
  result.rewardModel = {
    seconds: fitted.seconds,
    summary: fitted.summary,
    againstTruth: await accuracyAgainstTruth({ rewardFolder: fitted.folder, examples: heldOut }),
    annotatorAgainstTruth: annotatorAccuracy(heldOut),
  };
  save();

  // 3. PPO with and without the KL penalty, from the same start.
  const before = await measurePolicy({
    modelFolder: policyFolder,
    numPrompts: MEASURED_PROMPTS,
    seed,
    backend,
  });
  result.before = before;
  for (const [name, kl, totalEpisodes] of [
    ['kl', undefined, EPISODES.kl],
    ['free', { coefficient: 0 }, EPISODES.free],
  ] as const) {
    if (!stages.has(name)) continue;
    const run = await follow(
      `ppo ${name} ${seed}`,
      ppo({
        config: ppoSchema.parse({
          ...PPO_CONFIG,
          ...(kl ? { kl } : {}),
          totalEpisodes,
          runtime: { seed, evalEvery: 4, checkpointEvery: 1000 },
        }),
        backend,
        folders: {
          model: policyFolder,
          reward: fitted.folder,
          out: join(work, `ppo-${name}-${seed}`),
          resumeFrom: null,
        },
        data: {
          prompts: toyPrompts(1500, { seed, split: 'train' }),
          evalPrompts: toyPrompts(96, { seed: seed + 1000, split: 'heldout' }),
          score: 'model',
          trueReward: 'toy-world',
        },
        signal: new AbortController().signal,
      }),
    );
    const after = await measurePolicy({
      modelFolder: run.folder,
      numPrompts: MEASURED_PROMPTS,
      seed,
      backend,
    });
    result[name] = {
      seconds: run.seconds,
      summary: run.summary,
      after,
      warnings: run.warnings,
      samples: run.samples,
      curve: run.curve,
    };
    writeFileSync(join(docs, `ppo-${name}-seed-${seed}.svg`), chartOf(name, seed, run.curve));
    save();
    process.stdout.write(
      `${JSON.stringify({ seed, name, before: before.mean.total, after: after.mean.total, summary: run.summary })}\n`,
    );
  }
}
rmSync(work, { recursive: true, force: true });

async function follow(label: string, events: AsyncGenerator<TrainEvent>) {
  const from = performance.now();
  const curve: Curve = [];
  const warnings: string[] = [];
  let samples: string[] = [];
  let folder = '';
  let summary: Record<string, number> = {};
  let episodes = 0;
  for await (const event of events) {
    if (event.type === 'plan') progress.start(label, event.totalSteps);
    if (event.type === 'step') {
      episodes = event.metrics.episode ?? event.step;
      const { loss, 'objective/true_reward': truth, 'objective/kl': kl } = event.metrics;
      const shown = Object.entries({ loss, truth, kl }).flatMap(([name, value]) =>
        value === undefined ? [] : [`${name} ${value.toFixed(3)}`],
      );
      progress.update(event.step, shown.join('  '));
    }
    if (event.type === 'eval') curve.push({ episodes, metrics: round(event.metrics) });
    if (event.type === 'warning') warnings.push(`step ${event.step}: ${event.message}`);
    if (event.type === 'sample')
      samples = event.samples.slice(0, 4).map((s) => `${s.prompt} => ${s.response}`);
    if (event.type === 'done') ({ folder, summary } = event);
  }
  progress.stop();
  return {
    curve,
    warnings,
    samples,
    folder,
    summary: round(summary),
    seconds: Math.round((performance.now() - from) / 1000),
  };
}

/** How often the annotator's own order agrees with the truth, on pairs that both tell apart. */
function annotatorAccuracy(examples: ReturnType<typeof toyComparisons>): { accuracy: number; pairs: number } {
  let right = 0;
  let pairs = 0;
  for (const { prompt, responses, ranks } of examples) {
    const truth = responses.map((response) => trueReward(prompt, response).total);
    for (let i = 0; i < responses.length; i++) {
      for (let j = 0; j < i; j++) {
        const told = (ranks[j] ?? 0) - (ranks[i] ?? 0);
        const actual = (truth[i] ?? 0) - (truth[j] ?? 0);
        if (told === 0 || Math.abs(actual) < 1e-9) continue;
        pairs++;
        if (told > 0 === actual > 0) right++;
      }
    }
  }
  return { accuracy: right / pairs, pairs };
}

function chartOf(name: string, seed: number, curve: Curve): string {
  const first = curve[0]?.metrics ?? {};
  const change = (key: string) =>
    curve.map(({ episodes, metrics }) => [episodes, (metrics[key] ?? 0) - (first[key] ?? 0)] as const);
  const spread = 0.2; // one fifth of the true reward's range is drawn as tall as one standard deviation of the proxy
  return lineChart({
    title: `PPO ${name === 'kl' ? 'with' : 'without'} KL penalty, seed ${seed}: change since the start, held-out prompts`,
    xLabel: 'episodes',
    yLabel: 'change',
    lines: [
      { name: 'proxy: reward model score (sd)', color: COLORS.proxy, points: change('eval/proxy_reward') },
      {
        name: 'truth: true reward / 0.2',
        color: COLORS.truth,
        points: change('eval/true_reward').map(([x, y]) => [x, y / spread] as const),
      },
      {
        name: 'KL to reference / 10 (nats)',
        color: COLORS.kl,
        dashed: true,
        points: change('eval/kl').map(([x, y]) => [x, y / 10] as const),
      },
    ],
  });
}

function round(metrics: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [name, Number(value.toPrecision(5))]),
  );
}

function save(): void {
  writeFileSync(resultsFile, `${JSON.stringify(results, null, 1)}\n`);
}
