/**
 * Several reward models on the same held-out pairs: each one's accuracy, how it and the bag of words disagree (exact McNemar
 * test: of the pairs that just one of both has right, as many to each by chance), and the accuracy of the mean of their scores.
 *
 * `npx tsx scripts/experiments/reward-together.ts <file> <reward model folder>... [--heldout 0.2] [--max-length 256]`
 */
import { parseArgs } from 'node:util';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { sizeNativeThreads } from '../../trainer/backends/native-threads.ts';
import { loadPreferences } from '../../trainer/data/load-examples.ts';
import { fitBagOfWords } from '../../trainer/math/bag-of-words.ts';
import { wilsonInterval } from '../../trainer/math/wilson.ts';
import { loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { numParametersIn } from '../../trainer/model/num-parameters.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import { type RankedRow, rankedRows } from '../../trainer/recipes/batches/ranked-rows.ts';
import { createScorer } from '../../trainer/recipes/rollouts/create-scorer.ts';
import { loadTokenizer } from '../../trainer/tokenizer/load-tokenizer.ts';

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      heldout: { type: 'string', default: '0.2' },
      'max-length': { type: 'string', default: '256' },
    },
  });
  const [file, ...folders] = positionals;
  if (!file || !folders[0])
    throw new Error('usage: reward-together.ts <file> <folder>... [--heldout 0.2] [--max-length 256]');
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
  const heldOut = rowsOf('heldout', folders[0]);
  const wordScore = fitBagOfWords(rowsOf('train', folders[0]));
  const words = heldOut.map((row) => differenceOf(row, row.responses.map(wordScore)));
  report('bag of words', words);

  sizeNativeThreads(numParametersIn(folders[0]));
  await chooseBackend();
  const together = heldOut.map(() => 0);
  for (const folder of folders) {
    const rows = rowsOf('heldout', folder);
    const differences = await differencesBy(folder, rows);
    report(folder, differences);
    compare(differences, words);
    const spread = Math.sqrt(differences.reduce((sum, d) => sum + d * d, 0) / differences.length);
    differences.forEach((d, i) => {
      together[i] = (together[i] as number) + d / spread;
    });
  }
  if (folders.length < 2) return;
  report(`mean of the ${folders.length}, each scaled to a mean square of 1`, together);
  compare(together, words);
}

/** What the first pair of a row differs by, chosen less rejected. */
function differenceOf({ pairs }: RankedRow, scores: ArrayLike<number>): number {
  const [pair] = pairs;
  if (!pair) throw new Error('a row without a pair');
  return (scores[pair.chosen] as number) - (scores[pair.rejected] as number);
}

async function differencesBy(folder: string, rows: readonly RankedRow[]): Promise<number[]> {
  const { params, config } = loadPretrained(folder);
  try {
    const score = createScorer({ params, config, padTokenId: loadTokenizer(folder).padTokenId });
    const scores = await score(rows.flatMap(({ sequences }) => sequences));
    let first = 0;
    return rows.map((row) => {
      const own = scores.subarray(first, first + row.sequences.length);
      first += own.length;
      return differenceOf(row, own);
    });
  } finally {
    disposeParams(params);
  }
}

function report(name: string, differences: readonly number[]): void {
  const right = differences.reduce((sum, d) => sum + (d > 0 ? 1 : d === 0 ? 0.5 : 0), 0);
  const { low, high } = wilsonInterval(right, differences.length);
  const [accuracy, ...ends] = [right / differences.length, low, high].map((x) => (100 * x).toFixed(1));
  console.log(`${name}: ${accuracy} % of ${differences.length} (95 % ${ends.join(' to ')} %)`);
}

function compare(ours: readonly number[], others: readonly number[]): void {
  const isRight = (x: number | undefined) => (x as number) > 0;
  const onlyOurs = ours.filter((d, i) => isRight(d) && !isRight(others[i])).length;
  const onlyOthers = ours.filter((d, i) => !isRight(d) && isRight(others[i])).length;
  const p = exactMcNemar(onlyOurs, onlyOthers);
  console.log(
    `  right where the bag of words is wrong ${onlyOurs}, the other way round ${onlyOthers}, p ${p.toFixed(3)}`,
  );
}

/** Two-sided: the chance that n fair coins split at least as unevenly (McNemar 1947). */
function exactMcNemar(a: number, b: number): number {
  const n = a + b;
  let term = 0.5 ** n;
  let tail = 0;
  for (let k = 0; k <= Math.min(a, b); k++) {
    tail += term;
    term *= (n - k) / (k + 1);
  }
  return Math.min(1, 2 * tail);
}

await main();
