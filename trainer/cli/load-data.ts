/** What `--data` (and `--heldout`, `--reward true`, `--toy-*`) mean for each kind of data. */
import { UnreadableFile } from '../../lib/rows/unreadable-file.ts';
import { recipes } from '../config/recipes.ts';
import {
  type Loaded,
  type LoadReport,
  loadPreferences,
  loadPrompts,
  loadSftExamples,
  loadTexts,
  loadUnpaired,
} from '../data/load-examples.ts';
import type { DataKind, DataOf, RankedExample, UnpairedExample } from '../data/types.ts';
import { toyPrompts, toySftExamples, toyTexts } from '../toy-world/datasets.ts';
import { type LoadIo, toyComparisonsOf } from './toy-comparisons.ts';
import type { TrainOptions } from './train-options.ts';
import { UsageError } from './usage-error.ts';

const MOST_EVAL_PROMPTS = 256;

/** Reads `--data` as a file. */
type Reading<Kind extends DataKind> = (
  options: TrainOptions,
) => Promise<{ data: DataOf[Kind]; report: LoadReport }>;

const READING: { [Kind in DataKind]: Reading<Kind> } = {
  async texts({ data: file }) {
    const { examples, report } = await readExamples(file, loadTexts(file));
    return { data: { texts: examples }, report };
  },
  async demonstrations({ data: file, heldout }) {
    const { examples, report } = await readExamples(file, loadSftExamples(file, splitBy(heldout)));
    return { data: { examples }, report };
  },
  async rankings({ data: file, heldout }) {
    const { examples, report } = await readExamples(file, loadPreferences(file, splitBy(heldout)));
    return { data: { examples, referencePrompts: trainingPrompts(examples) }, report };
  },
  async unpaired({ data: file, heldout }) {
    const { examples, report } = await readExamples(file, loadUnpaired(file, splitBy(heldout)));
    return { data: { examples }, report };
  },
  async prompts({ data: file, reward }) {
    if (reward === 'true')
      throw new UsageError('--reward true: only the toy world (--data toy) has a true reward');
    const { examples, report } = await readExamples(file, loadPrompts(file));
    const cut = Math.min(MOST_EVAL_PROMPTS, Math.floor(examples.length / 5));
    const [prompts, evalPrompts] = [examples.slice(cut), examples.slice(0, cut)];
    return { data: { prompts, evalPrompts, score: 'model', trueReward: null }, report };
  },
};

/** Makes the rows of `--data toy:<rows>`, by default so many. */
type ToyMaking<Kind extends DataKind> = {
  rows: number;
  make: (rows: number, options: TrainOptions, io: LoadIo) => Promise<DataOf[Kind]> | DataOf[Kind];
};

const TOY: { [Kind in DataKind]: ToyMaking<Kind> } = {
  texts: { rows: 20_000, make: (rows, _, { seed }) => ({ texts: toyTexts(rows, seed) }) },
  demonstrations: { rows: 8_000, make: (rows, _, { seed }) => ({ examples: toySftExamples(rows, seed) }) },
  rankings: {
    rows: 1_000,
    async make(rows, options, io) {
      const examples = await toyComparisonsOf(rows, options, io);
      return { examples, referencePrompts: trainingPrompts(examples) };
    },
  },
  unpaired: {
    rows: 1_000,
    // the best and the worst answer of each comparison
    async make(rows, options, io) {
      const comparisons = await toyComparisonsOf(rows, options, io);
      return { examples: comparisons.flatMap(bestAndWorst) };
    },
  },
  prompts: {
    rows: 1_500,
    make: (rows, { reward }, { seed }) => ({
      prompts: toyPrompts(rows, { seed, split: 'train' }),
      evalPrompts: toyPrompts(MOST_EVAL_PROMPTS, { seed, split: 'heldout' }),
      score: reward === 'true' ? 'toy-world' : 'model',
      trueReward: 'toy-world',
    }),
  },
};

/** How many toy rows `--data` asks for, or null when it names a file. */
export function toyRows(options: Pick<TrainOptions, 'data' | 'recipe'>): number | null {
  const match = /^toy(?::(\d+))?$/.exec(options.data);
  if (!match) return null;
  return match[1] === undefined ? TOY[recipes[options.recipe].data].rows : Number(match[1]);
}

/** Reads the file, or makes the toy rows (then without a report). Throws UsageError when there is nothing to train on. */
export async function loadData<Kind extends DataKind>(
  kind: Kind,
  options: TrainOptions,
  io: LoadIo,
): Promise<{ data: DataOf[Kind]; report: LoadReport | null }> {
  const rows = toyRows(options);
  if (rows === null) return READING[kind](options);
  return { data: await TOY[kind].make(rows, options, io), report: null };
}

/** The best answers of a ranking as desirable, the worst as undesirable; those between are neither. */
function bestAndWorst({ id, prompt, responses, ranks, split }: RankedExample): UnpairedExample[] {
  const worst = ranks.reduce((most, rank) => Math.max(most, rank), 0);
  if (worst === 0) return [];
  return responses.flatMap((completion, i) => {
    const rank = ranks[i];
    if (rank !== 0 && rank !== worst) return [];
    return [{ id: `${id}-${i}`, prompt, completion, isDesirable: rank === 0, split }];
  });
}

function splitBy(heldout: number | null): { heldoutFraction?: number } {
  return heldout === null ? {} : { heldoutFraction: heldout };
}

function trainingPrompts(examples: DataOf['rankings']['examples']): DataOf['rankings']['referencePrompts'] {
  return examples.filter(({ split }) => split === 'train').map(({ id, prompt }) => ({ id, prompt }));
}

/** What loading a file gives. Throws UsageError where there is no such file, or no row of it can be used. */
export async function readExamples<Example>(
  file: string,
  loading: Promise<Loaded<Example>>,
): Promise<Loaded<Example>> {
  let loaded: Loaded<Example>;
  try {
    loaded = await loading;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new UsageError(`--data ${file}: there is no such file`, { cause: error });
    }
    if (error instanceof UnreadableFile) {
      throw new UsageError(`--data ${file}: ${error.message}`, { cause: error });
    }
    throw error;
  }
  if (loaded.examples.length === 0) {
    const { read: numRead, rejected } = loaded.report;
    const counts = Object.entries(rejected).map(([reason, count]) => `${reason} ${count}`);
    const first = loaded.report.examples.map((row) => `line ${row.line}: ${row.reason}: ${row.detail}`);
    const why = counts.length > 0 ? ` (${counts.join(', ')}); the first:` : '';
    throw new UsageError(
      [`--data ${file}: none of ${numRead} rows can be used${why}`, ...first].join('\n  '),
    );
  }
  return loaded;
}
