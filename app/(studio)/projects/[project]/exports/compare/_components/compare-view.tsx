'use client';

import { useQuery } from '@tanstack/react-query';
import { GitCompareIcon } from 'lucide-react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC, useTRPCClient } from '@/app/_trpc/client.tsx';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { Count } from '@/app/_ui/count.tsx';
import { EmptyState } from '@/app/_ui/empty-state.tsx';
import { Field } from '@/app/_ui/field.tsx';
import { Select } from '@/app/_ui/input.tsx';
import { IdLink } from '@/app/(studio)/projects/[project]/_components/id-link.tsx';
import { wordsOf } from '@/app/(studio)/projects/[project]/exports/_components/reason-counts.tsx';
import { describeQuery } from '@/lib/snapshot-query.ts';
import type { Difference } from '@/server/snapshots/compare.ts';
import type { SnapshotSummary } from '@/server/snapshots/schemas.ts';

const MAX_NAMED = 20;

/** Two snapshots side by side: what they share, and what is in one alone, by reason, with judgments to look at. */
export function CompareView({
  projectId,
  slug,
  first,
  other,
}: {
  projectId: string;
  slug: string;
  first: string | null;
  other: string | null;
}) {
  const trpc = useTRPC();
  const router = useRouter();
  const list = useQuery(trpc.snapshots.list.queryOptions({ projectId }));
  const snapshots = list.data ?? [];
  const one = snapshots.find(({ snapshotId }) => snapshotId === first) ?? snapshots[1] ?? snapshots[0];
  const two = snapshots.find(({ snapshotId }) => snapshotId === other) ?? snapshots[0];
  const comparison = useComparison(projectId, one?.snapshotId, two?.snapshotId);
  if (list.isError) return <CallError error={list.error} />;
  if (list.data === undefined) return <p className="text-muted-foreground">Loading snapshots…</p>;
  if (one === undefined || two === undefined)
    return (
      <EmptyState icon={GitCompareIcon} title="Nothing to compare yet">
        Make two snapshots first, on the page{' '}
        <Link className="text-primary underline" href={`/projects/${slug}/exports`}>
          Snapshots & exports
        </Link>
        .
      </EmptyState>
    );
  const go = (a: string, b: string) =>
    router.replace(`/projects/${slug}/exports/compare?first=${a}&other=${b}`, { scroll: false });
  const { data, error } = comparison;
  return (
    <div className="grid gap-4">
      <div className="grid gap-3 sm:grid-cols-2">
        <Picker label="First" snapshots={snapshots} chosen={one} onChange={(id) => go(id, two.snapshotId)} />
        <Picker
          label="Compared with"
          snapshots={snapshots}
          chosen={two}
          onChange={(id) => go(one.snapshotId, id)}
        />
      </div>
      <CallError error={error} />
      {!data && !error && <p className="text-muted-foreground">Comparing…</p>}
      {data && (
        <>
          <p aria-live="polite">
            <strong className="text-xl">
              <Count value={data.both} />
            </strong>{' '}
            judgments are in both.
          </p>
          <div className="grid items-start gap-4 lg:grid-cols-2">
            <Side slug={slug} alone={one} than={two} differences={data.onlyInFirst} />
            <Side slug={slug} alone={two} than={one} differences={data.onlyInOther} />
          </div>
        </>
      )}
    </div>
  );
}

function Picker({
  label,
  snapshots,
  chosen,
  onChange,
}: {
  label: string;
  snapshots: SnapshotSummary[];
  chosen: SnapshotSummary;
  onChange: (snapshotId: string) => void;
}) {
  return (
    <Field label={label} hint={describeQuery(chosen.query).join('; ')}>
      <Select value={chosen.snapshotId} onChange={(event) => onChange(event.target.value)}>
        {snapshots.map(({ snapshotId, number, counts }) => (
          <option key={snapshotId} value={snapshotId}>
            Snapshot {number}: {counts.kept.toLocaleString('en-US')} judgments
          </option>
        ))}
      </Select>
    </Field>
  );
}

function Side({
  slug,
  alone,
  than,
  differences,
}: {
  slug: string;
  alone: SnapshotSummary;
  than: SnapshotSummary;
  differences: Difference[];
}) {
  const total = differences.reduce((sum, { judgments }) => sum + judgments, 0);
  return (
    <Card aria-labelledby={`alone-${alone.number}`} data-testid={`only-in-${alone.number}`}>
      <CardHeader>
        <div>
          <CardTitle id={`alone-${alone.number}`}>Only in snapshot {alone.number}</CardTitle>
          <CardDescription>
            <Count value={total} /> judgments are not in snapshot {than.number}
            {total > 0 ? ', since for it they are' : '.'}
          </CardDescription>
        </div>
      </CardHeader>
      {differences.length > 0 && (
        <CardContent className="grid gap-2">
          {differences.map(({ reason, judgments, ids }) => (
            <details key={reason} data-reason={reason} className="rounded-md border px-3 py-2">
              <summary className="cursor-pointer text-sm pointer-coarse:py-2">
                <strong>
                  <Count value={judgments} />
                </strong>{' '}
                {wordsOf(reason)}
              </summary>
              <ul className="mt-2 grid gap-1">
                {ids.map((id) => (
                  <li key={id}>
                    <IdLink slug={slug} id={id} />
                  </li>
                ))}
                {judgments > ids.length && (
                  <li className="text-muted-foreground text-xs">
                    and {(judgments - ids.length).toLocaleString('en-US')} more
                  </li>
                )}
              </ul>
            </details>
          ))}
        </CardContent>
      )}
    </Card>
  );
}

/** Asks part by part, and adds up. */
function useComparison(projectId: string, snapshotId: string | undefined, otherId: string | undefined) {
  const client = useTRPCClient();
  return useQuery({
    queryKey: ['snapshots', 'compare', projectId, snapshotId, otherId],
    enabled: snapshotId !== undefined && otherId !== undefined,
    queryFn: async ({ signal }) => {
      const ids = { snapshotId: snapshotId ?? '', otherId: otherId ?? '' };
      let cursor: string | null = null;
      let both = 0;
      const [onlyInFirst, onlyInOther] = [new Map<string, Difference>(), new Map<string, Difference>()];
      do {
        const part: Awaited<ReturnType<typeof client.snapshots.compare.query>> =
          await client.snapshots.compare.query({ projectId, ...ids, cursor }, { signal });
        both += part.both;
        add(onlyInFirst, part.onlyInFirst);
        add(onlyInOther, part.onlyInOther);
        cursor = part.cursor;
      } while (cursor !== null);
      return { both, onlyInFirst: [...onlyInFirst.values()], onlyInOther: [...onlyInOther.values()] };
    },
  });
}

function add(sum: Map<string, Difference>, part: Difference[]): void {
  for (const { reason, judgments, ids } of part) {
    const known = sum.get(reason);
    sum.set(reason, {
      reason,
      judgments: (known?.judgments ?? 0) + judgments,
      ids: [...(known?.ids ?? []), ...ids].slice(0, MAX_NAMED),
    });
  }
}
