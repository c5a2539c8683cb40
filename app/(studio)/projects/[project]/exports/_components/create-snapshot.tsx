'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { CameraIcon } from 'lucide-react';
import { useState } from 'react';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { fetchAnew } from '@/app/_trpc/fetch-anew.ts';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { CheckField, FormError } from '@/app/_ui/field.tsx';
import { Checkbox } from '@/app/_ui/input.tsx';
import { SOURCE_NAMES, type Source } from './source-names.ts';

const SOURCES = Object.keys(SOURCE_NAMES) as Source[];
const number = new Intl.NumberFormat('en-US');

/** Chooses whose judgments go into a snapshot, with how many there are, and freezes them. */
export function CreateSnapshot({ projectId }: { projectId: string }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [sources, setSources] = useState<Source[]>(SOURCES);
  const stats = useQuery({ ...trpc.tasks.stats.queryOptions({ projectId }), staleTime: 0 });
  const create = useMutation(
    trpc.snapshots.create.mutationOptions({
      onSuccess: () => fetchAnew(queryClient, trpc.snapshots.pathKey()),
    }),
  );
  return (
    <Card aria-labelledby="create-snapshot">
      <CardHeader>
        <div>
          <CardTitle id="create-snapshot">New snapshot</CardTitle>
          <CardDescription>Of all judgments given up to now, in their latest revision, by:</CardDescription>
        </div>
      </CardHeader>
      <CardContent>
        <form
          className="flex flex-wrap items-center gap-x-8 gap-y-3"
          onSubmit={(event) => {
            event.preventDefault();
            create.mutate({ projectId, sources });
          }}
        >
          <fieldset className="flex flex-wrap gap-x-6 gap-y-2">
            <legend className="sr-only">Judgments of</legend>
            {SOURCES.map((source) => (
              <CheckField
                key={source}
                label={`${SOURCE_NAMES[source]}${stats.data === undefined ? '' : ` (${number.format(stats.data.judgments[source])})`}`}
              >
                <Checkbox
                  checked={sources.includes(source)}
                  onChange={(event) =>
                    setSources(
                      event.target.checked
                        ? [...sources, source]
                        : sources.filter((other) => other !== source),
                    )
                  }
                />
              </CheckField>
            ))}
          </fieldset>
          <Button type="submit" disabled={sources.length === 0} isBusy={create.isPending}>
            <CameraIcon aria-hidden /> Freeze a snapshot
          </Button>
        </form>
        <div aria-live="polite" className="mt-3 text-sm empty:hidden">
          {create.data?.snapshotId === null && (
            <p>
              There are many judgments: the worker freezes them. The snapshot appears below when it is whole.
            </p>
          )}
          {create.data && create.data.snapshotId !== null && (
            <p>
              Snapshot {create.data.number} holds {number.format(create.data.counts.kept)} judgments.
            </p>
          )}
          {create.isError && <FormError>{create.error.message}</FormError>}
        </div>
      </CardContent>
    </Card>
  );
}
