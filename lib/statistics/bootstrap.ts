import type { Rng } from '../rng.ts';
import type { Defined } from './rated-unit.ts';

/** Two-sided 95 %. */
const LEVEL = 0.95;
export const RESAMPLES = 2000;

/** Of a figure: itself, and its 95 % bounds; `of` says of how many independent things. */
export type Interval = { value: number; low: number; high: number; of: number };

/**
 * Percentile bootstrap (B. Efron, Annals of Statistics 7, 1979) of several figures of the same things at once. Draw whole clusters, so that
 * what hangs together (judgments of one task, draws of one prompt) stays together.
 *
 * @param numClusters at least 1
 * @param figuresOf given how often each cluster counts; what is undefined in a resample is left out of it
 * @returns by figure: its interval, or why it is undefined; also where more than one resample in twenty leaves it undefined
 */
export function bootstrap<Name extends string>(
  numClusters: number,
  figuresOf: (weights: Float64Array) => Record<Name, Defined>,
  { rng, resamples = RESAMPLES }: { rng: Rng; resamples?: number },
): Record<Name, Interval | { undefined: string }> {
  if (!(numClusters >= 1)) throw new Error(`bootstrap: ${numClusters} clusters to draw from`);
  const whole = figuresOf(new Float64Array(numClusters).fill(1));
  const names = Object.keys(whole) as Name[];
  const drawn = new Map<Name, number[]>(names.map((name) => [name, []]));
  const weights = new Float64Array(numClusters);
  for (let resample = 0; resample < resamples; resample++) {
    weights.fill(0);
    for (let draw = 0; draw < numClusters; draw++) {
      const cluster = rng.integer(numClusters);
      weights[cluster] = (weights[cluster] as number) + 1;
    }
    const figures = figuresOf(weights);
    for (const name of names) {
      const figure = figures[name];
      if ('value' in figure) drawn.get(name)?.push(figure.value);
    }
  }
  const entries = names.map((name) => {
    const figure = whole[name];
    if (!('value' in figure)) return [name, figure] as const;
    const values = (drawn.get(name) as number[]).sort((a, b) => a - b);
    if (values.length < LEVEL * resamples)
      return [name, { undefined: 'there is too little to say how sure it is' }] as const;
    const low = quantile(values, (1 - LEVEL) / 2);
    const high = quantile(values, (1 + LEVEL) / 2);
    return [name, { value: figure.value, low, high, of: numClusters }] as const;
  });
  return Object.fromEntries(entries) as Record<Name, Interval | { undefined: string }>;
}

/** Linear between order statistics, as numpy's default (Hyndman and Fan's type 7). @param sorted at least one, rising */
export function quantile(sorted: readonly number[], q: number): number {
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const [low, high] = [sorted[below] as number, sorted[Math.min(below + 1, sorted.length - 1)] as number];
  return low + (at - below) * (high - low);
}
