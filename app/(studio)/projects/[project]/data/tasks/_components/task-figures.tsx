'use client';

import { useQuery } from '@tanstack/react-query';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Badge } from '@/app/_ui/badge.tsx';
import { Count } from '@/app/_ui/count.tsx';

/** How much there is to judge, how far it is, and by whom (pseudonyms; simulated annotators are named as such). */
export function TaskFigures({ projectId }: { projectId: string }) {
  const trpc = useTRPC();
  const stats = useQuery({ ...trpc.tasks.stats.queryOptions({ projectId }), refetchInterval: 10_000 });
  if (stats.isPending) return <p className="text-muted-foreground">Loading…</p>;
  if (stats.isError) return <CallError error={stats.error} />;
  const { prompts, responses, tasks, seats, judgments, byAnnotator } = stats.data;
  const figures = [
    { label: 'prompts', value: prompts.train + prompts.heldout, note: `${prompts.heldout} held out` },
    { label: 'responses', value: responses },
    { label: 'tasks', value: tasks },
    { label: 'seats open', value: seats.open + seats.leased, note: `${seats.leased} being answered` },
    { label: 'seats done', value: seats.done },
    {
      label: 'judgments',
      value: judgments.annotator + judgments.simulated + judgments.imported,
      note: `${judgments.annotator} people, ${judgments.simulated} simulated, ${judgments.imported} imported`,
    },
  ];
  return (
    <section aria-label="Figures" className="grid gap-3">
      <dl className="grid grid-cols-2 gap-3 sm:grid-cols-3 xl:grid-cols-6">
        {figures.map(({ label, value, note }) => (
          <div key={label} className="rounded-lg border bg-card px-4 py-3">
            <dt className="text-muted-foreground text-xs">{label}</dt>
            <dd className="font-semibold text-lg">
              <Count value={value} />
            </dd>
            {note !== undefined && <dd className="text-muted-foreground text-xs">{note}</dd>}
          </div>
        ))}
      </dl>
      {byAnnotator.length > 0 && (
        <ul className="flex flex-wrap gap-2" aria-label="Judgments by annotator">
          {byAnnotator.map(({ pseudonym, isSimulated, judgments: count }) => (
            <li key={pseudonym}>
              <Badge tone={isSimulated ? 'warning' : 'neutral'}>
                {pseudonym} {isSimulated && 'simulated'} <Count value={count} />
              </Badge>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
