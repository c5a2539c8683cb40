'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { GitCompareIcon, ShieldCheckIcon } from 'lucide-react';
import Link from 'next/link';
import { useState } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { fetchAnew } from '@/app/_trpc/fetch-anew.ts';
import { Badge } from '@/app/_ui/badge.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent, CardFooter, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { Count } from '@/app/_ui/count.tsx';
import { Select } from '@/app/_ui/input.tsx';
import { Time } from '@/app/_ui/time.tsx';
import { targetLook, useTarget } from '@/app/_ui/use-target.ts';
import type { ExportFormat } from '@/lib/export-formats.ts';
import { describeQuery } from '@/lib/snapshot-query.ts';
import type { ExportSummary, SnapshotSummary } from '@/server/snapshots/schemas.ts';
import { CheckResult } from './check-result.tsx';
import { ExportRow } from './export-row.tsx';
import type { FormatName } from './format-name.ts';
import { HashText } from './hash-text.tsx';
import { wordsOf } from './reason-counts.tsx';
import { SOURCE_NAMES, type Source } from './source-names.ts';

type Props = {
  projectId: string;
  slug: string;
  formats: FormatName[];
  snapshot: SnapshotSummary;
  sources: { source: Source; judgments: number }[];
  exports: ExportSummary[];
  /** the one before it, to be compared with */
  earlierId: string | null;
  titleOfImport: (importId: string) => string;
};

/** A snapshot: what was asked for, what it holds and leaves out, and its exports. */
export function SnapshotCard({
  projectId,
  slug,
  formats,
  snapshot,
  sources,
  exports,
  earlierId,
  titleOfImport,
}: Props) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [format, setFormat] = useState<ExportFormat>('trl');
  const write = useMutation(
    trpc.snapshots.export.mutationOptions({
      onSuccess: () => fetchAnew(queryClient, trpc.snapshots.pathKey()),
    }),
  );
  const check = useMutation(trpc.snapshots.check.mutationOptions());
  const titleOf = (format: ExportFormat) => formats.find(({ name }) => name === format)?.title ?? format;
  const { snapshotId, number, counts } = snapshot;
  const target = useTarget<HTMLElement>(snapshotId);
  const dropped = Object.entries(counts.dropped);
  return (
    <Card data-testid="snapshot" {...target} className={targetLook} aria-labelledby={`snapshot-${number}`}>
      <CardHeader>
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <CardTitle id={`snapshot-${number}`}>Snapshot {number}</CardTitle>
          <span className="text-muted-foreground text-xs">
            <Time at={snapshot.createdAt} />
          </span>
          {sources.some((row) => row.source === 'simulated') && (
            <Badge tone="warning">holds simulated judgments</Badge>
          )}
          {snapshot.erasedAt !== null && <Badge tone="warning">held what was erased: no longer served</Badge>}
        </div>
        <div className="flex flex-wrap gap-2">
          {earlierId !== null && (
            <Button size="sm" variant="outline" asChild>
              <Link href={`/projects/${slug}/exports/compare?first=${earlierId}&other=${snapshotId}`}>
                <GitCompareIcon aria-hidden /> Compare
              </Link>
            </Button>
          )}
          <Button
            size="sm"
            variant="outline"
            isBusy={check.isPending}
            onClick={() => check.mutate({ projectId, snapshotId })}
          >
            <ShieldCheckIcon aria-hidden /> Verify
          </Button>
        </div>
      </CardHeader>
      <CardContent className="grid gap-3">
        <p className="text-sm first-letter:uppercase" dir="auto">
          {describeQuery(snapshot.query, titleOfImport).join('; ')}.
        </p>
        <dl className="flex flex-wrap gap-x-8 gap-y-2 text-sm">
          <Figure label="judgments kept" value={counts.kept} />
          {sources.map((row) => (
            <Figure key={row.source} label={SOURCE_NAMES[row.source]} value={row.judgments} />
          ))}
        </dl>
        <p className="text-muted-foreground text-sm">
          {dropped.length === 0
            ? 'Nothing was left out.'
            : `Left out: ${dropped.map(([reason, n]) => `${n.toLocaleString('en-US')} ${wordsOf(reason)}`).join(', ')}.`}
        </p>
        <HashText label="sha256 of the manifest" hash={snapshot.manifestSha256} />
        {check.isSuccess && <CheckResult report={check.data} />}
        <CallError error={check.error} />
      </CardContent>
      {exports.length > 0 && snapshot.erasedAt === null && (
        <ul aria-label={`Exports of snapshot ${number}`}>
          {exports.map((row) => (
            <ExportRow key={row.exportId} projectId={projectId} row={row} title={titleOf(row.format)} />
          ))}
        </ul>
      )}
      <CardFooter>
        <form
          className="flex w-full flex-wrap items-center gap-2"
          onSubmit={(event) => {
            event.preventDefault();
            write.mutate({ projectId, snapshotId, format });
          }}
        >
          <label className="text-sm" htmlFor={`format-${number}`}>
            Export as
          </label>
          <Select
            id={`format-${number}`}
            className="w-auto min-w-0 max-w-full"
            value={format}
            onChange={(event) => setFormat(event.target.value as ExportFormat)}
          >
            {formats.map(({ name, title }) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </Select>
          <Button type="submit" variant="outline" isBusy={write.isPending}>
            Export
          </Button>
          <span className="text-muted-foreground text-xs">
            {formats.find(({ name }) => name === format)?.caption}
          </span>
        </form>
        {write.data?.exportId === null && (
          <p role="status" className="text-sm">
            It is large: the worker writes it, and it appears here.
          </p>
        )}
        <CallError error={write.error} />
      </CardFooter>
    </Card>
  );
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
