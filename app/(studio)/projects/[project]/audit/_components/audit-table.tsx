'use client';

import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { ChevronRightIcon, ScrollTextIcon } from 'lucide-react';
import { useDeferredValue, useState } from 'react';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { errorText } from '@/app/_trpc/error-text.ts';
import { Card } from '@/app/_ui/card.tsx';
import { EmptyState } from '@/app/_ui/empty-state.tsx';
import { FormError } from '@/app/_ui/field.tsx';
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
      <FormError>{query.error ? errorText(query.error) : null}</FormError>
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
                <TableHead className="text-right">#</TableHead>
                <TableHead>When</TableHead>
                <TableHead>Who</TableHead>
                <TableHead>Action</TableHead>
                <TableHead>Subject</TableHead>
                <TableHead>Payload and hash</TableHead>
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
  return (
    <>
      <TableRow className={isOpen ? 'border-b-0' : undefined}>
        <TableCell className="text-right text-muted-foreground">{seq}</TableCell>
        <TableCell className="text-muted-foreground">
          <Time at={at} />
        </TableCell>
        <TableCell className="whitespace-nowrap">
          <button
            type="button"
            className={pick}
            onClick={() => onPick({ actor })}
            title="Show only this actor"
          >
            {actorLabel}
          </button>
        </TableCell>
        <TableCell className="font-mono text-xs whitespace-nowrap">
          <button
            type="button"
            className={pick}
            onClick={() => onPick({ action })}
            title="Show only this action"
          >
            {action}
          </button>
        </TableCell>
        <TableCell className="font-mono text-xs">
          <IdLink slug={slug} id={subject}>
            <span className="block max-w-52 truncate">{subject}</span>
          </IdLink>
        </TableCell>
        <TableCell className="font-mono text-xs">
          <button
            type="button"
            className="inline-flex items-center gap-1 rounded-sm text-muted-foreground hover:text-foreground"
            aria-expanded={isOpen}
            aria-label={`Payload and hash of record ${seq}`}
            onClick={() => setIsOpen(!isOpen)}
          >
            <ChevronRightIcon className={isOpen ? 'size-3.5 rotate-90' : 'size-3.5'} aria-hidden />
            {hash.slice(0, 12)}…
          </button>
        </TableCell>
      </TableRow>
      {isOpen ? (
        <TableRow className="hover:bg-transparent">
          <TableCell colSpan={6} className="pt-0">
            <div className="rounded-md bg-muted p-3 font-mono text-xs">
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
