'use client';

import { useInfiniteQuery } from '@tanstack/react-query';
import { ScaleIcon } from 'lucide-react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Badge } from '@/app/_ui/badge.tsx';
import { EmptyState } from '@/app/_ui/empty-state.tsx';
import { ShowMore } from '@/app/_ui/show-more.tsx';
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/app/_ui/table.tsx';
import { Time } from '@/app/_ui/time.tsx';
import { IdLink, PersonLink } from '@/app/(studio)/projects/[project]/_components/id-link.tsx';
import { saidText } from './said-text.ts';

/** Judgments, newest first, of everybody or of one person. */
export function JudgmentTable({
  projectId,
  slug,
  userId,
}: {
  projectId: string;
  slug: string;
  userId?: string;
}) {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.judgments.list.infiniteQueryOptions(
      { projectId, userId: userId ?? null, limit: 50 },
      { getNextPageParam: (page) => page.nextCursor },
    ),
  );
  if (query.isPending) return <p className="text-muted-foreground">Loading judgments…</p>;
  if (query.isError) return <CallError error={query.error} />;
  const items = query.data.pages.flatMap((page) => page.items);
  if (items.length === 0)
    return (
      <EmptyState icon={ScaleIcon} title="No judgments yet">
        They come with annotators’ answers and with imported comparisons.
      </EmptyState>
    );
  return (
    <div className="grid gap-3">
      <div className="rounded-lg border bg-card">
        <Table aria-label="Judgments">
          <TableHeader>
            <tr>
              <TableHead>Prompt</TableHead>
              <TableHead>Said</TableHead>
              {userId === undefined && <TableHead>Who</TableHead>}
              <TableHead className="max-sm:hidden">When</TableHead>
            </tr>
          </TableHeader>
          <TableBody>
            {items.map((item) => (
              <TableRow key={item.judgmentId}>
                <TableCell>
                  <IdLink slug={slug} id={item.judgmentId}>
                    <span dir="auto" className="line-clamp-2 min-w-32 max-w-[60ch] break-words">
                      {item.promptExcerpt}
                    </span>
                  </IdLink>
                </TableCell>
                <TableCell>
                  <span className="flex flex-wrap items-center gap-1">
                    {saidText(item)}
                    {item.revision > 1 && <Badge>revision {item.revision}</Badge>}
                    {!item.isLatest && <Badge tone="warning">superseded</Badge>}
                    {item.source === 'simulated' && <Badge tone="warning">simulated</Badge>}
                  </span>
                </TableCell>
                {userId === undefined && (
                  <TableCell>
                    <PersonLink slug={slug} person={item.person} />
                  </TableCell>
                )}
                <TableCell className="text-muted-foreground max-sm:hidden">
                  <Time at={item.submittedAt} />
                </TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      </div>
      <ShowMore pages={query} />
    </div>
  );
}
