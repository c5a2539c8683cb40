import { Card, CardContent } from '@/app/_ui/card.tsx';
import {
  baselinesText,
  HeadlineStrip,
  headlineText,
  rangeText,
} from '@/app/(studio)/projects/[project]/runs/_components/headline-figure.tsx';
import type { RunHeadline } from '@/server/runs/headline.ts';

/** The one figure that a finished run is known by: how sure it is, and what simple rules reach. */
export function ResultCard({ headline }: { headline: RunHeadline }) {
  const { value, label, unit, interval, before, baselines } = headline;
  const best = baselines.reduce<(typeof baselines)[number] | null>(
    (most, one) => (most === null || one.value > most.value ? one : most),
    null,
  );
  return (
    <Card aria-labelledby="result" className="mb-5">
      <CardContent className="grid items-center gap-x-8 gap-y-2 pt-4 sm:grid-cols-[auto_minmax(0,1fr)]">
        <div>
          <h2 id="result" className="text-sm text-muted-foreground first-letter:uppercase">
            {label}
          </h2>
          <p className="text-3xl font-semibold tabular-nums">{headlineText(value, unit)}</p>
        </div>
        <div className="grid gap-1 text-sm">
          <HeadlineStrip headline={headline} />
          {interval === null ? null : (
            <p>
              95 % interval {rangeText(interval, unit)}
              {interval.count === null ? '' : `, measured on ${interval.count.toLocaleString('en-US')}`}
            </p>
          )}
          {before === null ? null : <p>Before the run {headlineText(before, unit)}</p>}
          {baselines.length === 0 ? null : (
            <p className="text-muted-foreground">
              {baselinesText(headline)}
              {best === null || interval === null ? '' : `. ${verdict(best.value, { value, interval })}`}
            </p>
          )}
        </div>
      </CardContent>
    </Card>
  );
}

function verdict(
  baseline: number,
  { value, interval }: { value: number; interval: NonNullable<RunHeadline['interval']> },
): string {
  if (interval.low > baseline) return 'Better than the best simple rule, beyond its interval.';
  if (interval.high < baseline) return 'Worse than the best simple rule, beyond its interval.';
  return value > baseline
    ? 'Not told apart from the best simple rule: that lies within its interval.'
    : 'No better than the best simple rule.';
}
