import type { Sample } from '@/trainer/events.ts';

/** How the table of samples shows a figure that docs/metrics.md defines under "samples"; a name that is not here is shown as it is. */
export const SAMPLE_FIGURES: Record<string, { label: string; kind: 'number' | 'yes-no' }> = {
  score: { label: 'Score', kind: 'number' },
  finalScore: { label: 'Final score', kind: 'number' },
  kl: { label: 'KL', kind: 'number' },
  klPenalty: { label: 'KL penalty', kind: 'number' },
  totalReward: { label: 'Total', kind: 'number' },
  trueReward: { label: 'True reward', kind: 'number' },
  numTokens: { label: 'Tokens', kind: 'number' },
  ended: { label: 'Ended', kind: 'yes-no' },
  ches: { label: 'CHES', kind: 'number' },
  chosen: { label: 'Chosen', kind: 'yes-no' },
  rank: { label: 'Rank', kind: 'number' },
};

/** Names of the figures that any of the samples has, in the order of SAMPLE_FIGURES and after these in their own. */
export function figuresOf(samples: readonly Sample[]): string[] {
  const known = Object.keys(SAMPLE_FIGURES);
  const present = new Set(
    samples.flatMap(({ figures }) =>
      Object.entries(figures).flatMap(([name, value]) => (value === null ? [] : name)),
    ),
  );
  return [
    ...known.filter((name) => present.has(name)),
    ...[...present].filter((name) => !known.includes(name)),
  ];
}

/** Samples by one figure; those without it come last either way. */
export function sortSamples<Row extends { sample: Sample }>(
  rows: readonly Row[],
  { figure, direction }: { figure: string; direction: 'highest' | 'lowest' },
): Row[] {
  const sign = direction === 'highest' ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [x, y] = [a.sample.figures[figure] ?? null, b.sample.figures[figure] ?? null];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return sign * (x - y);
  });
}
