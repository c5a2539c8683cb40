'use client';

import { useInfiniteQuery } from '@tanstack/react-query';
import { ListTodoIcon } from 'lucide-react';
import Link from 'next/link';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Badge } from '@/app/_ui/badge.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { EmptyState } from '@/app/_ui/empty-state.tsx';
import { ShowMore } from '@/app/_ui/show-more.tsx';
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/app/_ui/table.tsx';
import { Time } from '@/app/_ui/time.tsx';
import { IdLink } from '@/app/(studio)/projects/[project]/_components/id-link.tsx';
import type { TaskSummary } from '@/server/tasks/list.ts';

/** Tasks, newest first. */
export function TaskTable({
  projectId,
  slug,
  mayMake,
}: {
  projectId: string;
  slug: string;
  mayMake: boolean;
}) {
  const trpc = useTRPC();
  const tasks = useInfiniteQuery(
    trpc.tasks.list.infiniteQueryOptions(
      { projectId, limit: 50 },
      { getNextPageParam: (page) => page.nextCursor },
    ),
  );
  if (tasks.isPending) return <p className="text-muted-foreground">Loading tasks…</p>;
  if (tasks.isError) return <CallError error={tasks.error} />;
  const items = tasks.data.pages.flatMap((page) => page.items);
  if (items.length === 0)
    return (
      <EmptyState
        icon={ListTodoIcon}
        title="No tasks yet"
        action={
          <Button asChild variant="outline">
            <Link href={`/projects/${slug}/data`}>Go to imports</Link>
          </Button>
        }
      >
        {mayMake
          ? 'Import prompts with two or more responses; they become tasks by themselves, or press “Make tasks”.'
          : 'A researcher of the project makes them out of imported prompts.'}
      </EmptyState>
    );
  return (
    <div className="grid gap-3">
      <div className="rounded-lg border bg-card">
        <Table aria-label="Tasks">
          <TableHeader>
            <tr>
              <TableHead>Prompt</TableHead>
              <TableHead className="max-sm:hidden">Responses</TableHead>
              <TableHead>Judged</TableHead>
              <TableHead className="max-sm:hidden">Seats</TableHead>
              <TableHead className="max-md:hidden">Kind</TableHead>
              <TableHead className="max-sm:hidden">Split</TableHead>
              <TableHead className="max-md:hidden">Made</TableHead>
            </tr>
          </TableHeader>
          <TableBody>
            {items.map((task) => (
              <TableRow key={task.taskId}>
                <TableCell>
                  <IdLink slug={slug} id={task.taskId}>
                    <span dir="auto" className="line-clamp-2 min-w-32 max-w-[60ch] break-words">
                      {task.promptExcerpt}
                    </span>
                  </IdLink>
                  <span className="block text-muted-foreground text-xs sm:hidden">
                    {task.numResponses} responses, {seatText(task)}
                    {task.split === 'heldout' && ', held out'}
                  </span>
                </TableCell>
                <TableCell className="tabular-nums max-sm:hidden">{task.numResponses}</TableCell>
                <TableCell className="whitespace-nowrap tabular-nums">
                  {task.overlap === 0
                    ? `${task.numJudgments} imported`
                    : `${task.numJudgments} of ${task.overlap}`}
                </TableCell>
                <TableCell className="max-sm:hidden">{seatText(task)}</TableCell>
                <TableCell className="max-md:hidden">{task.kind}</TableCell>
                <TableCell className="max-sm:hidden">
                  {task.split === 'heldout' ? <Badge tone="accent">held out</Badge> : <Badge>train</Badge>}
                </TableCell>
                <TableCell className="max-md:hidden">
                  <Time at={task.createdAt} />
                </TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      </div>
      <ShowMore pages={tasks} />
    </div>
  );
}

/** How its seats stand: a task of imported answers has none, and asks nobody. */
function seatText({ seats }: TaskSummary): string {
  const parts = (['open', 'held', 'judged'] as const).filter((state) => seats[state] > 0);
  if (parts.length === 0) return 'no seats';
  return parts.map((state) => `${seats[state]} ${state}`).join(', ');
}
