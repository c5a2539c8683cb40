'use client';

import { useQuery } from '@tanstack/react-query';
import { DownloadIcon, FileUpIcon } from 'lucide-react';
import Link from 'next/link';
import { useState } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Badge } from '@/app/_ui/badge.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent } from '@/app/_ui/card.tsx';
import { Count } from '@/app/_ui/count.tsx';
import { EmptyState } from '@/app/_ui/empty-state.tsx';
import { FormError } from '@/app/_ui/field.tsx';
import { Time } from '@/app/_ui/time.tsx';
import { targetLook, useTarget } from '@/app/_ui/use-target.ts';
import type { ImportSummary } from '@/server/imports/schemas.ts';
import { RejectSamples } from './reject-samples.tsx';

const TONES = { queued: 'neutral', running: 'accent', done: 'success', failed: 'danger' } as const;

/** Every import with its counts; follows those that are still being read. */
export function ImportList({ projectId, slug }: { projectId: string; slug: string }) {
  const trpc = useTRPC();
  const imports = useQuery({
    ...trpc.imports.list.queryOptions({ projectId }),
    refetchInterval: (query) =>
      query.state.data?.some((item) => item.status === 'queued' || item.status === 'running') ? 1000 : false,
  });
  if (imports.isPending) return <p className="text-muted-foreground">Loading imports…</p>;
  if (imports.isError) return <CallError error={imports.error} />;
  if (imports.data.length === 0)
    return (
      <EmptyState icon={FileUpIcon} title="Nothing imported yet">
        Import comparisons to train on at once, or prompts with two or more responses each for annotators to
        judge.
      </EmptyState>
    );
  return (
    <ul className="grid gap-3" aria-label="Imports">
      {imports.data.map((item) => (
        <li key={item.importId}>
          <ImportCard item={item} projectId={projectId} slug={slug} />
        </li>
      ))}
    </ul>
  );
}

function ImportCard({ item, projectId, slug }: { item: ImportSummary; projectId: string; slug: string }) {
  const [isOpen, setOpen] = useState(false);
  const target = useTarget<HTMLElement>(item.importId);
  const reasons = Object.entries(item.rejected).sort(([, one], [, other]) => other - one);
  const rejected = reasons.reduce((sum, [, count]) => sum + count, 0);
  return (
    <Card data-testid="import" {...target} className={targetLook}>
      <CardContent className="grid gap-3 pt-4">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <h2 dir="auto" className="min-w-0 truncate font-medium">
            {item.fileName}
          </h2>
          <StatusBadge item={item} />
          <span className="text-muted-foreground text-xs">
            {item.format}, <Time at={item.createdAt} />
          </span>
        </div>
        <dl
          className="flex flex-wrap gap-x-8 gap-y-2 text-sm"
          aria-live={item.status === 'running' ? 'polite' : undefined}
        >
          <Figure label="read" value={item.read} />
          <Figure label="taken" value={item.accepted} />
          <Figure label="here already" value={item.duplicates} />
          <Figure label="rejected" value={rejected} />
        </dl>
        {item.error !== null && <FormError>{item.error}</FormError>}
        {rejected > 0 && (
          <div className="grid gap-2">
            <ul className="flex flex-wrap gap-2" aria-label="Rejected rows by reason">
              {reasons.map(([reason, count]) => (
                <li key={reason}>
                  <Badge tone="warning">
                    {reason.replaceAll(/[-_]/g, ' ')} <Count value={count} />
                  </Badge>
                </li>
              ))}
            </ul>
            <div className="flex flex-wrap gap-2">
              <Button size="sm" variant="outline" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
                {isOpen ? 'Hide' : 'Look at'} rejected rows
              </Button>
              <Button size="sm" variant="outline" asChild>
                <a href={`/api/imports/${item.importId}/rejects?project=${projectId}`} download>
                  <DownloadIcon aria-hidden /> Download them with reasons
                </a>
              </Button>
            </div>
            {isOpen && (
              <RejectSamples projectId={projectId} importId={item.importId} numRejected={rejected} />
            )}
          </div>
        )}
        {item.status === 'done' && item.accepted > 0 && (
          <p className="text-muted-foreground text-sm">
            <Link className="underline underline-offset-2" href={`/projects/${slug}/data/prompts`}>
              See the prompts
            </Link>
            {item.sha256 !== null && (
              <span className="ml-4 break-all font-mono text-xs" title="sha256 of the file">
                sha256 {item.sha256.slice(0, 16)}…
              </span>
            )}
          </p>
        )}
      </CardContent>
    </Card>
  );
}

function StatusBadge({ item: { status, accepted } }: { item: ImportSummary }) {
  if (status === 'queued') return <Badge tone="neutral">waiting for the worker</Badge>;
  // read to the end, but nobody is to think that something came of it
  if (status === 'done' && accepted === 0) return <Badge tone="neutral">nothing new</Badge>;
  return <Badge tone={TONES[status]}>{status}</Badge>;
}

function Figure({ label, value }: { label: string; value: number }) {
  return (
    <div className="flex items-baseline gap-1.5">
      <dd className="font-semibold text-base">
        <Count value={value} />
      </dd>
      <dt className="text-muted-foreground">{label}</dt>
    </div>
  );
}
