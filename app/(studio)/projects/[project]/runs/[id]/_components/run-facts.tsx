import type { inferRouterOutputs } from '@trpc/server';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { Card, CardContent, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { Time } from '@/app/_ui/time.tsx';
import { formatFigure } from '@/app/(studio)/projects/[project]/runs/_components/format-figure.ts';
import { SnapshotSources } from '@/app/(studio)/projects/[project]/runs/_components/snapshot-sources.tsx';
import { formatDuration } from '@/lib/format-duration.ts';
import type { AppRouter } from '@/server/root.ts';
import { definitionOf, type RecipeName } from '@/trainer/config/recipes.ts';

export type RunDetails = inferRouterOutputs<AppRouter>['runs']['get'];

/** Where a run comes from and what came of it, every part a link. */
export function LineageCard({ run, slug }: { run: RunDetails; slug: string }) {
  const checkpoint = (node: NonNullable<RunDetails['modelCheckpoint']>) => (
    <Link className="text-primary hover:underline" href={`/projects/${slug}/models#${node.id}`}>
      {node.modelName}, step {formatFigure(node.step)}
    </Link>
  );
  return (
    <Card>
      <CardHeader>
        <CardTitle>Lineage</CardTitle>
      </CardHeader>
      <CardContent>
        <Facts>
          {run.modelCheckpoint ? <Fact label="Started from">{checkpoint(run.modelCheckpoint)}</Fact> : null}
          {run.rewardCheckpoint ? (
            <Fact label="Scored by">
              {checkpoint(run.rewardCheckpoint)}
              {run.rewardCheckpoint.runId ? (
                <>
                  {' '}
                  (
                  <Link
                    className="text-primary hover:underline"
                    href={`/projects/${slug}/runs/${run.rewardCheckpoint.runId}`}
                  >
                    its run
                  </Link>
                  )
                </>
              ) : null}
            </Fact>
          ) : null}
          {run.snapshot ? (
            <Fact label={run.isSnapshotOfRewardModel ? 'Reward model’s data' : 'Trained on'}>
              <SnapshotSources snapshot={run.snapshot} />
            </Fact>
          ) : null}
          {run.schedule ? (
            <Fact label="Started by">
              <Link className="text-primary hover:underline" href={`/projects/${slug}/schedules`}>
                schedule {run.schedule.name}
              </Link>
            </Fact>
          ) : run.startedBy ? (
            <Fact label="Started by">{run.startedBy}</Fact>
          ) : null}
          <Fact label="Result">
            {run.resultCheckpoint ? (
              checkpoint(run.resultCheckpoint)
            ) : (
              <span className="text-muted-foreground">none yet</span>
            )}
          </Fact>
          {run.resultCheckpoint ? (
            <Fact label="Manifest">
              <code className="font-mono text-xs break-all">{run.resultCheckpoint.manifestSha256}</code>
            </Fact>
          ) : null}
        </Facts>
      </CardContent>
    </Card>
  );
}

/** Backend and what it runs on, times, attempts. */
export function MachineCard({
  run,
  backend,
  device,
}: {
  run: RunDetails;
  backend: string | null;
  device: string | null;
}) {
  return (
    <Card>
      <CardHeader>
        <CardTitle>Execution</CardTitle>
      </CardHeader>
      <CardContent>
        <Facts>
          <Fact label="Backend">{backend ?? 'chosen at the start'}</Fact>
          {device === null ? null : <Fact label="Device">{device}</Fact>}
          <Fact label="Queued">
            <Time at={run.createdAt} />
          </Fact>
          {run.startedAt === null ? null : (
            <Fact label="Started">
              <Time at={run.startedAt} />
            </Fact>
          )}
          {run.finishedAt === null || run.startedAt === null ? null : (
            <Fact label="Took">{formatDuration((run.finishedAt - run.startedAt) / 1000)}</Fact>
          )}
          {run.job ? (
            <Fact label="Attempts">
              {run.job.attempts}; {run.job.maxAttempts - run.job.attempts} more may end without progress
            </Fact>
          ) : null}
        </Facts>
      </CardContent>
    </Card>
  );
}

/** What a finished run measured at its end. */
export function SummaryCard({ recipe, summary }: { recipe: RecipeName; summary: Record<string, number> }) {
  const labels = definitionOf(recipe).summary;
  const known = Object.keys(labels).filter((name) => name in summary);
  const names = [...known, ...Object.keys(summary).filter((name) => !(name in labels))];
  return (
    <Card>
      <CardHeader>
        <CardTitle>Result</CardTitle>
      </CardHeader>
      <CardContent>
        <Facts>
          {names.map((name) => (
            <Fact key={name} label={labels[name] ?? inWords(name)}>
              {formatFigure(summary[name])}
            </Fact>
          ))}
        </Facts>
      </CardContent>
    </Card>
  );
}

/** trainExamples -> Train examples */
function inWords(name: string): string {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function Facts({ children }: { children: ReactNode }) {
  return <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5 text-sm">{children}</dl>;
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted-foreground">{label}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  );
}
