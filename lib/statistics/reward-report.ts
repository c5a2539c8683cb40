/**
 * What may be believed of a reward model: its accuracy on held-out judgments beside what length and words alone would give, where it is
 * good and where not, whether its probabilities are what they say, and which judgments it disputes. A pure function of scores.
 */
import { createRng } from '../rng.ts';
import { auroc } from './auroc.ts';
import { bootstrap, type Interval } from './bootstrap.ts';
import {
  calibrationError,
  fitTemperature,
  type ReliabilityBin,
  reliability,
  rightShare,
  sigmoid,
} from './calibration.ts';
import { lengthMatchedAccuracy, STRATA, type StratumSums, stratumOf } from './length-matched.ts';
import { exactMcNemar } from './mcnemar.ts';
import { type Verdict, verdictOf } from './paired-difference.ts';
import type { Defined } from './rated-unit.ts';
import { wilsonInterval } from './wilson.ts';

/** A held-out pair of answers of which one was judged better. */
export type JudgedPair = {
  /** of the example that it belongs to */
  id: string;
  /** of prompts that are nearly the same */
  cluster: number;
  /** 1 / decided pairs of its example */
  weight: number;
  /** what the model gives the better answer less what it gives the other */
  margin: number;
  /** the same of the bag of words; null where there was nothing to fit it to */
  words: number | null;
  /** characters of the better answer and of the other */
  lengths: readonly [number, number];
  /** what it is counted under: of each slice the value it has there */
  slices: readonly Slice[];
};

/** `place` orders the values of a slice that have an order. */
export type Slice = { slice: string; value: string; place?: number };

export type Figure = Interval | { undefined: string };

/** The model less a baseline on the same pairs. */
export type BaselineDifference = Interval & {
  verdict: Verdict;
  inWords: 'told apart' | 'not told apart';
  /** pairs that just one of both has right; p of the exact test, which takes pairs for independent */
  mcNemar: { onlyModel: number; onlyBaseline: number; p: number };
};

export type RewardReport = {
  /** mean over examples of the share of decided pairs in the right order, equal scores half; `of` says of how many clusters of prompts */
  accuracy: Figure;
  lengthMatched: Figure;
  examples: number;
  pairs: number;
  clusters: number;
  baselines: Record<BaselineName, { accuracy: Figure; lengthMatched: Figure }>;
  difference: Record<BaselineName, BaselineDifference | { undefined: string }>;
  ece: { before: number; after: number | null };
  /** by which scores are divided to be log-odds, fitted to all pairs; `ece.after` is cross-fitted */
  temperature: Defined;
  reliability: { before: ReliabilityBin[]; after: ReliabilityBin[] };
  slices: {
    slice: string;
    value: string;
    accuracy: number;
    low: number;
    high: number;
    bagOfWords: number | null;
    pairs: number;
    clusters: number;
  }[];
  /** how well each signal tells which pairs the model has wrong */
  uncertainty: { signal: string; area: number; low: number; high: number; says: string }[];
  suspects: { found: number; shown: { id: string; margin: number; probability: number | null }[] };
};

export const BASELINES = ['longest', 'shortest', 'bagOfWords'] as const;
export type BaselineName = (typeof BASELINES)[number];

const SEED = 1;
const FOLDS = 5;
/** A judgment is disputed where the margin is below as many root mean squares of all margins. */
const DISPUTED = -2;
const MOST_SUSPECTS = 100;

/**
 * @param pairs at least one
 * @param trainedAt what scores are divided by to be the log-odds that the model was trained for: the gain that normalises them
 * @throws Error where there is no pair, or a margin is not finite
 */
export function rewardReport(
  pairs: readonly JudgedPair[],
  { trainedAt }: { trainedAt: number },
): RewardReport {
  if (pairs.length === 0) throw new Error('rewardReport: there is no decided pair to measure on');
  const faulty = pairs.find(({ margin }) => !Number.isFinite(margin));
  if (faulty) throw new Error(`rewardReport: the margin of ${faulty.id} is ${faulty.margin}`);
  const clusters = placesOf(pairs.map(({ cluster }) => cluster));
  const judges = {
    model: pairs.map(({ margin }) => rightShare(margin)),
    longest: pairs.map(({ lengths: [better, other] }) => rightShare(better - other)),
    shortest: pairs.map(({ lengths: [better, other] }) => rightShare(other - better)),
    bagOfWords: pairs.map(({ words }) => (words === null ? null : rightShare(words))),
  };
  const { figures, differences } = intervals(pairs, { judges, clusters });
  const probabilities = crossFitted(pairs, clusters);
  const before = reliability(scaled(pairs, () => trainedAt));
  const after = probabilities === null ? [] : reliability(scaled(pairs, (i) => probabilities[i] as number));
  return {
    accuracy: figures.model.accuracy,
    lengthMatched: figures.model.lengthMatched,
    examples: new Set(pairs.map(({ id }) => id)).size,
    pairs: pairs.length,
    clusters: clusters.size,
    baselines: { longest: figures.longest, shortest: figures.shortest, bagOfWords: figures.bagOfWords },
    difference: differences,
    ece: { before: calibrationError(before), after: after.length > 0 ? calibrationError(after) : null },
    temperature: fitTemperature(pairs),
    reliability: { before, after },
    slices: slicesOf(pairs, judges),
    uncertainty: [
      told(
        'margin',
        pairs.map(({ margin }) => -Math.abs(margin)),
        judges.model,
      ),
    ],
    suspects: suspectsOf(pairs, probabilities),
  };
}

