'use client';

import { useInfiniteQuery } from '@tanstack/react-query';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/app/_ui/table.tsx';
import { cutText } from '@/lib/cut-text.ts';

/** Rejected rows with line, reason and the row as it came. */
export function RejectSamples({
  projectId,
  importId,
  numRejected,
}: {
  projectId: string;
  importId: string;
  numRejected: number;
}) {
  const trpc = useTRPC();
  const rejects = useInfiniteQuery(
    trpc.imports.rejects.infiniteQueryOptions(
      { projectId, importId, limit: 20 },
      { getNextPageParam: (page) => page.nextCursor },
    ),
  );
  if (rejects.isPending) return <p className="text-muted-foreground text-sm">Loading…</p>;
  if (rejects.isError) return <CallError error={rejects.error} />;
  const numShown = rejects.data.pages.reduce((sum, page) => sum + page.items.length, 0);
  const notKept = rejects.hasNextPage ? 0 : numRejected - numShown;
  return (
    <div className="grid gap-2">
      <Table aria-label="Rejected rows">
        <TableHeader>
          <tr>
            <TableHead>Line</TableHead>
            <TableHead>Reason</TableHead>
            <TableHead>Row</TableHead>
          </tr>
        </TableHeader>
        <TableBody>
          {rejects.data.pages
            .flatMap((page) => page.items)
            .map((reject) => (
              <TableRow key={reject.id}>
                <TableCell className="align-top tabular-nums">{reject.lineNumber}</TableCell>
                <TableCell className="min-w-48 align-top">
                  {reject.reason.replaceAll(/[-_]/g, ' ')}
                  <p className="text-muted-foreground text-xs">{reject.detail}</p>
                </TableCell>
                <TableCell className="align-top">
                  <code className="line-clamp-3 max-w-[60ch] break-all text-xs">
                    {cutText(reject.raw, 500)}
                  </code>
                </TableCell>
              </TableRow>
            ))}
        </TableBody>
      </Table>
      {notKept > 0 && (
        <p className="text-muted-foreground text-sm">
          {notKept} more were counted and not kept: a file with so many is mended best as a whole.
        </p>
      )}
      {rejects.hasNextPage && (
        <Button
          size="sm"
          variant="outline"
          className="justify-self-start"
          isBusy={rejects.isFetchingNextPage}
          onClick={() => void rejects.fetchNextPage()}
        >
          Show more
        </Button>
      )}
    </div>
  );
}
