/** Runs one recipe from the command line's options; every line for people goes through `io`, never straight out. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { chooseBackend } from '../backends/choose.ts';
import { sizeNativeThreads } from '../backends/native-threads.ts';
import { latestCheckpoint } from '../checkpoint.ts';
import { type DataKindOf, dataKindOf, definitionOf, type RecipeName } from '../config/recipes.ts';
import type { LoadReport } from '../data/load-examples.ts';
import { PHASES, type TrainEvent } from '../events.ts';
import { largestModel } from '../recipes/largest-model.ts';
import type { RunFolders } from '../recipes/run/recipe-args.ts';
import { runBackend } from '../recipes/run/run-state.ts';
import { startRecipe } from '../recipes/start.ts';
import { loadData, toyRows } from './load-data.ts';
import { type MetricsFile, openMetricsFile } from './metrics-file.ts';
import { newBase, newBaseFolder, trainingTexts } from './new-base.ts';
import type { Progress } from './progress.ts';
import { resolveConfig } from './resolve-config.ts';
import { resolveModel } from './resolve-model.ts';
import type { TrainOptions } from './train-options.ts';
import { UsageError } from './usage-error.ts';

export type TrainIo = { progress: Progress; note: (line: string) => void; signal: AbortSignal };

export type TrainResult = {
  recipe: RecipeName;
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
export async function runTrain(options: TrainOptions, io: TrainIo): Promise<TrainResult> {
  return train(options.recipe, options, io);
}

async function train<R extends RecipeName>(
  recipe: R,
  given: TrainOptions,
  io: TrainIo,
): Promise<TrainResult> {
  const startedAt = performance.now();
  const config = resolveConfig(recipe, given);
  const options = {
    ...given,
    model: given.model && (await resolveModel(given.model, io)),
    reward: given.reward && (await resolveModel(given.reward, io)),
  };
  checkFolders(options);
  const checkpoint = options.resume ? findCheckpoint(options.out) : null;
  const folders: RunFolders = {
    model: options.model,
    reward: options.reward === 'true' ? null : options.reward,
    out: options.out,
    resumeFrom: checkpoint?.folder ?? null,
  };
  const { need } = definitionOf(recipe).startsFrom.model;
  const base = need === 'or-base' && options.model === null ? newBase(options) : null;
  const tasks = [{ recipe, config, folders }, ...(base ? [base] : [])];
  sizeNativeThreads(Math.max(...tasks.map(largestModel)));
  const backend = await chooseBackend(runBackend(options.backend, folders.resumeFrom));

  const loading = { ...io, seed: config.runtime.seed };
  const kind = dataKindOf(recipe);
  const { data, report } = await loadData<DataKindOf<R>>(kind, { ...options, backend }, loading);
  if (report) io.note(describeReport(report));

  const result: TrainResult = {
    recipe,
    backend,
    folder: options.out,
    step: 0,
    stopped: false,
    resumable: false,
    seconds: 0,
    data: report ? withoutExamples(report) : { toy: toyRows(options) ?? 0 },
  };
  if (io.signal.aborted) return { ...result, stopped: true, seconds: secondsSince(startedAt) };

  const model = base ? join(base.folders.out, 'final') : folders.model;
  if (base && model && !existsSync(join(model, 'config.json'))) {
    const task = { ...base, backend, data: { texts: trainingTexts(kind, data) } };
    const made = await followEvents(base.recipe, startRecipe(task, io.signal), io);
    if (made?.stopped) return { ...result, stopped: true, resumable: true, seconds: secondsSince(startedAt) };
  }
  const task = { recipe, config, backend, folders: { ...folders, model }, data };
  const done = await followEvents(recipe, startRecipe(task, io.signal), io, () =>
    openMetricsFile(options.out, checkpoint?.step ?? 0),
  );
  if (!done) throw new Error(`${recipe} ended without saying so`);
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

/** `openMetrics` is called once the recipe has accepted what it was given: a refused run changes no file. */
async function followEvents(
  recipe: RecipeName,
  events: AsyncGenerator<TrainEvent>,
  { progress, note }: TrainIo,
  openMetrics: () => MetricsFile | null = () => null,
) {
  const labels = definitionOf(recipe).progress;
  let metrics: MetricsFile | null = null;
  let done: Extract<TrainEvent, { type: 'done' }> | null = null;
  let evaluated = '';
  let bar = '';
  const showBar = (label: string, total: number) => {
    if (bar !== label) progress.start(label, total);
    bar = label;
  };
  try {
    for await (const event of events) {
      metrics?.add(event);
      if (event.type === 'plan') {
        metrics = openMetrics();
        note(
          `${event.recipe}: ${event.totalSteps} steps, ${event.numParameters.toLocaleString('en')} parameters, backend ${event.backend} (${event.device})`,
        );
        showBar(event.recipe, event.totalSteps);
      } else if (event.type === 'progress') {
        showBar(event.phase, event.total);
        progress.update(event.done, PHASES[event.phase]);
      } else if (event.type === 'step') {
        showBar(recipe, event.totalSteps);
        const phase = event.step === event.totalSteps ? 'now measuring' : '';
        progress.update(
          event.step,
          [shown(labels, event.metrics), evaluated, phase].filter(Boolean).join('  '),
        );
      } else if (event.type === 'eval') {
        evaluated = shown(labels, event.metrics);
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
function shown(labels: Record<string, string>, metrics: Record<string, number>): string {
  return Object.entries(labels)
    .flatMap(([name, label]) => {
      const value = metrics[name];
      return value === undefined ? [] : [`${label} ${value.toFixed(3)}`];
    })
    .join('  ');
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
