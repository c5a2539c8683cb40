'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import { BoxIcon } from 'lucide-react';
import Link from 'next/link';
import { useState } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { fetchAnew } from '@/app/_trpc/fetch-anew.ts';
import { Badge } from '@/app/_ui/badge.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { EmptyState } from '@/app/_ui/empty-state.tsx';
import { Time } from '@/app/_ui/time.tsx';
import { formatFigure } from '@/app/(studio)/projects/[project]/runs/_components/format-figure.ts';
import { SnapshotSources } from '@/app/(studio)/projects/[project]/runs/_components/snapshot-sources.tsx';
import type { AppRouter } from '@/server/root.ts';
import { AboutPanel } from './about-panel.tsx';
import { AddModelDialog } from './add-model-dialog.tsx';
import { AddingList, sourceText } from './adding-list.tsx';
import { Downloads } from './downloads.tsx';
import { GenerateDialog } from './generate-dialog.tsx';
import { GenerationsList } from './generations-list.tsx';
import { LineagePanel } from './lineage-panel.tsx';

type ModelItem = inferRouterOutputs<AppRouter>['models']['list'][number];

/** Models with their checkpoints; lineage opens below a checkpoint. */
export function ModelsView({
  projectId,
  slug,
  mayRegister,
  mayGenerate,
  mayDownload,
  mayStart,
}: {
  projectId: string;
  slug: string;
  mayRegister: boolean;
  mayGenerate: boolean;
  mayDownload: boolean;
  mayStart: boolean;
}) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const models = useQuery(trpc.models.list.queryOptions({ projectId }));
  const register = useMutation(
    trpc.models.registerBundled.mutationOptions({
      onSettled: () => fetchAnew(queryClient, trpc.models.list.queryKey({ projectId })),
    }),
  );
  if (models.error) return <CallError error={models.error} />;
  if (!models.data) return <p className="text-sm text-muted-foreground">Reading the models …</p>;
  const registerButton = mayRegister ? (
    <Button variant="outline" isBusy={register.isPending} onClick={() => register.mutate({ projectId })}>
      Register the bundled toy model
    </Button>
  ) : null;
  if (models.data.length === 0) {
    return (
      <>
        <AddingList projectId={projectId} mayRegister={mayRegister} />
        <EmptyState
          icon={BoxIcon}
          title="No model yet"
          action={
            mayRegister ? (
              <>
                <AddModelDialog projectId={projectId} models={models.data} />
                {registerButton}
              </>
            ) : null
          }
        >
          A model is a name with checkpoints. Add one of your own, start from the bundled toy model, or
          pretrain one from this project’s texts.
          <CallError error={register.error} />
        </EmptyState>
      </>
    );
  }
  return (
    <div className="grid gap-5">
      <div className="flex flex-wrap justify-end gap-2">
        {mayGenerate ? (
          <Button asChild variant="outline">
            <Link href={`/projects/${slug}/models/try`}>Try a prompt</Link>
          </Button>
        ) : null}
        {mayRegister ? <AddModelDialog projectId={projectId} models={models.data} /> : null}
      </div>
      <GenerationsList projectId={projectId} mayCancel={mayGenerate} />
      <AddingList projectId={projectId} mayRegister={mayRegister} />
      {models.data.map((model) => (
        <ModelCard
          key={model.id}
          model={model}
          projectId={projectId}
          slug={slug}
          mayRegister={mayRegister}
          mayGenerate={mayGenerate}
          mayDownload={mayDownload}
          mayStart={mayStart}
        />
      ))}
    </div>
  );
}

function ModelCard({
  model,
  projectId,
  slug,
  mayRegister,
  mayGenerate,
  mayDownload,
  mayStart,
}: {
  model: ModelItem;
  projectId: string;
  slug: string;
  mayRegister: boolean;
  mayGenerate: boolean;
  mayDownload: boolean;
  mayStart: boolean;
}) {
  return (
    <Card id={model.id} className="scroll-mt-20 target:ring-2 target:ring-primary/40">
      <CardHeader>
        <CardTitle>{model.name}</CardTitle>
        <Badge tone={model.kind === 'reward-model' ? 'neutral' : 'accent'}>
          {model.kind === 'reward-model' ? 'reward model' : 'language model'}
        </Badge>
      </CardHeader>
      <ul>
        {model.checkpoints.map((checkpoint) => (
          <CheckpointRow
            key={checkpoint.id}
            checkpoint={checkpoint}
            projectId={projectId}
            slug={slug}
            isCurrent={checkpoint.id === model.currentCheckpointId}
            mayPromote={mayRegister}
            mayTry={mayGenerate}
            mayGenerate={mayGenerate && model.kind === 'language-model'}
            mayDownload={mayDownload}
            mayStart={mayStart}
          />
        ))}
      </ul>
    </Card>
  );
}

