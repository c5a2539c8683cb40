'use client';

import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Card, CardContent, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/app/_ui/table.tsx';

/** Where the configs of two runs differ. */
export function CompareCard({
  projectId,
  runId,
  otherRunId,
}: {
  projectId: string;
  runId: string;
  otherRunId: string;
}) {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.runs.compare.queryOptions({ projectId, runId, otherRunId }));
  if (!data) return null;
  return (
    <Card>
      <CardHeader>
        <CardTitle>Differences in config</CardTitle>
      </CardHeader>
      <CardContent className="px-0">
        {data.configDifferences.length === 0 ? (
          <p className="px-4 text-sm text-muted-foreground">None: the two runs have the same config.</p>
        ) : (
          <Table aria-label="Differences in config">
            <TableHeader>
              <tr>
                <TableHead>Option</TableHead>
                <TableHead>This run</TableHead>
                <TableHead>{data.other.name}</TableHead>
              </tr>
            </TableHeader>
            <TableBody>
              {data.configDifferences.map(({ path, run, other }) => (
                <TableRow key={path}>
                  <TableCell className="font-mono text-xs">{path}</TableCell>
                  <TableCell>{String(run ?? 'off')}</TableCell>
                  <TableCell>{String(other ?? 'off')}</TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        )}
      </CardContent>
    </Card>
  );
}
