/**
 * Several judges of the same held-out pairs: reward models by their scores, policies trained by DPO by their implicit reward
 * beta (log pi - log pi_ref), and the bag of words. Each one's accuracy; how each disagrees with the bag of words, and each policy with
 * the reward model of the same place in the list (exact McNemar test: of the pairs that just one of both has right, as many to
 * each by chance); the accuracy of the reward models' mean score.
 *
 * `npx tsx scripts/experiments/judges-together.ts <file> --reward <folder>... --policy <folder>... [--reference <folder>]
 * [--heldout 0.2] [--max-length 256]`
 */
import { parseArgs } from 'node:util';
import { exactMcNemar } from '../../lib/statistics/mcnemar.ts';
import { wilsonInterval } from '../../lib/statistics/wilson.ts';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { sizeNativeThreads } from '../../trainer/backends/native-threads.ts';
import { loadPreferences } from '../../trainer/data/load-examples.ts';
import { fitBagOfWords } from '../../trainer/math/bag-of-words.ts';
import { loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { numParametersIn } from '../../trainer/model/num-parameters.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import { type RankedRow, rankedRows } from '../../trainer/recipes/batches/ranked-rows.ts';
import { completionsOf } from '../../trainer/recipes/dpo/pair-batch.ts';
import { createScorer } from '../../trainer/recipes/rollouts/create-scorer.ts';
import { createCompletionReader } from '../../trainer/recipes/rollouts/read-completions.ts';
import { loadTokenizer } from '../../trainer/tokenizer/load-tokenizer.ts';

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      reward: { type: 'string', multiple: true, default: [] },
      policy: { type: 'string', multiple: true, default: [] },
      reference: { type: 'string' },
      heldout: { type: 'string', default: '0.2' },
      'max-length': { type: 'string', default: '256' },
    },
  });
  const [file] = positionals;
  const { reward: rewards, policy: policies, reference } = values;
  const [anyFolder] = [...rewards, ...policies];
  if (!file || !anyFolder || (policies.length > 0 && !reference))
    throw new Error(
      'usage: judges-together.ts <file> --reward <folder>... --policy <folder>... [--reference <folder>] [--heldout 0.2] [--max-length 256]',
    );
  const { examples } = await loadPreferences(file, { heldoutFraction: Number(values.heldout) });
  const rowsOf = (split: 'train' | 'heldout', folder: string): RankedRow[] =>
    rankedRows(
      examples.filter((example) => example.split === split),
      {
        tokenizer: loadTokenizer(folder),
        maxLength: Number(values['max-length']),
        tooLong: 'truncate-prompt',
        useTies: false,
      },
    ).rows;
  const heldOut = rowsOf('heldout', anyFolder);
  const wordScore = fitBagOfWords(rowsOf('train', anyFolder));
  const words = heldOut.map((row) => differenceOf(row, row.responses.map(wordScore)));
  report('bag of words', words);

  sizeNativeThreads(numParametersIn(anyFolder));
  await chooseBackend();
  const byReward: number[][] = [];
  for (const folder of rewards) {
    const differences = await rewardDifferences(folder, rowsOf('heldout', folder));
    report(folder, differences);
    compare('the bag of words', differences, words);
    byReward.push(differences);
  }
  const referenceS = reference ? await completionLogProbs(reference, rowsOf('heldout', reference)) : null;
  for (const [place, folder] of policies.entries()) {
    const rows = rowsOf('heldout', folder);
    const policyS = await completionLogProbs(folder, rows);
    const differences = perRow(
      rows,
      policyS.map((value, s) => value - (referenceS?.[s] as number)),
    );
    report(folder, differences);
    compare('the bag of words', differences, words);
    const beside = byReward[place];
    if (beside) compare(rewards[place] as string, differences, beside);
  }
  if (byReward.length < 2) return;
  const spread = (ds: readonly number[]) => Math.sqrt(ds.reduce((sum, d) => sum + d * d, 0) / ds.length);
  const together = heldOut.map((_, i) =>
    byReward.reduce((sum, ds) => sum + (ds[i] as number) / spread(ds), 0),
  );
  report(`mean of the ${byReward.length} reward models, each scaled to a mean square of 1`, together);
  compare('the bag of words', together, words);
}

/** What the first pair of a row differs by, chosen less rejected. */
function differenceOf({ pairs }: RankedRow, scores: ArrayLike<number>): number {
  const [pair] = pairs;
  if (!pair) throw new Error('a row without a pair');
  return (scores[pair.chosen] as number) - (scores[pair.rejected] as number);
}

async function rewardDifferences(folder: string, rows: readonly RankedRow[]): Promise<number[]> {
  const { params, config } = loadPretrained(folder);
  try {
    const score = createScorer({ params, config, padTokenId: loadTokenizer(folder).padTokenId });
    return perRow(rows, await score(rows.flatMap(({ sequences }) => sequences)));
  } finally {
    disposeParams(params);
  }
}

/** log pi of every answer, summed over its tokens, row after row. */
async function completionLogProbs(folder: string, rows: readonly RankedRow[]): Promise<Float32Array> {
  const { params, config } = loadPretrained(folder);
  try {
    const { padTokenId } = loadTokenizer(folder);
    const reader = createCompletionReader({ params, config, padTokenId });
    return (await reader.read(rows.flatMap(completionsOf))).logProbsS;
  } finally {
    disposeParams(params);
  }
}

/** Chosen less rejected of each row, from numbers that stand answer after answer. */
function perRow(rows: readonly RankedRow[], valuesS: Float32Array): number[] {
  let first = 0;
  return rows.map((row) => {
    const own = valuesS.subarray(first, first + row.sequences.length);
    first += own.length;
    return differenceOf(row, own);
  });
}

function report(name: string, differences: readonly number[]): void {
  const right = differences.reduce((sum, d) => sum + (d > 0 ? 1 : d === 0 ? 0.5 : 0), 0);
  const { low, high } = wilsonInterval(right, differences.length);
  const [accuracy, ...ends] = [right / differences.length, low, high].map((x) => (100 * x).toFixed(1));
  console.log(`${name}: ${accuracy} % of ${differences.length} (95 % ${ends.join(' to ')} %)`);
}

function compare(name: string, ours: readonly number[], others: readonly number[]): void {
  const isRight = (x: number | undefined) => (x as number) > 0;
  const onlyOurs = ours.filter((d, i) => isRight(d) && !isRight(others[i])).length;
  const onlyOthers = ours.filter((d, i) => !isRight(d) && isRight(others[i])).length;
  const p = exactMcNemar(onlyOurs, onlyOthers);
  console.log(
    `  right where ${name} is wrong ${onlyOurs}, the other way round ${onlyOthers}, p ${p.toFixed(3)}`,
  );
}

await main();
