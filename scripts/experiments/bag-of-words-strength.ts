/**
 * How strong the bag of words' L2 should be: 5-fold cross-validation within the training rows of a preference file, folds by
 * first message, so that no conversation is on both sides. Held-out rows are not looked at.
 *
 * `npx tsx scripts/experiments/bag-of-words-strength.ts <file> [--heldout 0.2]`
 */
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { loadPreferences } from '../../trainer/data/load-examples.ts';
import { fitBagOfWords } from '../../trainer/math/bag-of-words.ts';
import { countPairs, tiesHalfAccuracy } from '../../trainer/math/pair-accuracy.ts';
import { rankedPairs } from '../../trainer/math/ranked-pairs.ts';

const FOLDS = 5;
const STRENGTHS = [0.001, 0.01, 0.03, 0.1, 1];

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { heldout: { type: 'string', default: '0.2' } },
  });
  const [file] = positionals;
  if (!file) throw new Error('usage: bag-of-words-strength.ts <file> [--heldout 0.2]');
  const { examples } = await loadPreferences(file, { heldoutFraction: Number(values.heldout) });
  const rows = examples
    .filter(({ split }) => split === 'train')
    .map(({ prompt, responses, ranks }) => ({
      fold: foldOf(prompt[0]?.content ?? ''),
      responses,
      pairs: rankedPairs(ranks, { useTies: true }),
    }));
  console.log(`${rows.length} training rows, ${FOLDS} folds`);
  for (const strength of STRENGTHS) {
    const right = Array.from({ length: FOLDS }, (_, fold) => {
      const score = fitBagOfWords(
        rows.filter((row) => row.fold !== fold),
        strength,
      );
      return rows
        .filter((row) => row.fold === fold)
        .flatMap(({ responses, pairs }) => {
          const decided = pairs.filter(({ target }) => target !== 0.5);
          if (decided.length === 0) return [];
          const scores = responses.map(score);
          const of = (side: 'chosen' | 'rejected') => decided.map((pair) => scores[pair[side]] as number);
          return [tiesHalfAccuracy(countPairs(of('chosen'), of('rejected')))];
        });
    }).flat();
    const accuracy = right.reduce((sum, share) => sum + share, 0) / right.length;
    console.log(`L2 ${strength}: ${(100 * accuracy).toFixed(1)} % of ${right.length}`);
  }
}

function foldOf(text: string): number {
  return createHash('sha256').update(`fold ${text.trim().toLowerCase()}`).digest().readUInt32BE(0) % FOLDS;
}

await main();
