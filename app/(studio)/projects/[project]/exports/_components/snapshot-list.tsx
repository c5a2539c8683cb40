'use client';

import { useQuery } from '@tanstack/react-query';
import { PackageOpenIcon } from 'lucide-react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { EmptyState } from '@/app/_ui/empty-state.tsx';
import type { FormatName } from './format-name.ts';
import { SnapshotCard } from './snapshot-card.tsx';

/** Snapshots, newest first, each with its exports. */
export function SnapshotList({
  projectId,
  slug,
  formats,
  mayCreate,
}: {
  projectId: string;
  slug: string;
  formats: FormatName[];
  mayCreate: boolean;
}) {
  const trpc = useTRPC();
  const snapshots = useQuery(trpc.snapshots.list.queryOptions({ projectId }));
  const exports = useQuery(trpc.snapshots.exports.queryOptions({ projectId }));
  const sources = useQuery(trpc.snapshots.sources.queryOptions({ projectId }));
  const imports = useQuery(trpc.imports.list.queryOptions({ projectId }));
  const titleOfImport = (id: string) => imports.data?.find((row) => row.importId === id)?.fileName ?? id;
  const failed = snapshots.error ?? exports.error ?? sources.error;
  if (failed !== null) return <CallError error={failed} />;
  if (snapshots.data === undefined || exports.data === undefined || sources.data === undefined)
    return <p className="text-muted-foreground">Loading snapshots…</p>;
  if (snapshots.data.length === 0)
    return (
      <EmptyState icon={PackageOpenIcon} title="No snapshot yet">
        {mayCreate
          ? 'Freeze one above; then fit a reward model on it, or export it.'
          : 'A researcher or an owner makes snapshots; then they can be exported here.'}
      </EmptyState>
    );
  return (
    <ul className="grid gap-4" aria-label="Snapshots">
      {snapshots.data.map((snapshot, place) => (
        <li key={snapshot.snapshotId}>
          <SnapshotCard
            projectId={projectId}
            slug={slug}
            earlierId={snapshots.data[place + 1]?.snapshotId ?? null}
            titleOfImport={titleOfImport}
            formats={formats}
            snapshot={snapshot}
            sources={sources.data.filter((row) => row.snapshotId === snapshot.snapshotId)}
            exports={exports.data.filter((row) => row.snapshotId === snapshot.snapshotId)}
          />
        </li>
      ))}
    </ul>
  );
}
