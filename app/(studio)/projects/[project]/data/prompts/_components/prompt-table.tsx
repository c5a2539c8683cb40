'use client';

import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { FileTextIcon } from 'lucide-react';
import Link from 'next/link';
import { useDeferredValue, useState } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Badge } from '@/app/_ui/badge.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { EmptyState } from '@/app/_ui/empty-state.tsx';
import { Input, Select } from '@/app/_ui/input.tsx';
import { Marked } from '@/app/_ui/marked.tsx';
import { ShowMore } from '@/app/_ui/show-more.tsx';
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/app/_ui/table.tsx';
import { PromptPanel } from './prompt-panel.tsx';

const PAGE = 50;

type Split = 'all' | 'train' | 'heldout';

/** Prompts with search; one opens beside the list with its responses. */
export function PromptTable({ projectId, slug }: { projectId: string; slug: string }) {
  const trpc = useTRPC();
  const [search, setSearch] = useState('');
  const [split, setSplit] = useState<Split>('all');
  const [detail, setDetail] = useState('');
  const [importId, setImportId] = useState('');
  const [openId, setOpenId] = useState<string | null>(null);
  const wanted = useDeferredValue(search.trim());
  const wantedDetail = useDeferredValue(detail.trim());
  const imports = useQuery(trpc.imports.list.queryOptions({ projectId }));
  const prompts = useInfiniteQuery(
    trpc.prompts.list.infiniteQueryOptions(
      {
        projectId,
        search: wanted,
        split: split === 'all' ? null : split,
        importId: importId === '' ? null : importId,
        ...detailFilter(wantedDetail),
        limit: PAGE,
      },
      { getNextPageParam: (page) => page.nextCursor, placeholderData: keepPreviousData },
    ),
  );
  const items = prompts.data?.pages.flatMap((page) => page.items) ?? [];
  const isFiltered = wanted !== '' || split !== 'all' || wantedDetail !== '' || importId !== '';
  return (
    <div className="grid gap-4">
      <search className="flex flex-wrap gap-3">
        <Input
          type="search"
          aria-label="Search in prompts"
          placeholder="Search in prompts"
          maxLength={200}
          className="max-w-sm"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
        <Select
          aria-label="Split"
          className="w-auto"
          value={split}
          onChange={(event) => setSplit(event.target.value as Split)}
        >
          <option value="all">train and held out</option>
          <option value="train">train</option>
          <option value="heldout">held out</option>
        </Select>
        <Input
          type="search"
          aria-label="Tag, or column=value"
          placeholder="Tag, or column=value"
          maxLength={500}
          className="max-w-56"
          value={detail}
          onChange={(event) => setDetail(event.target.value)}
        />
        <Select
          aria-label="Imported file"
          className="w-auto max-w-56"
          value={importId}
          onChange={(event) => setImportId(event.target.value)}
        >
          <option value="">from any file</option>
          {imports.data?.map((row) => (
            <option key={row.importId} value={row.importId}>
              {row.fileName}
            </option>
          ))}
        </Select>
      </search>
      <CallError error={prompts.error} />
      {prompts.isPending && <p className="text-muted-foreground">Loading prompts…</p>}
      {prompts.isSuccess && items.length === 0 && !prompts.hasNextPage && (
        <EmptyState
          icon={FileTextIcon}
          title={isFiltered ? 'No prompt matches' : 'No prompts yet'}
          action={
            isFiltered ? null : (
              <Button asChild variant="outline">
                <Link href={`/projects/${slug}/data`}>Go to imports</Link>
              </Button>
            )
          }
        >
          {isFiltered ? 'Try fewer words, or another split.' : 'They come with imported files.'}
        </EmptyState>
      )}
      {items.length > 0 && (
        <div className="rounded-lg border bg-card">
          <Table aria-label="Prompts">
            <TableHeader>
              <tr>
                <TableHead>Prompt</TableHead>
                <TableHead className="max-sm:hidden">Turns</TableHead>
                <TableHead className="max-sm:hidden">Responses</TableHead>
                <TableHead className="max-sm:hidden">Tasks</TableHead>
                <TableHead className="max-sm:hidden">Split</TableHead>
              </tr>
            </TableHeader>
            <TableBody>
              {items.map((prompt) => (
                <TableRow key={prompt.promptId}>
                  <TableCell>
                    <button
                      type="button"
                      onClick={() => setOpenId(prompt.promptId)}
                      className="line-clamp-2 max-w-[70ch] sm:min-w-56 break-words text-start underline-offset-2 hover:underline"
                      dir="auto"
                    >
                      <Marked text={prompt.excerpt} wanted={wanted} />
                    </button>
                    {prompt.foundInTurn !== null && prompt.numMessages > 1 && (
                      <span className="block text-muted-foreground text-xs">
                        found in turn {prompt.foundInTurn} of {prompt.numMessages}
                      </span>
                    )}
                    <span className="block text-muted-foreground text-xs sm:hidden">
                      {prompt.numMessages} turns, {prompt.numResponses} responses, {prompt.numTasks} tasks
                      {prompt.split === 'heldout' && ', held out'}
                    </span>
                    {prompt.tags.length > 0 && (
                      <span className="mt-1 flex flex-wrap gap-1">
                        {prompt.tags.slice(0, 5).map((tag) => (
                          <Badge key={tag}>{tag}</Badge>
                        ))}
                        {prompt.tags.length > 5 && (
                          <span className="text-muted-foreground text-xs">
                            and {prompt.tags.length - 5} more
                          </span>
                        )}
                      </span>
                    )}
                  </TableCell>
                  <TableCell className="tabular-nums max-sm:hidden">{prompt.numMessages}</TableCell>
                  <TableCell className="tabular-nums max-sm:hidden">{prompt.numResponses}</TableCell>
                  <TableCell className="tabular-nums max-sm:hidden">{prompt.numTasks}</TableCell>
                  <TableCell className="max-sm:hidden">
                    {prompt.split === 'heldout' ? (
                      <Badge tone="accent">held out</Badge>
                    ) : (
                      <Badge>train</Badge>
                    )}
                  </TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        </div>
      )}
      <ShowMore pages={prompts} isShort={items.length < PAGE} />
      <PromptPanel projectId={projectId} slug={slug} promptId={openId} onClose={() => setOpenId(null)} />
    </div>
  );
}

/** "name=value" asks for a column of the file, anything else for a tag. */
function detailFilter(text: string) {
  const at = text.indexOf('=');
  if (text === '') return {};
  if (at < 1) return { tag: text };
  return { metadata: { key: text.slice(0, at).trim(), value: text.slice(at + 1).trim() } };
}
