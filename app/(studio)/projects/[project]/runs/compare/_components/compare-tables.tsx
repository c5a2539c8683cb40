import type { inferRouterOutputs } from '@trpc/server';
import Link from 'next/link';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/app/_ui/table.tsx';
import { formatFigure } from '@/app/(studio)/projects/[project]/runs/_components/format-figure.ts';
import {
  headlineText,
  rangeText,
} from '@/app/(studio)/projects/[project]/runs/_components/headline-figure.tsx';
import { StatusBadge } from '@/app/(studio)/projects/[project]/runs/_components/status-badge.tsx';
import type { AppRouter } from '@/server/root.ts';

export type Compared = inferRouterOutputs<AppRouter>['runs']['compare'];
type ComparedRun = Compared['runs'][number];

/** What each run is known by, with its interval, and how far it is from the first one. */
export function ResultsTable({ slug, data }: { slug: string; data: Compared }) {
  const hasIntervals = data.runs.some(({ difference }) => difference?.low != null);
  return (
    <Card>
      <CardHeader>
        <div>
          <CardTitle>Results</CardTitle>
          {hasIntervals ? (
            <CardDescription>
              Intervals are of 95 %. That of a difference is as if both were measured on different rows: on
              the same rows it is on the wide side.
            </CardDescription>
          ) : null}
        </div>
      </CardHeader>
      <CardContent className="px-0 pb-1">
        <Table aria-label="Results">
          <TableHeader>
            <tr>
              <TableHead>Run</TableHead>
              <TableHead>Status</TableHead>
              <TableHead>Figure</TableHead>
              <TableHead className="text-right">Result</TableHead>
              <TableHead>Interval</TableHead>
              <TableHead>From the first</TableHead>
            </tr>
          </TableHeader>
          <TableBody>
            {data.runs.map((run) => (
              <TableRow key={run.id}>
                <TableCell className="min-w-40">
                  <Link href={`/projects/${slug}/runs/${run.id}`} className="text-primary hover:underline">
                    {run.name}
                  </Link>
                  <span className="block text-xs text-muted-foreground">{run.recipe}</span>
                </TableCell>
                <TableCell>
                  <StatusBadge status={run.status} />
                </TableCell>
                <TableCell className="text-muted-foreground">{run.headline?.label ?? '–'}</TableCell>
                <TableCell className="text-right font-medium whitespace-nowrap">
                  {run.headline ? headlineText(run.headline.value, run.headline.unit) : '–'}
                </TableCell>
                <TableCell className="whitespace-nowrap">{intervalText(run)}</TableCell>
                <TableCell className="whitespace-nowrap">{differenceText(run)}</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      </CardContent>
    </Card>
  );
}

function intervalText({ headline }: ComparedRun): string {
  if (!headline?.interval) return '–';
  const { count } = headline.interval;
  const on = count === null ? '' : `, on ${count.toLocaleString('en-US')}`;
  return `${rangeText(headline.interval, headline.unit)}${on}`;
}

function differenceText({ headline, difference }: ComparedRun): string {
  if (!headline || !difference) return '–';
  const text = (value: number) => `${value < 0 ? '−' : '+'}${headlineText(Math.abs(value), headline.unit)}`;
  const { value, low, high } = difference;
  if (low === null || high === null) return text(value);
  const isTold = low > 0 || high < 0;
  return `${text(value)} (${text(low)} to ${text(high)})${isTold ? '' : ': not told apart'}`;
}

/** Options that are not the same in all of the runs. */
export function ConfigTable({ data }: { data: Compared }) {
  return (
    <Card>
      <CardHeader>
        <CardTitle>Differences in config</CardTitle>
      </CardHeader>
      <CardContent className="px-0 pb-1">
        {data.configDifferences.length === 0 ? (
          <p className="px-4 pb-3 text-sm text-muted-foreground">
            {data.runs.length < 2 ? 'Add another run to see them.' : 'None: these runs have the same config.'}
          </p>
        ) : (
          <Table aria-label="Differences in config">
            <TableHeader>
              <tr>
                <TableHead>Option</TableHead>
                <RunHeads runs={data.runs} />
              </tr>
            </TableHeader>
            <TableBody>
              {data.configDifferences.map(({ path, values }) => (
                <TableRow key={path}>
                  <TableCell className="font-mono text-xs">{path}</TableCell>
                  {data.runs.map((run, index) => (
                    <TableCell key={run.id}>{String(values[index] ?? 'off')}</TableCell>
                  ))}
                </TableRow>
              ))}
            </TableBody>
          </Table>
        )}
      </CardContent>
    </Card>
  );
}

/** The last value of every figure that any of the runs has logged. */
export function FiguresTable({ data }: { data: Compared }) {
  if (data.lastValues.length === 0) return null;
  return (
    <details className="rounded-lg border bg-card">
      <summary className="px-4 py-3 text-sm font-semibold">
        Last value of every figure ({data.lastValues.length})
      </summary>
      <Table aria-label="Last values">
        <TableHeader>
          <tr>
            <TableHead>Figure</TableHead>
            <RunHeads runs={data.runs} align="text-right" />
          </tr>
        </TableHeader>
        <TableBody>
          {data.lastValues.map(({ name, values }) => (
            <TableRow key={name}>
              <TableCell className="font-mono text-xs">{name}</TableCell>
              {data.runs.map((run, index) => (
                <TableCell key={run.id} className="text-right">
                  {formatFigure(values[index])}
                </TableCell>
              ))}
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </details>
  );
}

function RunHeads({ runs, align }: { runs: readonly ComparedRun[]; align?: string }) {
  return runs.map((run) => (
    <TableHead key={run.id} className={align}>
      {run.name}
    </TableHead>
  ));
}
