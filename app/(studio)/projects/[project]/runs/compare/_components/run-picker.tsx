'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { PlusIcon } from 'lucide-react';
import { useState } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Dialog, DialogContent, DialogTitle, DialogTrigger } from '@/app/_ui/dialog.tsx';
import { RunSearch, useSettled } from '@/app/(studio)/projects/[project]/runs/_components/run-search.tsx';
import { StatusBadge } from '@/app/(studio)/projects/[project]/runs/_components/status-badge.tsx';

const SHOWN = 10;

/** Finds a run by name, notes, tag or id, and adds it. */
export function RunPicker({
  projectId,
  taken,
  onPick,
}: {
  projectId: string;
  taken: readonly string[];
  onPick: (runId: string) => void;
}) {
  const trpc = useTRPC();
  const [isOpen, setIsOpen] = useState(false);
  const [search, setSearch] = useState('');
  const wanted = useSettled(search.trim());
  const found = useQuery({
    ...trpc.runs.list.queryOptions({
      projectId,
      limit: SHOWN + taken.length,
      ...(wanted === '' ? {} : { search: wanted }),
    }),
    enabled: isOpen,
    placeholderData: keepPreviousData,
  });
  const items = (found.data?.items ?? []).filter(({ id }) => !taken.includes(id)).slice(0, SHOWN);
  return (
    <Dialog open={isOpen} onOpenChange={setIsOpen}>
      <DialogTrigger asChild>
        <Button variant="outline" size="sm">
          <PlusIcon aria-hidden /> Add a run
        </Button>
      </DialogTrigger>
      <DialogContent aria-describedby={undefined}>
        <DialogTitle>Add a run</DialogTitle>
        <RunSearch className="mt-3" value={search} onChange={setSearch} />
        <CallError error={found.error} />
        <ul className="mt-3 grid gap-1">
          {items.map((run) => (
            <li key={run.id}>
              <Button
                variant="ghost"
                className="h-auto w-full justify-between py-2 text-left whitespace-normal"
                onClick={() => {
                  onPick(run.id);
                  setIsOpen(false);
                }}
              >
                <span>
                  {run.name} <span className="text-muted-foreground">{run.recipe}</span>
                </span>
                <StatusBadge status={run.status} />
              </Button>
            </li>
          ))}
        </ul>
        {found.data && items.length === 0 ? (
          <p className="mt-2 text-sm text-muted-foreground">No other run found.</p>
        ) : null}
      </DialogContent>
    </Dialog>
  );
}