type Judges = Record<'model' | 'longest' | 'shortest', number[]> & { bagOfWords: (number | null)[] };
type JudgeName = keyof Judges;
const JUDGES = ['model', ...BASELINES] as const;

/** Percentile bootstrap over clusters, of all judges in the same draws, so that differences are paired. */
function intervals(
  pairs: readonly JudgedPair[],
  { judges, clusters }: { judges: Judges; clusters: Places },
): {
  figures: Record<JudgeName, { accuracy: Figure; lengthMatched: Figure }>;
  differences: RewardReport['difference'];
} {
  const present = JUDGES.filter((name) => judges[name].every((right) => right !== null));
  const sums = clusterSums(pairs, { judges: present.map((name) => judges[name] as number[]), clusters });
  const drawn = bootstrap(
    clusters.size,
    (counts) => {
      const { total, strata, rightOf, rightIn } = sums(counts);
      const values: Record<string, Defined> = {};
      present.forEach((name, judge) => {
        const accuracy = rightOf(judge) / total;
        values[name] = { value: accuracy };
        values[`${name} matched`] = lengthMatchedAccuracy(
          Object.fromEntries(
            STRATA.map((stratum, s) => [stratum, { weight: strata[s] as number, right: rightIn(judge, s) }]),
          ) as StratumSums,
        );
        values[`less ${name}`] = { value: rightOf(0) / total - accuracy };
      });
      return values;
    },
    { rng: createRng(SEED, 'reward report') },
  );
  const none = { undefined: 'there were no training pairs to fit it to' };
  const figureOf = (name: string): Figure => drawn[name] ?? none;
  const figures = Object.fromEntries(
    JUDGES.map((name) => [name, { accuracy: figureOf(name), lengthMatched: figureOf(`${name} matched`) }]),
  ) as Record<JudgeName, { accuracy: Figure; lengthMatched: Figure }>;
  const differences = Object.fromEntries(
    BASELINES.map((name) => {
      const figure = figureOf(`less ${name}`);
      if (!('value' in figure)) return [name, figure];
      const verdict = verdictOf(figure);
      const inWords = verdict === 'not told apart' ? verdict : 'told apart';
      return [
        name,
        { ...figure, verdict, inWords, mcNemar: mcNemarOf(judges.model, judges[name] as number[]) },
      ];
    }),
  ) as RewardReport['difference'];
  return { figures, differences };
}

/**
 * What a resample needs of each cluster, added up once: weight, weight by stratum, and of each judge the same of what it has right.
 * @returns sums over clusters, each counted as often as it was drawn
 */
function clusterSums(
  pairs: readonly JudgedPair[],
  { judges, clusters }: { judges: readonly (readonly number[])[]; clusters: Places },
) {
  const perSide = 1 + STRATA.length;
  const width = perSide * (1 + judges.length);
  const table = new Float64Array(clusters.size * width);
  pairs.forEach(({ weight, lengths }, i) => {
    const from = (clusters.of[i] as number) * width;
    const stratum = stratumOf(lengths);
    const add = (side: number, value: number) => {
      const at = from + side * perSide;
      table[at] = (table[at] as number) + value;
      if (stratum === null) return;
      const within = at + 1 + STRATA.indexOf(stratum);
      table[within] = (table[within] as number) + value;
    };
    add(0, weight);
    judges.forEach((right, judge) => {
      add(1 + judge, weight * (right[i] as number));
    });
  });
  return (counts: Float64Array) => {
    const sums = new Float64Array(width);
    for (let cluster = 0; cluster < counts.length; cluster++) {
      const count = counts[cluster] as number;
      if (count === 0) continue;
      const from = cluster * width;
      for (let j = 0; j < width; j++) sums[j] = (sums[j] as number) + count * (table[from + j] as number);
    }
    return {
      total: sums[0] as number,
      strata: sums.subarray(1, perSide),
      rightOf: (judge: number) => sums[(1 + judge) * perSide] as number,
      rightIn: (judge: number, stratum: number) => sums[(1 + judge) * perSide + 1 + stratum] as number,
    };
  };
}

function mcNemarOf(model: readonly number[], baseline: readonly number[]) {
  const isRight = (share: number | undefined) => share === 1;
  const onlyModel = model.filter((share, i) => isRight(share) && !isRight(baseline[i])).length;
  const onlyBaseline = model.filter((share, i) => !isRight(share) && isRight(baseline[i])).length;
  return { onlyModel, onlyBaseline, p: exactMcNemar(onlyModel, onlyBaseline) };
}

