'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { CameraIcon, ChevronRightIcon } from 'lucide-react';
import { useState } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { fetchAnew } from '@/app/_trpc/fetch-anew.ts';
import { Badge } from '@/app/_ui/badge.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { CheckField } from '@/app/_ui/field.tsx';
import { Checkbox } from '@/app/_ui/input.tsx';
import { PreviewPanel } from './preview-panel.tsx';
import { countConditions, EMPTY_DRAFT, queryOfDraft } from './query-draft.ts';
import { QueryFields } from './query-fields.tsx';
import { SOURCE_NAMES, type Source } from './source-names.ts';
import { usePreview } from './use-preview.ts';

const SOURCES = Object.keys(SOURCE_NAMES) as Source[];
const number = new Intl.NumberFormat('en-US');

/** Chooses which judgments go into a snapshot, with how many they are and what is left out and why, and freezes them. */
export function CreateSnapshot({ projectId }: { projectId: string }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [draft, setDraft] = useState(EMPTY_DRAFT);
  const [made, setMade] = useState(0);
  const query = queryOfDraft(draft);
  const preview = usePreview(projectId, query, made);
  const imports = useQuery(trpc.imports.list.queryOptions({ projectId }));
  const create = useMutation(
    trpc.snapshots.create.mutationOptions({
      onSuccess: () => {
        setMade((n) => n + 1);
        return fetchAnew(queryClient, trpc.snapshots.pathKey());
      },
    }),
  );
  const conditions = countConditions(draft);
  return (
    <Card aria-labelledby="create-snapshot">
      <CardHeader>
        <div>
          <CardTitle id="create-snapshot">New snapshot</CardTitle>
          <CardDescription>
            Judgments given up to now, in their latest revision. Every condition that you name must hold.
          </CardDescription>
        </div>
      </CardHeader>
      <CardContent>
        <form
          className="grid gap-5 lg:grid-cols-[minmax(0,1fr)_minmax(0,20rem)]"
          aria-label="New snapshot"
          onSubmit={(event) => {
            event.preventDefault();
            create.mutate({ projectId, ...query });
          }}
        >
          <div className="grid content-start gap-4">
            <fieldset className="flex flex-wrap gap-x-6 gap-y-2">
              <legend className="mb-1.5 font-medium text-sm">Given by</legend>
              {SOURCES.map((source) => (
                <CheckField key={source} label={SOURCE_NAMES[source]}>
                  <Checkbox
                    checked={draft.sources.includes(source)}
                    onChange={(event) =>
                      setDraft({
                        ...draft,
                        sources: event.target.checked
                          ? [...draft.sources, source]
                          : draft.sources.filter((other) => other !== source),
                      })
                    }
                  />
                </CheckField>
              ))}
            </fieldset>
            <details className="group rounded-md border">
              <summary className="flex cursor-pointer list-none items-center gap-2 px-3 py-2 font-medium text-sm pointer-coarse:min-h-11 [&::-webkit-details-marker]:hidden">
                <ChevronRightIcon aria-hidden className="size-4 transition-transform group-open:rotate-90" />
                More conditions
                {conditions > 0 && <Badge tone="accent">{conditions}</Badge>}
              </summary>
              <div className="border-t p-3">
                <QueryFields
                  projectId={projectId}
                  draft={draft}
                  imports={imports.data ?? []}
                  onChange={setDraft}
                />
              </div>
            </details>
          </div>
          <div className="grid content-start gap-3">
            <PreviewPanel
              query={query}
              counts={preview.counts}
              error={preview.error}
              titleOf={(id) => imports.data?.find((row) => row.importId === id)?.fileName ?? id}
            />
            <div className="flex flex-wrap gap-2">
              <Button
                type="submit"
                disabled={
                  draft.sources.length === 0 || (preview.counts?.isWhole && preview.counts.kept === 0)
                }
                isBusy={create.isPending}
              >
                <CameraIcon aria-hidden /> Freeze a snapshot
              </Button>
              {conditions > 0 && (
                <Button variant="ghost" onClick={() => setDraft(EMPTY_DRAFT)}>
                  Clear conditions
                </Button>
              )}
            </div>
            <div aria-live="polite" className="text-sm empty:hidden">
              {create.data?.snapshotId === null && (
                <p>There are many judgments: the worker freezes them. The snapshot appears below.</p>
              )}
              {create.data && create.data.snapshotId !== null && (
                <p>
                  Snapshot {create.data.number} holds {number.format(create.data.counts.kept)} judgments.
                </p>
              )}
              <CallError error={create.error} />
            </div>
          </div>
        </form>
      </CardContent>
    </Card>
  );
}
