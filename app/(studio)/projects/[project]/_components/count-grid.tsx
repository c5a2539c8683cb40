import Link from 'next/link';
import { Card, CardContent, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { Count } from '@/app/_ui/count.tsx';
import { Progress } from '@/app/_ui/progress.tsx';
import type { Overview } from '@/server/projects/overview.ts';

/** The project in numbers; each leads to the rows it counts. */
export function CountGrid({ slug, overview }: { slug: string; overview: Overview }) {
  const { project, seats, mine } = overview;
  const wanted = seats.open + seats.done;
  const counts: { label: string; value: number; href: string; note?: string }[] = project
    ? [
        { label: 'Prompts', value: project.prompts, href: `/projects/${slug}/data` },
        { label: 'Tasks', value: project.tasks, href: `/projects/${slug}/data` },
        { label: 'Judgments by people', value: project.judgments.annotator, href: `/projects/${slug}/data` },
        {
          label: 'Simulated judgments',
          value: project.judgments.simulated,
          href: `/projects/${slug}/data`,
          note: 'by programs, marked as such',
        },
        { label: 'Imported comparisons', value: project.judgments.imported, href: `/projects/${slug}/data` },
        { label: 'Snapshots', value: project.snapshots, href: `/projects/${slug}/exports` },
        { label: 'Models', value: project.models, href: `/projects/${slug}/models` },
        { label: 'Runs', value: project.runs, href: `/projects/${slug}/runs` },
        { label: 'Members', value: project.members, href: `/projects/${slug}/members` },
      ]
    : [{ label: 'Judgments by you', value: mine.judgments, href: `/label/${slug}` }];
  return (
    <Card aria-labelledby="counts">
      <CardHeader>
        <CardTitle id="counts">In numbers</CardTitle>
      </CardHeader>
      <CardContent className="grid gap-4">
        {wanted > 0 ? (
          <div className="grid gap-1.5">
            <p className="flex justify-between gap-4 text-sm">
              <span className="text-muted-foreground">Answers given</span>
              <span>
                <Count value={seats.done} /> of <Count value={wanted} />
              </span>
            </p>
            <Progress value={seats.done} max={wanted} label="Answers given" />
          </div>
        ) : null}
        <dl className="grid grid-cols-2 gap-x-4 gap-y-4 sm:grid-cols-3">
          {counts.map(({ label, value, href, note }) => (
            <div key={label} className="relative grid content-start gap-0.5">
              <dt className="text-xs text-muted-foreground">{label}</dt>
              <dd className="text-lg font-semibold">
                <Link href={href} className="hover:underline" aria-label={`${label}: ${value}`}>
                  <Count value={value} />
                </Link>
                {note ? (
                  <span className="block text-xs font-normal text-muted-foreground">{note}</span>
                ) : null}
              </dd>
            </div>
          ))}
        </dl>
      </CardContent>
    </Card>
  );
}