/** Of each pair the temperature that the other folds say; folds are of clusters. Null where one fold says none. */
function crossFitted(pairs: readonly JudgedPair[], clusters: Places): number[] | null {
  const numFolds = Math.min(FOLDS, clusters.size);
  if (numFolds < 2) return null;
  const order = createRng(SEED, 'folds').shuffle(Array.from({ length: clusters.size }, (_, i) => i));
  const foldOf = new Int32Array(clusters.size);
  order.forEach((cluster, i) => {
    foldOf[cluster] = i % numFolds;
  });
  const folds = Array.from({ length: numFolds }, (_, fold) =>
    fitTemperature(pairs.filter((_, i) => foldOf[clusters.of[i] as number] !== fold)),
  );
  const temperatures = folds.flatMap((fitted) => ('value' in fitted ? [fitted.value] : []));
  if (temperatures.length < numFolds) return null;
  return pairs.map((_, i) => temperatures[foldOf[clusters.of[i] as number] as number] as number);
}

function scaled(pairs: readonly JudgedPair[], temperatureOf: (i: number) => number) {
  return pairs.map(({ margin, weight }, i) => ({ margin: margin / temperatureOf(i), weight }));
}

/** By slice and value; Wilson with n = clusters of prompts, which is wide enough where a few are all there is. */
function slicesOf(pairs: readonly JudgedPair[], judges: Judges): RewardReport['slices'] {
  const found = new Map<string, Slice & { at: number[] }>();
  const names = new Map<string, number>();
  pairs.forEach(({ slices }, i) => {
    for (const { slice, value, place = 0 } of slices) {
      if (!names.has(slice)) names.set(slice, names.size);
      const key = JSON.stringify([slice, value]);
      const known = found.get(key);
      if (known) known.at.push(i);
      else found.set(key, { slice, value, place, at: [i] });
    }
  });
  const nameOf = ({ slice }: Slice) => names.get(slice) as number;
  const placeOf = ({ place = 0 }: Slice) => place;
  const inOrder = [...found.values()].sort(
    (a, b) =>
      nameOf(a) - nameOf(b) ||
      placeOf(a) - placeOf(b) ||
      a.value.localeCompare(b.value, 'en', { numeric: true }),
  );
  const meanOf = (at: readonly number[], shareOf: (i: number) => number) => {
    const weightOf = (i: number) => (pairs[i] as JudgedPair).weight;
    return (
      at.reduce((sum, i) => sum + weightOf(i) * shareOf(i), 0) / at.reduce((sum, i) => sum + weightOf(i), 0)
    );
  };
  return inOrder.map(({ slice, value, at }) => {
    const accuracy = meanOf(at, (i) => judges.model[i] as number);
    const clusters = new Set(at.map((i) => pairs[i]?.cluster)).size;
    const hasWords = at.every((i) => judges.bagOfWords[i] !== null);
    return {
      ...{ slice, value, accuracy },
      ...wilsonInterval(Math.min(accuracy * clusters, clusters), clusters),
      bagOfWords: hasWords ? meanOf(at, (i) => judges.bagOfWords[i] as number) : null,
      pairs: at.length,
      clusters,
    };
  });
}

/** A signal that is higher where the model is less sure, against what it had wrong. */
function told(
  signal: string,
  scores: number[],
  right: readonly number[],
): RewardReport['uncertainty'][number] {
  const wrong = auroc(
    scores,
    right.map((share) => share < 1),
  );
  const isNothing = !(wrong.low > 0.5 || wrong.high < 0.5);
  return { signal, ...wrong, says: isNothing ? 'says nothing of being wrong' : 'tells wrong from right' };
}

function suspectsOf(pairs: readonly JudgedPair[], temperatures: number[] | null): RewardReport['suspects'] {
  const total = pairs.reduce((sum, { weight }) => sum + weight, 0);
  const spread = Math.sqrt(pairs.reduce((sum, { weight, margin }) => sum + weight * margin ** 2, 0) / total);
  const found = pairs
    .map(({ id, margin }, i) => ({
      ...{ id, margin },
      probability: temperatures === null ? null : sigmoid(margin / (temperatures[i] as number)),
    }))
    .filter(({ margin }) => margin < DISPUTED * spread)
    .sort((a, b) => a.margin - b.margin);
  return { found: found.length, shown: found.slice(0, MOST_SUSPECTS) };
}

/** Numbers of any range, numbered from 0. */
type Places = { size: number; of: Int32Array };
function placesOf(clusters: readonly number[]): Places {
  const places = new Map<number, number>();
  const of = Int32Array.from(clusters, (cluster) => {
    const place = places.get(cluster) ?? places.size;
    places.set(cluster, place);
    return place;
  });
  return { size: places.size, of };
}
