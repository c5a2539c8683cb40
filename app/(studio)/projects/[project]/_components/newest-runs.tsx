import Link from 'next/link';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { Time } from '@/app/_ui/time.tsx';
import {
  baselinesText,
  HeadlineLine,
  HeadlineStrip,
  headlineText,
  rangeText,
} from '../runs/_components/headline-figure.tsx';
import { StatusBadge } from '../runs/_components/status-badge.tsx';
import type { Pipeline } from './pipeline/pipeline-nodes.ts';

/** How well the newest reward model knows people's judgment, beside what simple rules reach. */
export function RewardCard({ slug, reward }: { slug: string; reward: NonNullable<Pipeline['reward']> }) {
  const { headline } = reward;
  if (headline === null) return null;
  const { value, unit, label, interval, baselines } = headline;
  return (
    <Card aria-labelledby="newest-reward">
      <CardHeader>
        <div>
          <CardTitle id="newest-reward">Newest reward model</CardTitle>
          <CardDescription>
            <Link href={`/projects/${slug}/runs/${reward.id}`} className="text-primary hover:underline">
              {reward.name}
            </Link>
          </CardDescription>
        </div>
      </CardHeader>
      <CardContent className="grid gap-1 text-sm">
        <p>
          <span className="text-2xl font-semibold tabular-nums">{headlineText(value, unit)}</span>{' '}
          <span className="text-muted-foreground">{label}</span>
        </p>
        <HeadlineStrip headline={headline} />
        {interval === null ? null : (
          <p>
            95 % interval {rangeText(interval, unit)}
            {interval.count === null ? '' : `, on ${interval.count.toLocaleString('en-US')}`}
          </p>
        )}
        {baselines.length === 0 ? null : <p className="text-muted-foreground">{baselinesText(headline)}</p>}
      </CardContent>
    </Card>
  );
}

/** The last few runs, whatever became of them. */
export function NewestRuns({ slug, runs }: { slug: string; runs: Pipeline['newest'] }) {
  return (
    <Card aria-labelledby="newest-runs">
      <CardHeader>
        <CardTitle id="newest-runs">Newest runs</CardTitle>
        <Link href={`/projects/${slug}/runs`} className="text-sm text-primary hover:underline">
          All runs
        </Link>
      </CardHeader>
      <ul>
        {runs.map((run) => (
          <li key={run.id} className="grid gap-0.5 border-t px-4 py-2 text-sm">
            <span className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1">
              <Link
                href={`/projects/${slug}/runs/${run.id}`}
                className="min-w-0 font-medium break-words text-primary hover:underline"
              >
                {run.name}
              </Link>
              <StatusBadge status={run.status} />
            </span>
            <span className="flex flex-wrap justify-between gap-x-3 text-xs text-muted-foreground">
              {run.headline === null ? run.recipe : <HeadlineLine headline={run.headline} />}
              <Time at={run.createdAt} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
