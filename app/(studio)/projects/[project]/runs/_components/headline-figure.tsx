import type { RunHeadline } from '@/server/runs/headline.ts';
import { formatFigure } from './format-figure.ts';

/** A share as per cent with one decimal, anything else as a figure. */
export function headlineText(value: number, unit: RunHeadline['unit']): string {
  return unit === 'share' ? `${(value * 100).toFixed(1)} %` : formatFigure(value);
}

/** From the low end of an interval to its high one. */
export function rangeText({ low, high }: { low: number; high: number }, unit: RunHeadline['unit']): string {
  return `${headlineText(low, unit)} to ${headlineText(high, unit)}`;
}

/** What simple rules reach, beside the figure; empty where there are none. */
export function baselinesText({ baselines, unit }: Pick<RunHeadline, 'baselines' | 'unit'>): string {
  return baselines.map(({ label, value }) => `${label} ${headlineText(value, unit)}`).join('; ');
}

/** What a run is known by, in one line: the figure, its interval, and what it was before. */
export function HeadlineLine({ headline }: { headline: RunHeadline }) {
  const { value, label, unit, interval, before } = headline;
  return (
    <span>
      {label} <span className="text-foreground">{headlineText(value, unit)}</span>
      {interval === null ? '' : ` (${rangeText(interval, unit)})`}
      {before === null ? '' : ` from ${headlineText(before, unit)}`}
    </span>
  );
}

/** A share with its interval and the baselines on a line from 0 to 1; the same is said in words beside it. */
export function HeadlineStrip({ headline }: { headline: RunHeadline }) {
  const { value, unit, interval, baselines } = headline;
  if (unit !== 'share') return null;
  const at = (share: number) => `${Math.min(100, Math.max(0, share * 100))}%`;
  return (
    <svg className="h-7 w-full max-w-md text-primary" aria-hidden>
      <line x1="0" x2="100%" y1="14" y2="14" className="stroke-border" strokeWidth="2" />
      {interval === null ? null : (
        <line
          x1={at(interval.low)}
          x2={at(interval.high)}
          y1="14"
          y2="14"
          stroke="currentColor"
          strokeWidth="6"
          strokeLinecap="round"
          opacity="0.35"
        />
      )}
      {baselines.map(({ label, value: share }) => (
        <line
          key={label}
          x1={at(share)}
          x2={at(share)}
          y1="4"
          y2="24"
          className="stroke-muted-foreground"
          strokeWidth="1.5"
          strokeDasharray="3 2"
        />
      ))}
      <circle cx={at(value)} cy="14" r="5" fill="currentColor" />
    </svg>
  );
}
