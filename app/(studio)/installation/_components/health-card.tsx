import { CircleCheckIcon, TriangleAlertIcon } from 'lucide-react';
import { Card, CardContent, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import type { Health } from '@/server/health.ts';

/** How web, worker, disk and database are, each with what is wrong. */
export function HealthCard({ health }: { health: Health }) {
  const { worker, disk, database, web } = health;
  const parts = [
    { name: 'Pages', ...web, good: `up for ${Math.round(web.uptimeSeconds / 60)} minutes` },
    {
      name: 'Worker',
      ...worker,
      good: `last heard of ${Math.round((worker.heartbeatAgeMs ?? 0) / 1000)} s ago`,
    },
    { name: 'Disk', ...disk, good: `${((disk.freeBytes ?? 0) / 2 ** 30).toFixed(1)} GB free` },
    {
      name: 'Database',
      ...database,
      good: database.writeLock === 'taken' ? 'readable, being written just now' : 'readable',
    },
  ];
  return (
    <Card aria-labelledby="health">
      <CardHeader>
        <CardTitle id="health">Health</CardTitle>
      </CardHeader>
      <CardContent>
        <ul className="grid gap-2 text-sm">
          {parts.map(({ name, ok, problem, good }) => (
            <li key={name} className="flex items-start gap-2">
              {ok ? (
                <CircleCheckIcon className="mt-0.5 size-4 shrink-0 text-success" aria-label="good" />
              ) : (
                <TriangleAlertIcon
                  className="mt-0.5 size-4 shrink-0 text-destructive"
                  aria-label="not good"
                />
              )}
              <span>
                {name}: {ok ? good : problem}
              </span>
            </li>
          ))}
        </ul>
      </CardContent>
    </Card>
  );
}
