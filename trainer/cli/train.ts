/** Runs one recipe from the command line's options; every line for people goes through `io`, never straight out. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type BackendName, chooseBackend } from '../backends/choose.ts';
import { sizeNativeThreads } from '../backends/native-threads.ts';
import { latestCheckpoint } from '../checkpoint.ts';
import type { LoadReport } from '../data/load-examples.ts';
import type { TrainEvent } from '../events.ts';
import { numParametersIn, numParametersOfNew } from '../model/num-parameters.ts';
import { ppo } from '../recipes/ppo/recipe.ts';
import { pretrain } from '../recipes/pretrain/recipe.ts';
import { reward } from '../recipes/reward/recipe.ts';
import type { ScoreSource } from '../recipes/rollouts/scoring.ts';
import { runBackend } from '../recipes/run/run-state.ts';
import { sft } from '../recipes/sft/recipe.ts';
import { trueReward } from '../toy-world/true-reward.ts';
import { loadData, type RecipeData, toyRows } from './load-data.ts';
import { type MetricsFile, openMetricsFile } from './metrics-file.ts';
import { makeNewBase, newBaseFolder } from './new-base.ts';
import type { Progress } from './progress.ts';
import { type ConfigOf, resolveConfig } from './resolve-config.ts';
import { resolveModel } from './resolve-model.ts';
import type { TrainOptions } from './train-options.ts';
import { UsageError } from './usage-error.ts';

export type TrainIo = { progress: Progress; note: (line: string) => void; signal: AbortSignal };

export type TrainResult = {
  recipe: string;
  backend: string;
  folder: string;
  step: number;
  stopped: boolean;
  /** stopped, and --resume goes on from there */
  resumable: boolean;
  seconds: number;
  data: Omit<LoadReport, 'examples'> | { toy: number };
} & Record<string, unknown>;

/** Throws UsageError for mistakes in options or data; other errors are the recipe's own. */
export async function runTrain(given: TrainOptions, io: TrainIo): Promise<TrainResult> {
  const startedAt = performance.now();
  const config = resolveConfig(given.recipe, given);
  const options = {
    ...given,
    model: given.model && (await resolveModel(given.model, io)),
    reward: given.reward && (await resolveModel(given.reward, io)),
  };
  const baseConfig = resolveConfig('pretrain', {
    preset: 'small',
    config: null,
    set: [],
    seed: options.seed,
  });
  checkFolders(options);
  const checkpoint = options.resume ? findCheckpoint(options.out) : null;
  const resumeFrom = checkpoint?.folder ?? null;
  const made = options.recipe === 'pretrain' ? (config as ConfigOf<'pretrain'>) : baseConfig;
  sizeNativeThreads(largestModel(options, made));
  const backend = await chooseBackend(runBackend(options.backend, resumeFrom));

  const { data, report } = await loadData({ ...options, backend }, { ...io, seed: config.runtime.seed });
  if (report) io.note(describeReport(report));

  const result: TrainResult = {
    recipe: options.recipe,
    backend,
    folder: options.out,
    step: 0,
    stopped: false,
    resumable: false,
    seconds: 0,
    data: report ? withoutExamples(report) : { toy: toyRows(options) ?? 0 },
  };
  if (io.signal.aborted) return { ...result, stopped: true, seconds: secondsSince(startedAt) };

  let modelFolder = options.model;
  if (data.recipe === 'reward' && modelFolder === null) {
    const { outFolder, examples } = { outFolder: options.out, examples: data.examples };
    const events = makeNewBase({ config: baseConfig, backend, outFolder, examples, signal: io.signal });
    const base = await followEvents(events, io);
    if (base?.stopped) return { ...result, stopped: true, resumable: true, seconds: secondsSince(startedAt) };
    modelFolder = join(newBaseFolder(options.out), 'final');
  }
  const done = await followEvents(
    startRecipe(options, {
      config,
      data,
      backend,
      modelFolder: modelFolder ?? '',
      resumeFrom,
      signal: io.signal,
    }),
    io,
    () => openMetricsFile(options.out, checkpoint?.step ?? 0),
  );
  if (!done) throw new Error(`${options.recipe} ended without saying so`);
  return {
    ...result,
    folder: done.folder,
    step: done.step,
    stopped: done.stopped,
    resumable: done.stopped,
    seconds: secondsSince(startedAt),
    ...done.summary,
  };
}

function startRecipe(
  options: TrainOptions,
  run: {
    config: unknown;
    data: RecipeData;
    backend: BackendName;
    modelFolder: string;
    resumeFrom: string | null;
    signal: AbortSignal;
  },
): AsyncGenerator<TrainEvent> {
  const { data } = run;
  const shared = { ...run, outFolder: options.out };
  switch (data.recipe) {
    case 'pretrain':
      return pretrain({ ...shared, config: run.config as ConfigOf<'pretrain'>, texts: data.texts });
    case 'sft':
      return sft({ ...shared, config: run.config as ConfigOf<'sft'>, examples: data.examples });
    case 'reward': {
      const { examples } = data;
      const referencePrompts = examples
        .filter(({ split }) => split === 'train')
        .map(({ id, prompt }) => ({ id, prompt }));
      return reward({ ...shared, config: run.config as ConfigOf<'reward'>, examples, referencePrompts });
    }
    case 'ppo': {
      const isToy = toyRows(options) !== null;
      return ppo({
        ...shared,
        config: run.config as ConfigOf<'ppo'>,
        prompts: data.prompts,
        evalPrompts: data.evalPrompts,
        score: scoreSource(options, isToy),
        trueReward: isToy ? (prompt, response) => trueReward(prompt, response).total : null,
      });
    }
  }
}

