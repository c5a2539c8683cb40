'use client';

import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { ChevronRightIcon, ScrollTextIcon } from 'lucide-react';
import { useDeferredValue, useState } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Card } from '@/app/_ui/card.tsx';
import { EmptyState } from '@/app/_ui/empty-state.tsx';
import { ShowMore } from '@/app/_ui/show-more.tsx';
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/app/_ui/table.tsx';
import { Time } from '@/app/_ui/time.tsx';
import { IdLink, TextWithIds } from '@/app/(studio)/projects/[project]/_components/id-link.tsx';
import type { ListedRecord } from '@/server/audit/list.ts';
import { AuditFilter, type Filter } from './audit-filter.tsx';

const PAGE = 50;

type Page = { records: ListedRecord[]; nextCursor: number | null };

const isEmpty = (filter: Filter) => Object.values(filter).every((value) => value === undefined);

/** Records, the newest first, fetched a page at a time. */
export function AuditTable({ projectId, slug, newest }: { projectId: string; slug: string; newest: Page }) {
  const trpc = useTRPC();
  const [filter, setFilter] = useState<Filter>({});
  const wanted = useDeferredValue(filter);
  const query = useInfiniteQuery(
    trpc.audit.list.infiniteQueryOptions(
      { projectId, ...wanted, limit: PAGE },
      {
        getNextPageParam: (page) => page.nextCursor,
        placeholderData: keepPreviousData,
        // the server has rendered the first page of everything already
        initialData: isEmpty(wanted) ? { pages: [newest], pageParams: [null] } : undefined,
      },
    ),
  );
  const records = query.data?.pages.flatMap((page) => page.records) ?? [];
  return (
    <div className="grid grid-cols-1 gap-3">
      <AuditFilter filter={filter} onChange={setFilter} />
      <p className="flex flex-wrap gap-x-4 gap-y-1 text-muted-foreground text-xs">
        <span className="grow">
          Numbers count the records of the whole installation: those of other projects are not shown here, so
          there are gaps. An id leads to what it names; a click on a name or an action shows only these.
        </span>
        <span className="flex gap-3">
          {(['csv', 'jsonl'] as const).map((format) => (
            <a
              key={format}
              href={downloadAddress(projectId, filter, format)}
              download
              className="text-primary hover:underline"
            >
              Download {format === 'csv' ? 'CSV' : 'JSON lines'}
            </a>
          ))}
        </span>
      </p>
      <CallError error={query.error} />
      {query.isSuccess && records.length === 0 && !query.hasNextPage ? (
        <EmptyState icon={ScrollTextIcon} title="No record matches">
          Take something out of the filter.
        </EmptyState>
      ) : query.isPending ? (
        <p className="py-8 text-center text-sm text-muted-foreground">Reading the log…</p>
      ) : (
        <Card aria-busy={query.isFetching}>
          <Table aria-label="Audit records">
            <TableHeader>
              <tr>
                <TableHead className="text-right max-sm:hidden">#</TableHead>
                <TableHead className="max-sm:hidden">When</TableHead>
                <TableHead className="max-sm:hidden">Who</TableHead>
                <TableHead>
                  <span className="sm:hidden">When, </span>Action
                  <span className="sm:hidden">, who, on what</span>
                </TableHead>
                <TableHead className="max-sm:hidden">Subject</TableHead>
                <TableHead>
                  <span className="max-sm:sr-only">Payload and hash</span>
                </TableHead>
              </tr>
            </TableHeader>
            <TableBody>
              {records.map((record) => (
                <Row
                  key={record.seq}
                  record={record}
                  slug={slug}
                  onPick={(part) => setFilter({ ...filter, ...part })}
                />
              ))}
            </TableBody>
          </Table>
        </Card>
      )}
      <ShowMore
        pages={query}
        label="Older records"
        className="justify-self-center"
        isShort={records.length < PAGE}
      />
    </div>
  );
}

/** The records that the filter shows, as a file. */
function downloadAddress(projectId: string, filter: Filter, format: 'csv' | 'jsonl'): string {
  const entries = Object.entries(filter).filter(([, value]) => value !== undefined);
  const params = new URLSearchParams({ project: projectId, format });
  for (const [name, value] of entries) params.set(name, String(value));
  return `/api/audit?${params}`;
}

type RowProps = { record: ListedRecord; slug: string; onPick: (part: Filter) => void };

function Row({ record, slug, onPick }: RowProps) {
  const { seq, at, actor, actorLabel, action, subject, payload, hash } = record;
  const [isOpen, setIsOpen] = useState(false);
  const pick = 'rounded-sm text-left hover:underline';
  const who = (
    <button
      type="button"
      className={`${pick} max-w-44 truncate align-bottom`}
      onClick={() => onPick({ actor })}
      title={`Show only what ${actorLabel} did`}
    >
      {actorLabel}
    </button>
  );
  const about = (
    <IdLink slug={slug} id={subject}>
      <span className="block max-w-52 truncate max-sm:max-w-64">{subject}</span>
    </IdLink>
  );
  return (
    <>
      <TableRow className={isOpen ? 'border-b-0' : undefined}>
        <TableCell className="text-right text-muted-foreground max-sm:hidden">{seq}</TableCell>
        <TableCell className="text-muted-foreground max-sm:hidden">
          <Time at={at} />
        </TableCell>
        <TableCell className="whitespace-nowrap max-sm:hidden">{who}</TableCell>
        <TableCell className="font-mono text-xs whitespace-nowrap">
          <span className="block pb-0.5 font-sans text-muted-foreground sm:hidden">
            <Time at={at} />, #{seq}
          </span>
          <button
            type="button"
            className={pick}
            onClick={() => onPick({ action })}
            title="Show only this action"
          >
            {action}
          </button>
          <span className="grid gap-0.5 pt-0.5 sm:hidden">
            <span className="font-sans">{who}</span>
            {about}
          </span>
        </TableCell>
        <TableCell className="font-mono text-xs max-sm:hidden">{about}</TableCell>
        <TableCell className="text-right font-mono text-xs max-sm:align-top">
          <button
            type="button"
            className="inline-flex items-center gap-1 rounded-sm text-muted-foreground hover:text-foreground"
            aria-expanded={isOpen}
            aria-label={`Payload and hash of record ${seq}`}
            onClick={() => setIsOpen(!isOpen)}
          >
            <ChevronRightIcon className={`size-3.5 max-sm:size-5 ${isOpen ? 'rotate-90' : ''}`} aria-hidden />
            <span className="max-sm:sr-only">{hash.slice(0, 12)}…</span>
          </button>
        </TableCell>
      </TableRow>
      {isOpen ? (
        <TableRow className="hover:bg-transparent">
          <TableCell colSpan={6} className="pt-0">
            <div className="rounded-md bg-muted p-3 font-mono text-xs max-sm:max-w-[calc(100vw-4rem)]">
              <p className="break-all">hash {hash}</p>
              <p className="mt-1 break-all">
                by <TextWithIds slug={slug} text={actor} />
              </p>
              <p className="mt-1 break-all">
                subject{' '}
                <button type="button" className={pick} onClick={() => onPick({ subject })}>
                  {subject} (show only this one)
                </button>
              </p>
              <pre className="mt-2 whitespace-pre-wrap break-words">
                <TextWithIds slug={slug} text={JSON.stringify(JSON.parse(payload), null, 2)} />
              </pre>
            </div>
          </TableCell>
        </TableRow>
      ) : null}
    </>
  );
}
