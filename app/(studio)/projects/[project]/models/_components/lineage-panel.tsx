'use client';

import { useQuery } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import Link from 'next/link';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Count } from '@/app/_ui/count.tsx';
import { formatFigure } from '@/app/(studio)/projects/[project]/runs/_components/format-figure.ts';
import { SnapshotSources } from '@/app/(studio)/projects/[project]/runs/_components/snapshot-sources.tsx';
import type { AppRouter } from '@/server/root.ts';

type Lineage = inferRouterOutputs<AppRouter>['models']['lineage'];
type LineageNode = Lineage['ancestors'][number];

/** Both directions: back to models and judgments, forward to everything trained from it or scored by it. */
export function LineagePanel({
  projectId,
  checkpointId,
  slug,
}: {
  projectId: string;
  checkpointId: string;
  slug: string;
}) {
  const trpc = useTRPC();
  const { data, error } = useQuery(trpc.models.lineage.queryOptions({ projectId, checkpointId }));
  if (error) return <CallError error={error} />;
  if (!data) return <p className="mt-3 text-sm text-muted-foreground">Following the lineage …</p>;
  return (
    <div className="mt-3 grid gap-4 rounded-md bg-muted/60 p-4 text-sm md:grid-cols-2">
      <NodeList
        title="Comes from"
        nodes={data.ancestors}
        none="Nothing: this is where it starts."
        slug={slug}
      />
      <div className="grid content-start gap-3">
        <NodeList title="What came of it" nodes={data.descendants} none="Nothing yet." slug={slug} />
        {data.numResponses > 0 ? (
          <p className="text-muted-foreground">
            It wrote <Count value={data.numResponses} /> responses of this project.
          </p>
        ) : null}
      </div>
    </div>
  );
}

function NodeList({
  title,
  nodes,
  none,
  slug,
}: {
  title: string;
  nodes: LineageNode[];
  none: string;
  slug: string;
}) {
  return (
    <div className="grid content-start gap-2">
      <h3 className="text-xs font-medium text-muted-foreground">{title}</h3>
      {nodes.length === 0 ? <p className="text-muted-foreground">{none}</p> : null}
      <ol className="grid gap-2">
        {nodes.map((node) => (
          <li key={node.id} className="grid gap-0.5">
            <span>
              <span className="text-muted-foreground">{node.relation} </span>
              <Link
                href={`/projects/${slug}/models#${node.id}`}
                className="font-medium text-primary hover:underline"
              >
                {node.modelName}
              </Link>
              {node.run ? (
                <>
                  {', '}
                  <Link
                    href={`/projects/${slug}/runs/${node.run.id}`}
                    className="text-primary hover:underline"
                  >
                    {node.run.name}
                  </Link>
                  {`, step ${formatFigure(node.step)}`}
                </>
              ) : null}
            </span>
            {node.snapshot ? <SnapshotSources snapshot={node.snapshot} /> : null}
          </li>
        ))}
      </ol>
    </div>
  );
}