function scoreSource({ reward: source }: TrainOptions, isToy: boolean): ScoreSource {
  if (source !== 'true') return { kind: 'model', folder: source ?? '' };
  if (!isToy) throw new UsageError('--reward true: only the toy world (--data toy) has a true reward');
  return { kind: 'function', score: (prompt, response) => trueReward(prompt, response).total };
}

/** `openMetrics` is called once the recipe has accepted what it was given: a refused run changes no file. */
async function followEvents(
  events: AsyncGenerator<TrainEvent>,
  { progress, note }: TrainIo,
  openMetrics: () => MetricsFile | null = () => null,
) {
  let metrics: MetricsFile | null = null;
  let done: Extract<TrainEvent, { type: 'done' }> | null = null;
  let evaluated = '';
  try {
    for await (const event of events) {
      metrics?.add(event);
      if (event.type === 'plan') {
        metrics = openMetrics();
        note(
          `${event.recipe}: ${event.totalSteps} steps, ${event.numParameters.toLocaleString('en')} parameters, backend ${event.backend} (${event.device})`,
        );
        progress.start(event.recipe, event.totalSteps);
      } else if (event.type === 'step') {
        const phase = event.step === event.totalSteps ? 'now measuring' : '';
        progress.update(event.step, [shown(event.metrics), evaluated, phase].filter(Boolean).join('  '));
      } else if (event.type === 'eval') {
        evaluated = shown(event.metrics);
      } else if (event.type === 'warning') {
        note(`warning (step ${event.step}): ${event.message}`);
      } else if (event.type === 'done') done = event;
    }
  } finally {
    progress.stop();
  }
  return done;
}

/** the few figures that fit behind a progress bar */
const SHOWN_METRICS: readonly (readonly [string, string])[] = [
  ['loss', 'loss'],
  ['eval_loss', 'held-out loss'],
  ['accuracy', 'accuracy'],
  ['eval_accuracy', 'held-out accuracy'],
  ['objective/scores', 'score'],
  ['objective/kl', 'KL'],
  ['eval/true_reward', 'held-out true reward'],
];

function shown(metrics: Record<string, number>): string {
  return SHOWN_METRICS.flatMap(([key, label]) => {
    const value = metrics[key];
    return value === undefined ? [] : [`${label} ${value.toFixed(3)}`];
  }).join('  ');
}

function checkFolders({ out, resume, model, reward: rewardFolder }: TrainOptions): void {
  for (const [name, folder] of [
    ['model', model],
    ['reward', rewardFolder === 'true' ? null : rewardFolder],
  ] as const) {
    if (folder !== null && !existsSync(join(folder, 'config.json'))) {
      throw new UsageError(
        `--${name} ${folder}: no config.json there; expected a model folder in Hugging Face's layout`,
      );
    }
  }
  if (resume || !existsSync(out)) return;
  if (readdirSync(out).some((entry) => /^(final|base|checkpoint-\d+)$/.test(entry))) {
    throw new UsageError(
      `--out ${out} already holds a run; add --resume to go on with it, or name another folder`,
    );
  }
}

/** Parameters of the largest model of a run, which makes one of its own where it is given none. */
function largestModel({ model, reward: source }: TrainOptions, made: ConfigOf<'pretrain'>): number {
  const own = model === null ? numParametersOfNew(made) : numParametersIn(model);
  return source === null || source === 'true' ? own : Math.max(own, numParametersIn(source));
}

function findCheckpoint(out: string): { folder: string; step: number } | null {
  const newest = latestCheckpoint(out);
  if (newest === null && !existsSync(newBaseFolder(out))) {
    throw new UsageError(`--resume: there is no whole checkpoint in ${out}`);
  }
  return newest;
}

function describeReport({ file, read, used, rejected, examples }: LoadReport): string {
  const reasons = Object.entries(rejected).map(([reason, count]) => `${reason} ${count}`);
  const first = examples.map((row) => `  line ${row.line}: ${row.reason}: ${row.detail}`);
  const counts = `${file}: ${read} rows read, ${used} used`;
  return reasons.length === 0
    ? counts
    : [`${counts}, left out: ${reasons.join(', ')}; the first:`, ...first].join('\n');
}

function withoutExamples({ examples: _, ...report }: LoadReport): Omit<LoadReport, 'examples'> {
  return report;
}

function secondsSince(startedAt: number): number {
  return Math.round((performance.now() - startedAt) / 100) / 10;
}