function CheckpointRow({
  checkpoint,
  projectId,
  slug,
  isCurrent,
  mayPromote,
  mayTry,
  mayGenerate,
  mayDownload,
  mayStart,
}: {
  checkpoint: ModelItem['checkpoints'][number];
  projectId: string;
  slug: string;
  isCurrent: boolean;
  mayPromote: boolean;
  mayTry: boolean;
  mayGenerate: boolean;
  mayDownload: boolean;
  mayStart: boolean;
}) {
  const [open, setOpen] = useState<'lineage' | 'about' | 'downloads' | null>(null);
  const toggle = (panel: NonNullable<typeof open>) => ({
    'aria-expanded': open === panel,
    onClick: () => setOpen(open === panel ? null : panel),
  });
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const promote = useMutation(
    trpc.models.promote.mutationOptions({
      onSettled: () => fetchAnew(queryClient, trpc.models.list.queryKey({ projectId })),
    }),
  );
  const isBundled = checkpoint.folder.startsWith('bundled:');
  return (
    <li id={checkpoint.id} className="scroll-mt-20 border-t px-4 py-3 target:bg-primary/8">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <div className="grid min-w-0 gap-1 text-sm">
          <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <span className="font-medium">
              {isBundled
                ? 'Comes with Plumbline'
                : checkpoint.origin
                  ? `Added ${sourceText(checkpoint.origin.source)}`
                  : `Step ${formatFigure(checkpoint.step)}`}
            </span>
            {checkpoint.run ? (
              <Link
                href={`/projects/${slug}/runs/${checkpoint.run.id}`}
                className="text-primary hover:underline"
              >
                {checkpoint.run.name}
              </Link>
            ) : null}
            {isCurrent ? <Badge tone="success">current</Badge> : null}
            {checkpoint.snapshot ? <SnapshotSources snapshot={checkpoint.snapshot} /> : null}
          </span>
          <span className="flex flex-wrap gap-x-3 text-xs text-muted-foreground">
            <Time at={checkpoint.createdAt} />
            <code className="font-mono" title={`sha256 of manifest.json: ${checkpoint.manifestSha256}`}>
              {checkpoint.manifestSha256.slice(0, 16)}
            </code>
          </span>
        </div>
        <div className="flex flex-wrap gap-2">
          {mayPromote && !isCurrent ? (
            <Button
              variant="outline"
              size="sm"
              isBusy={promote.isPending}
              onClick={() => promote.mutate({ projectId, checkpointId: checkpoint.id })}
            >
              Make current
            </Button>
          ) : null}
          {mayTry ? (
            <Button asChild variant="outline" size="sm">
              <Link href={`/projects/${slug}/models/try?checkpoint=${checkpoint.id}`}>Try</Link>
            </Button>
          ) : null}
          {mayGenerate ? (
            <GenerateDialog projectId={projectId} slug={slug} checkpointId={checkpoint.id} />
          ) : null}
          {mayDownload ? (
            <Button variant="outline" size="sm" {...toggle('downloads')}>
              Download
            </Button>
          ) : null}
          {checkpoint.origin || mayStart ? (
            <Button variant="outline" size="sm" {...toggle('about')}>
              About
            </Button>
          ) : null}
          <Button variant="outline" size="sm" {...toggle('lineage')}>
            Lineage
          </Button>
        </div>
      </div>
      {open === 'lineage' ? (
        <LineagePanel projectId={projectId} checkpointId={checkpoint.id} slug={slug} />
      ) : null}
      {open === 'about' ? (
        <AboutPanel projectId={projectId} checkpoint={checkpoint} mayStart={mayStart} />
      ) : null}
      {open === 'downloads' ? <Downloads projectId={projectId} checkpointId={checkpoint.id} /> : null}
    </li>
  );
}
