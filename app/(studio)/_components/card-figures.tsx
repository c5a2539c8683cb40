import { Progress } from '@/app/_ui/progress.tsx';
import type { Overview } from '@/server/projects/overview.ts';

const count = (n: number) => n.toLocaleString('en-US');

/** What is in a project, in a line or two of its card. */
export function CardFigures({ overview }: { overview: Overview | undefined }) {
  if (!overview) return null;
  const { seats, project, mine } = overview;
  const wanted = seats.open + seats.done;
  const parts = project
    ? [
        `${count(project.prompts)} prompts`,
        `${count(project.judgments.annotator + project.judgments.simulated + project.judgments.imported)} judgments`,
        `${count(project.runs)} runs`,
        `${count(project.members)} ${project.members === 1 ? 'member' : 'members'}`,
      ]
    : [`${count(seats.open)} answers wanted`, `${count(mine.judgments)} judged by you`];
  return (
    <div className="mt-3 grid gap-1.5 text-xs text-muted-foreground">
      {wanted > 0 ? (
        <Progress value={seats.done} max={wanted} label={`${seats.done} of ${wanted} answers given`} />
      ) : null}
      <p>{parts.join(' · ')}</p>
      {project && project.activeRuns > 0 ? (
        <p className="text-primary">{count(project.activeRuns)} running or waiting</p>
      ) : null}
    </div>
  );
}
