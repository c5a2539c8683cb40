'use client';

import { useMutation, useQuery } from '@tanstack/react-query';
import { DownloadIcon, ShieldCheckIcon } from 'lucide-react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Count } from '@/app/_ui/count.tsx';
import { Time } from '@/app/_ui/time.tsx';
import { formatBytes } from '@/app/(studio)/projects/[project]/data/_components/format-bytes.ts';
import type { ExportSummary } from '@/server/snapshots/schemas.ts';
import { CheckResult } from './check-result.tsx';
import { HashText } from './hash-text.tsx';

/** One written export: its files to download, and whether they are still what was written. */
export function ExportRow({
  projectId,
  row,
  title,
}: {
  projectId: string;
  row: ExportSummary;
  title: string;
}) {
  const trpc = useTRPC();
  const { exportId, format } = row;
  const files = useQuery(trpc.snapshots.exportFiles.queryOptions({ projectId, exportId }));
  const check = useMutation(trpc.snapshots.checkExport.mutationOptions());
  return (
    <li className="grid gap-2 border-t px-4 py-3" data-testid={`export-${format}`}>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <h3 className="font-medium text-sm">{title}</h3>
        <span className="text-muted-foreground text-xs">
          <Count value={row.rows} /> rows, <Time at={row.createdAt} />
        </span>
        <span className="grow" />
        <Button size="sm" variant="outline" asChild>
          <a href={`/api/exports/${exportId}?project=${projectId}`} download>
            <DownloadIcon aria-hidden /> Everything as one zip
          </a>
        </Button>
        <Button
          size="sm"
          variant="outline"
          isBusy={check.isPending}
          onClick={() => check.mutate({ projectId, exportId })}
        >
          <ShieldCheckIcon aria-hidden /> Verify
        </Button>
      </div>
      <CallError error={files.error} />
      <ul className="flex flex-wrap gap-2" aria-label={`Files of the ${format} export`}>
        {files.data?.map(({ name, bytes }) => (
          <li key={name}>
            <Button size="sm" variant="outline" asChild>
              <a
                href={`/api/exports/${exportId}/${encodeURIComponent(name)}?project=${projectId}`}
                download={name}
              >
                <DownloadIcon aria-hidden /> {name}{' '}
                <span className="text-muted-foreground">{formatBytes(bytes)}</span>
              </a>
            </Button>
          </li>
        ))}
      </ul>
      <HashText label="sha256 of the manifest" hash={row.manifestSha256} />
      {check.isSuccess && <CheckResult report={check.data} />}
      <CallError error={check.error} />
    </li>
  );
}
