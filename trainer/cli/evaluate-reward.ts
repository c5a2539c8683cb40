import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BASELINES, type Figure, type RewardReport } from '../../lib/statistics/reward-report.ts';
import { chooseBackend } from '../backends/choose.ts';
import { sizeNativeThreads } from '../backends/native-threads.ts';
import { numParametersOf } from '../cost/model-size.ts';
import { loadDescribedPreferences } from '../data/load-examples.ts';
import { type MeasuredRewardModel, measureRewardModel } from '../evaluations/measure-reward-model.ts';
import { isRewardModel } from '../model/config.ts';
import { loadModelConfig } from '../model/files/load-pretrained.ts';
import { storeTemperature } from '../model/files/store-temperature.ts';
import type { EvaluateOptions } from './evaluate-options.ts';
import { readExamples } from './load-data.ts';
import type { Progress } from './progress.ts';
import { resolveModel } from './resolve-model.ts';
import { UsageError } from './usage-error.ts';

/** The report with what the contract of `--json` names at its top. */
export type EvaluateResult = Omit<MeasuredRewardModel, 'accuracy' | 'suspects'> & {
  model: string;
  data: string;
  backend: string;
  accuracy: number;
  low: number;
  high: number;
  suspects: { found: number; shown: { at: string; margin: number; probability: number | null }[] };
};

/**
 * Measures a reward model on the held-out pairs of a file.
 * @returns null when it was stopped
 * @throws UsageError for mistakes in options or data
 */
export async function evaluateReward(
  options: EvaluateOptions,
  io: { progress: Progress; note: (line: string) => void; signal: AbortSignal },
): Promise<EvaluateResult | null> {
  const folder = await resolveModel(options.model, io);
  if (!existsSync(join(folder, 'config.json')))
    throw new UsageError(
      `--model ${folder}: no config.json there; expected a model folder in Hugging Face's layout`,
    );
  const config = loadModelConfig(folder);
  if (!isRewardModel(config))
    throw new UsageError(
      `--model ${folder}: a ${config.architecture} gives text, not scores; expected a reward model`,
    );
  const reading = loadDescribedPreferences(options.data, { heldoutFraction: options.heldout });
  const { examples } = await readExamples(options.data, reading);
  if (!examples.some(({ split }) => split === 'heldout'))
    throw new UsageError(`--heldout ${options.heldout}: none of ${examples.length} rows is held out`);
  sizeNativeThreads(numParametersOf(config));
  const backend = await chooseBackend(options.backend);
  const places = new Map(examples.map(({ id, at }) => [id, at ?? id]));
  let isStarted = false;
  const measured = await measureRewardModel({
    rewardFolder: folder,
    examples,
    ...(options.maxLength !== undefined && { maxLength: options.maxLength }),
    async onProgress(done, total) {
      if (!isStarted) io.progress.start('score', total);
      isStarted = true;
      io.progress.update(done, 'held-out examples');
      return !io.signal.aborted;
    },
  });
  io.progress.stop();
  if (measured === null) return null;
  const { accuracy, suspects, ...rest } = measured;
  if (!('value' in accuracy)) throw new Error(`the accuracy is undefined: ${accuracy.undefined}`);
  if (options.storeTemperature) {
    if (!('value' in rest.temperature))
      throw new Error(`there is no temperature to store: ${rest.temperature.undefined}`);
    storeTemperature(folder, rest.temperature.value);
    io.note(
      `plumbline_temperature ${rest.temperature.value.toFixed(4)} is in ${join(folder, 'config.json')}`,
    );
  }
  return {
    ...{ model: folder, data: options.data, backend },
    ...{ accuracy: accuracy.value, low: accuracy.low, high: accuracy.high },
    ...rest,
    suspects: {
      found: suspects.found,
      shown: suspects.shown.map(({ id, ...suspect }) => ({ at: places.get(id) ?? id, ...suspect })),
    },
  };
}

const NAMES: Record<(typeof BASELINES)[number], string> = {
  longest: 'longest answer',
  shortest: 'shortest answer',
  bagOfWords: 'bag of words',
};
const SHOWN_SUSPECTS = 5;

/** The report for people, line by line. */
export function describeRewardReport(report: EvaluateResult): string[] {
  const { accuracy: value, low, high, clusters, pairs, examples, baselines, difference, ece } = report;
  const accuracy = { value, low, high, of: clusters };
  return [
    `${pairs} held-out pairs of ${examples} examples, ${clusters} clusters of prompts`,
    line('accuracy, length-matched', report.lengthMatched),
    line('accuracy', accuracy),
    ...BASELINES.flatMap((name) => [
      line(NAMES[name], baselines[name].accuracy),
      line(`  length-matched`, baselines[name].lengthMatched),
      `  ${differenceInWords(difference[name])}`,
    ]),
    `calibration error ${ece.before.toFixed(3)} as trained${ece.after === null ? '' : `, ${ece.after.toFixed(3)} with a temperature from other folds`}; ${
      'value' in report.temperature
        ? `temperature ${report.temperature.value.toFixed(3)}`
        : `no temperature: ${report.temperature.undefined}`
    }`,
    ...report.slices.map(
      (slice) =>
        `${`${slice.slice}: ${slice.value}`.padEnd(48)} ${percent(slice.accuracy)} (${percent(slice.low)} to ${percent(slice.high)}) of ${slice.pairs} pairs${slice.bagOfWords === null ? '' : `; bag of words ${percent(slice.bagOfWords)}`}`,
    ),
    ...report.uncertainty.map(
      ({ signal, area, low: from, high: to, says }) =>
        `AUROC of the ${signal} for being wrong ${area.toFixed(2)} (${from.toFixed(2)} to ${to.toFixed(2)}): ${says}`,
    ),
    `${report.suspects.found} judgments disputed (margin below -2 root mean squares)${report.suspects.found > 0 ? ', the clearest:' : ''}`,
    ...report.suspects.shown
      .slice(0, SHOWN_SUSPECTS)
      .map(({ at, margin }) => `  ${at}: margin ${margin.toFixed(2)}`),
  ];
}

function differenceInWords(difference: RewardReport['difference']['longest']): string {
  if (!('value' in difference)) return `no difference: ${difference.undefined}`;
  const { value, low, high, inWords, mcNemar } = difference;
  const sign = (x: number) => `${x > 0 ? '+' : ''}${(100 * x).toFixed(1)}`;
  return `model less baseline ${sign(value)} points (${sign(low)} to ${sign(high)}): ${inWords}; alone right ${mcNemar.onlyModel} to ${mcNemar.onlyBaseline}, exact McNemar p ${mcNemar.p.toPrecision(2)}`;
}

function line(name: string, figure: Figure): string {
  if (!('value' in figure)) return `${name.padEnd(28)} undefined: ${figure.undefined}`;
  return `${name.padEnd(28)} ${percent(figure.value)} (95 % ${percent(figure.low)} to ${percent(figure.high)})`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
